import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { UserError } from '../../../compiler/user-error.js';
import { makeFolder, writeAtomic } from './atomic.js';

/** Whether a path, taken as it is written, lies below a folder and is not the folder itself. */
export function isBelow(folder: string, path: string): boolean {
  const way = relative(resolve(folder), resolve(path));
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** The file a path leads to, through links; for one that does not exist yet, through those of its folder. */
export async function realFile(file: string): Promise<string> {
  const path = resolve(file);
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(await realFile(parent), basename(path));
  }
}

/**
 * Writes one of the files of an output folder, which is made, with what is between, if it does not exist.
 * @throws UserError if the file would not lie below the folder, through a link too; and as `writeAtomic`
 */
export async function writeBelow(folder: string, file: string, content: Uint8Array): Promise<void> {
  const target = await realFile(file);
  if (!isBelow(folder, file) || !isBelow(await realFile(folder), target)) {
    throw new UserError(
      'file-outside',
      `can't write ${file}: it leads to ${target}, which is not below ${folder}`,
      'name an output folder without links to others',
    );
  }
  await makeFolder(dirname(file));
  await writeAtomic(file, content);
}
