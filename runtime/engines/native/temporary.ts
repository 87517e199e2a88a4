import { readdir, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { remove, rename } from '../../support/files/disk.js';

/**
 * Unfinished work in a folder that several processes share. A name says whose it is:
 *
 *   .FILE.HOST-PID-N.unetc-part    being written by that process
 *   .FILE.unetc-part               left behind in good order: whoever renames it first goes on with it
 *
 * so that two installs never write one file, and a download that was stopped is gone on with. What a killed process left
 * is taken over as well, once that process is gone and the file has been still for a while.
 */
const suffix = '.unetc-part';
const second = 1000;
/** Guards against a process of another machine or container that has this one's name. */
const still = 10 * second;
const stale = 7 * 24 * 3600 * second;

const host = hostname().replace(/\W/g, '_') || 'host';
const active = new Set<string>();
let made = 0;

export const isTemporary = (name: string): boolean => name.startsWith('.') && name.endsWith(suffix);

/** A name for work on `file` that no other process, and no other work of this one, uses. */
export function claim(folder: string, file: string): string {
  const name = `.${file}.${host}-${process.pid}-${made++}${suffix}`;
  active.add(name);
  return join(folder, name);
}

/** `claim`, and what an earlier, unfinished download of `file` left is now there. */
export async function takeOver(folder: string, file: string): Promise<string> {
  const path = claim(folder, file);
  const left = (await abandoned(folder, still)).filter((name) => name.startsWith(`.${file}.`));
  for (const name of [`.${file}${suffix}`, ...left]) {
    try {
      await rename(join(folder, name), path);
      break;
    } catch {
      // None there, or another process was quicker.
    }
  }
  return path;
}

/** Leaves the work, if any of it is done, for a later `takeOver`. */
export async function leave(folder: string, file: string, path: string): Promise<void> {
  if ((await stat(path).catch(() => undefined))?.size === 0) return discard(path);
  await rename(path, join(folder, `.${file}${suffix}`)).catch(() => undefined);
  release(path);
}

/** Removes the work, a file or a folder. */
export async function discard(path: string): Promise<void> {
  await remove(path).catch(() => undefined);
  release(path);
}

/** The path has got its final name, or is gone. */
export const release = (path: string): void => void active.delete(basename(path));

/** Removes what can't be gone on with: folders of processes that are gone, and anything still for a week. */
export async function clean(folder: string): Promise<void> {
  const folders = await abandoned(folder, still, true);
  for (const name of [...folders, ...(await abandoned(folder, stale))]) {
    await remove(join(folder, name)).catch(() => undefined);
  }
}

async function abandoned(folder: string, after: number, folders = false): Promise<string[]> {
  const names: string[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const owner = /\.(\w+)-(\d+)-\d+\.unetc-part$/.exec(name);
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (!owner || !found || active.has(name) || (folders && !found.isDirectory())) continue;
    const gone = owner[1] === host && !isRunning(Number(owner[2]));
    if (Date.now() - found.mtimeMs > (gone ? after : stale)) names.push(name);
  }
  return names;
}

/** This process's own names that are not active were left by work that failed. */
function isRunning(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
