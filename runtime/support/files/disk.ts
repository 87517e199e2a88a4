import {
  mkdtempSync as makeTemporary,
  rmSync as removeNow,
  unlinkSync as unlinkNow,
  writeFileSync as writeNow,
} from 'node:fs';
import * as fs from 'node:fs/promises';

/**
 * Every change that unetc makes to a file system, and the only file that imports Node's functions for it
 * (`test/structure.test.ts`). So that tests can have the disk fail at each of them (`withFaults`), and that none is used which
 * never returns: there is no recursive `mkdir` (see `makeFolder`).
 */

/** A change about to be made. */
export interface Change {
  readonly kind: 'mkdir' | 'open' | 'write' | 'sync' | 'rename' | 'remove' | 'link' | 'mode' | 'truncate';
  readonly path: string;
  /** Of a write. */
  readonly bytes?: number;
}

/** Throws what the system would; of a write it may instead return how many bytes still fit, before the disk is full. */
export type Fault = (change: Change) => number | undefined;

let fault: Fault | undefined;

/** For tests: `work`, on a disk that fails as told. One at a time. */
export async function withFaults<T>(told: Fault, work: () => Promise<T>): Promise<T> {
  fault = told;
  try {
    return await work();
  } finally {
    fault = undefined;
  }
}

const about = (kind: Change['kind'], path: string): void => void fault?.({ kind, path });

/** A folder in one that is there. */
export async function mkdir(path: string): Promise<void> {
  about('mkdir', path);
  await fs.mkdir(path);
}

export async function rename(from: string, to: string): Promise<void> {
  about('rename', to);
  await fs.rename(from, to);
}

/** Gives a file a second name, which nothing may have. */
export async function link(from: string, to: string): Promise<void> {
  about('link', to);
  await fs.link(from, to);
}

/** Removes a file, or a folder with all in it; nothing there is fine. */
export async function remove(path: string): Promise<void> {
  about('remove', path);
  await fs.rm(path, { recursive: true, force: true });
}

/** Removes an empty folder. */
export async function rmdir(path: string): Promise<void> {
  about('remove', path);
  await fs.rmdir(path);
}

/** A file open for writing. */
export interface Output {
  write(chunk: string | Uint8Array): Promise<void>;
  /** The bytes are on the disk, not only on their way. */
  sync(): Promise<void>;
  truncate(length: number): Promise<void>;
  /** May be executed. */
  makeExecutable(): Promise<void>;
  /** When it was changed last, in whole seconds since 1970. */
  modified(): Promise<number>;
  close(): Promise<void>;
}

/** @param flags `wx`: must not exist; `w`: is emptied; `a`: written behind what is there; `a+`: and may be read */
export async function open(path: string, flags: 'w' | 'wx' | 'a' | 'a+'): Promise<Output> {
  about('open', path);
  const handle = await fs.open(path, flags);
  return {
    async write(chunk) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      const fit = fault?.({ kind: 'write', path, bytes: bytes.length });
      if (fit !== undefined && fit < bytes.length) {
        await handle.writeFile(bytes.subarray(0, fit));
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      }
      await handle.writeFile(bytes);
    },
    async sync() {
      about('sync', path);
      await handle.sync();
    },
    async truncate(length) {
      about('truncate', path);
      await handle.truncate(length);
    },
    async makeExecutable() {
      about('mode', path);
      await handle.chmod(0o755);
    },
    modified: async () => Math.floor((await handle.stat()).mtimeMs / 1000),
    close: () => handle.close(),
  };
}

/** Syncs a folder: a renamed file is durable once its folder is. */
export async function syncFolder(path: string): Promise<void> {
  about('sync', path);
  const handle = await fs.open(path, 'r');
  await handle.sync().finally(() => handle.close());
}

/** Sets when a file was changed last, in seconds since 1970. */
export async function setModified(path: string, seconds: number): Promise<void> {
  about('mode', path);
  await fs.utimes(path, seconds, seconds);
}

/** For the end of the process, when nothing can be awaited any more. */
export const unlinkSync = (path: string): void => unlinkNow(path);

/** A file of that name and text in a folder of its own for as long as `use` takes, which can't wait. */
export function withTemporaryFile<T>(prefix: string, name: string, text: string, use: (file: string) => T): T {
  about('mkdir', prefix);
  const folder = makeTemporary(prefix);
  try {
    const file = `${folder}/${name}`;
    writeNow(file, text, { flag: 'wx' });
    return use(file);
  } finally {
    removeNow(folder, { recursive: true, force: true });
  }
}
