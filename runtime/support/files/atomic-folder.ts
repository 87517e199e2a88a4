import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { someOf, UserError } from '../../../compiler/user-error.js';
import { writeAtomic } from './atomic.js';
import { mkdir, remove, rename, rmdir } from './disk.js';
import { failedWith, fileFailure } from './failure.js';
import { safeFileName } from './safe-name.js';

let written = 0;

/**
 * Writes a whole folder of files, or leaves what was there: the files go to a temporary folder beside it, are synced to
 * the disk, and only then does that folder take the name. One that is there already is replaced if it is empty or holds
 * nothing but what an earlier writer of the same kind left, as `ours` tells by name; it is moved aside for the moment
 * between two renames, so a machine that loses power then keeps both under temporary names.
 *
 * @throws UserError naming the path and the reason: a file in the way, other files in the folder, a full disk, …
 */
export async function writeFolderAtomic(
  folder: string,
  files: ReadonlyMap<string, Uint8Array>,
  ours: (name: string) => boolean,
): Promise<void> {
  for (const name of files.keys()) {
    if (safeFileName(name) === name) continue;
    const why = name.length > 200 ? 'the name is too long' : 'it is no name of a file';
    throw new UserError('file-name', `can't write ${JSON.stringify(name.slice(0, 80))} into ${folder}: ${why}`);
  }
  let temporary: string | undefined;
  try {
    const found = await existing(folder, ours);
    const target = found?.path ?? folder;
    const aside = join(dirname(target), `.${basename(target)}.${process.pid}-${written++}`);
    await removeAbandoned(dirname(target));
    temporary = `${aside}.unetc-tmp`;
    await mkdir(temporary);
    for (const [name, bytes] of files) await writeAtomic(join(temporary, name), bytes);
    if (found?.empty) await rmdir(target);
    else if (found) await rename(target, `${aside}-old.unetc-tmp`);
    await rename(temporary, target);
    temporary = undefined;
    if (found && !found.empty) await remove(`${aside}-old.unetc-tmp`);
  } catch (error) {
    if (temporary !== undefined) await remove(temporary).catch(() => undefined);
    throw fileFailure('write', folder, error);
  }
}

/** What is at the path, links followed; undefined if nothing, an error if it must stay. */
async function existing(
  folder: string,
  ours: (name: string) => boolean,
): Promise<{ readonly path: string; readonly empty: boolean } | undefined> {
  let path: string;
  try {
    path = await realpath(folder);
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return undefined;
    throw error;
  }
  if (!(await stat(path)).isDirectory()) {
    throw new UserError(
      'folder-write',
      `can't write ${folder}: a file of that name is in the way`,
      'name a new folder',
    );
  }
  const names = await readdir(path);
  const foreign = names.filter((name) => !ours(name)).sort();
  if (foreign.length > 0) {
    throw new UserError(
      'folder-write',
      `can't write ${folder}: it holds other files (${someOf(foreign)})`,
      'name a folder that does not exist yet',
    );
  }
  if (path === process.cwd()) {
    throw new UserError(
      'folder-write',
      `can't write ${folder}: it is the folder you are in`,
      'name a new folder in it',
    );
  }
  return { path, empty: names.length === 0 };
}

const abandonedAfter = 60 * 60 * 1000;

/** Removes what killed writers left there: our temporary folders not touched for an hour. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const entry of await readdir(folder).catch(() => [])) {
    if (!/^\..+\.\d+-\d+(-old)?\.unetc-tmp$/.test(entry)) continue;
    const path = join(folder, entry);
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory() && Date.now() - found.mtimeMs > abandonedAfter) await remove(path).catch(() => undefined);
  }
}
