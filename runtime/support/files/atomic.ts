import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../../../compiler/user-error.js';
import { link, mkdir, open, remove, rename, rmdir, syncFolder as syncFolderNow } from './disk.js';
import { failedWith, fileFailure } from './failure.js';

let written = 0;

/**
 * Writes a whole file, or leaves what was there: the bytes go to a temporary file in the same folder, are synced to the
 * disk, and only then take the name. A reader, or a machine that loses power, sees the old file or the new, never half.
 *
 * @param content text, bytes, or chunks of bytes written one after another (a large checkpoint is never copied)
 * @throws UserError naming the path and the reason when the disk is full, the folder is missing or read-only, …
 */
export async function writeAtomic(
  file: string,
  content: string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const chunks = typeof content === 'string' || content instanceof Uint8Array ? [content] : content;
  let temporary: string | undefined;
  try {
    const target = await destination(file);
    if (target.direct) return await write(target.path, 'w', chunks, false);
    const folder = dirname(target.path);
    await removeAbandoned(folder);
    temporary = temporaryName(target.path);
    await write(temporary, 'wx', chunks, true);
    await rename(temporary, target.path);
    temporary = undefined;
    await syncFolder(folder);
  } catch (error) {
    if (temporary !== undefined) await remove(temporary).catch(() => undefined);
    throw fileFailure('write', file, error);
  }
}

/**
 * Writes a file where there is none, whole or not at all, for one caller only.
 * @returns whether it did: false where a file of that name is there
 * @throws what the system says otherwise
 */
export async function writeNew(file: string, text: string): Promise<boolean> {
  const temporary = await writeBeside(file, text);
  try {
    // A second name for it, which fails if there is such a name: `rename` would replace it.
    await link(temporary, file);
    return true;
  } catch (error) {
    if (failedWith(error, 'EEXIST')) return false;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].some((code) => failedWith(error, code))) throw error;
  } finally {
    await remove(temporary);
  }
  // FAT and some network file systems have no links: the name is still given once, and is filled a moment later.
  try {
    await writeOrRemove(file, text);
    return true;
  } catch (error) {
    if (failedWith(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Writes text under a temporary name beside a file, synced, to be renamed; returns that name. @throws what the system says */
export async function writeBeside(file: string, text: string): Promise<string> {
  const path = temporaryName(file);
  await writeOrRemove(path, text);
  return path;
}

async function writeOrRemove(path: string, text: string): Promise<void> {
  try {
    await write(path, 'wx', [text], true);
  } catch (error) {
    if (!failedWith(error, 'EEXIST')) await remove(path).catch(() => undefined);
    throw error;
  }
}

/** By which `removeAbandoned` knows later what a killed process left. */
const temporaryName = (file: string): string =>
  join(dirname(file), `.${basename(file)}.${process.pid}-${written++}.unetc-tmp`);

/**
 * Makes a folder and those above it; one that exists is fine.
 * @returns the folders that this call made, outermost first
 */
export async function makeFolder(folder: string): Promise<string[]> {
  try {
    return await makeFolders(folder);
  } catch (error) {
    if (failedWith(error, 'ENOENT')) {
      throw new UserError(
        'file-create',
        `can't create ${folder}: no folder can be created there`,
        'choose another place',
        { cause: error },
      );
    }
    throw fileFailure('create', folder, error);
  }
}

/** Removes folders that `makeFolder` made, as far as they are still empty. */
export async function removeEmptyFolders(made: readonly string[]): Promise<void> {
  for (const folder of made.toReversed()) await rmdir(folder).catch(() => undefined);
}

/**
 * Not Node's recursive `mkdir`, which never returns where a folder is there and still none can be made in it for want of a
 * "file or folder" (in /proc, say): it makes the one above again and again.
 */
async function makeFolders(folder: string): Promise<string[]> {
  try {
    await mkdir(folder);
    return [folder];
  } catch (error) {
    if (failedWith(error, 'ENOENT') && dirname(folder) !== folder) {
      const made = await makeFolders(dirname(folder));
      // Once more, and no third time.
      await mkdir(folder).catch((again) => unlessFolder(folder, again));
      return [...made, folder];
    }
    await unlessFolder(folder, error);
    return [];
  }
}

/** Nothing if the folder is there: that is why it could not be made. */
async function unlessFolder(folder: string, error: unknown): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory()) return;
  if (found) {
    throw new UserError(
      'file-create',
      `can't create ${folder}: a file of that name is in the way`,
      'choose another name',
    );
  }
  throw error;
}

/** A link is followed, so that it stays one; a device or a pipe can't be renamed over and is written to as it is. */
async function destination(file: string): Promise<{ path: string; direct: boolean }> {
  try {
    const path = await realpath(file);
    const found = await stat(path);
    if (found.isDirectory())
      throw new UserError('file-write', `can't write ${file}: it is a folder`, 'name a file in it');
    return { path, direct: !found.isFile() };
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return { path: file, direct: false };
    throw error;
  }
}

async function write(
  path: string,
  flags: 'w' | 'wx',
  chunks: Iterable<string | Uint8Array> | AsyncIterable<Uint8Array>,
  sync: boolean,
): Promise<void> {
  const output = await open(path, flags);
  try {
    for await (const chunk of chunks) await output.write(chunk);
    if (sync) await output.sync();
  } finally {
    await output.close();
  }
}

/** A renamed file is durable once its folder is; some systems can't sync a folder, and lose no more than the rename. */
async function syncFolder(folder: string): Promise<void> {
  try {
    await syncFolderNow(folder);
  } catch {
    // Nothing to do: the content itself is safe.
  }
}

const cleaned = new Set<string>();
const abandonedAfter = 60 * 60 * 1000;

/** Removes, once a process and folder, what killed writers left there: our temporary files not touched for an hour. */
async function removeAbandoned(folder: string): Promise<void> {
  if (cleaned.has(folder)) return;
  cleaned.add(folder);
  for (const entry of await readdir(folder).catch(() => [])) {
    if (!/^\..+\.\d+-\d+\.unetc-tmp$/.test(entry)) continue;
    const path = join(folder, entry);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() && Date.now() - found.mtimeMs > abandonedAfter) await remove(path).catch(() => undefined);
  }
}
