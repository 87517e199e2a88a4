import { type FileHandle, mkdir, open, readdir, realpath, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../user-error.js';
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
    temporary = join(folder, `.${basename(target.path)}.${process.pid}-${written++}.unetc-tmp`);
    await write(temporary, 'wx', chunks, true);
    await rename(temporary, target.path);
    temporary = undefined;
    await syncFolder(folder);
  } catch (error) {
    if (temporary !== undefined) await rm(temporary, { force: true }).catch(() => undefined);
    throw fileFailure('write', file, error);
  }
}

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
  const handle: FileHandle = await open(path, flags);
  try {
    for await (const chunk of chunks) await handle.writeFile(chunk);
    if (sync) await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A renamed file is durable once its folder is; some systems can't sync a folder, and lose no more than the rename. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    await handle.sync().finally(() => handle.close());
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
    if (found?.isFile() && Date.now() - found.mtimeMs > abandonedAfter)
      await rm(path, { force: true }).catch(() => undefined);
  }
}
