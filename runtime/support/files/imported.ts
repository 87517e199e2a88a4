import { closeSync, constants, fstatSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { Refused, Resolve } from '../../../compiler/index.js';
import { failedWith } from './failure.js';

/** In bytes; more than the compiler reads of a text, in any encoding of it. */
export const largestSpec = 1024 * 1024;

/** Where a path that a spec imports is on this machine; null for the standard library's. */
export function placeOf(spec: string, path: string): string | null {
  if (path.startsWith('std:')) return null;
  return isAbsolute(path) ? path : join(dirname(spec), path);
}

export interface ImportOptions {
  /** Folders beside the spec's own that files may be imported from. */
  readonly roots?: readonly string[];
  /** The text of a file that an editor has open, instead of what is saved. */
  readonly open?: (place: string) => string | undefined;
}

/**
 * Gives the compiler the files that a spec imports: regular text files of at most `largestSpec` bytes, in the spec's folder or one of
 * `roots`, or below. Symbolic links are followed first, so none leads elsewhere. A spec may come from anyone: nothing else is opened,
 * so no device or pipe is waited for, and no text of another file ends up in a message. Never throws.
 */
export function importsOf(spec: string, { roots = [], open }: ImportOptions = {}): Resolve {
  const folders = [dirname(spec), ...roots].map((folder) => resolve(folder));
  return (path) => {
    const place = placeOf(spec, path);
    if (place === null) return null;
    if (place.includes('\0')) return null;
    // Before the file system is asked: what lies elsewhere is not even looked for.
    if (!folders.some((folder) => holds(folder, resolve(place)))) return { refused: 'outside' };
    const text = open?.(place);
    return text ?? readWithin(place, folders);
  };
}

function readWithin(place: string, folders: readonly string[]): string | Refused | null {
  try {
    const real = realpathSync(place);
    if (!folders.some((folder) => holds(realOf(folder), real))) return { refused: 'outside' };
    if (!statSync(real).isFile()) return { refused: 'special' };
    const bytes = readRegular(real);
    return typeof bytes === 'object' && 'refused' in bytes ? bytes : textOf(bytes);
  } catch (error) {
    if (failedWith(error, 'ENOENT') || failedWith(error, 'ENOTDIR')) return null;
    return { refused: 'unreadable' };
  }
}

const realOf = (folder: string): string => {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
};

const textOf = (bytes: Buffer): string | Refused => {
  const text = bytes.toString('utf8');
  return text.includes('\0') ? { refused: 'binary' } : text;
};

function readRegular(real: string): Buffer | Refused {
  // Asked once more of what was opened: it may have been replaced. Opening a pipe would wait for its writer.
  const file = openSync(real, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0));
  try {
    if (!fstatSync(file).isFile()) return { refused: 'special' };
    return readUpTo(file, largestSpec) ?? { refused: 'large' };
  } finally {
    closeSync(file);
  }
}

/** All of a file, or null if that is more than `most` bytes; its own size says little (files of /proc have none). */
function readUpTo(file: number, most: number): Buffer | null {
  const parts: Buffer[] = [];
  for (let length = 0; ; ) {
    const part = Buffer.alloc(64 * 1024);
    const read = readSync(file, part, 0, part.length, null);
    if (read === 0) return Buffer.concat(parts);
    length += read;
    if (length > most) return null;
    parts.push(part.subarray(0, read));
  }
}

/** Whether `path` is `folder` or lies below it; both absolute. */
function holds(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
