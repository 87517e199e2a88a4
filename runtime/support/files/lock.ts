import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { UserError } from '../../../compiler/user-error.js';
import { type Liveness, livenessOf, type ProcessIdentity, thisProcess } from '../process-identity.js';
import { writeBeside, writeNew } from './atomic.js';
import { remove, rename, unlinkSync } from './disk.js';
import { failedWith, fileFailure } from './failure.js';

/**
 * A lock file: while it is there, one process works on what lies beside it. It says which process, so that one that was
 * killed does not lock anything for good.
 *
 * It is written whole under another name and then linked to its own, which succeeds for one process only. A lock whose
 * process is gone may be replaced only by the holder of a second lock, which is named by the first one's random id, and
 * only if the first still has that id then: so of several that find it, one replaces it, and none replaces the new one.
 * The second lock is a lock as well, for a process that ends between the two.
 */
export interface Lock {
  /** The process whose lock was taken over, if one was. */
  readonly before?: LockOwner;
  /** Removes the file. Does nothing the second time. */
  release(): Promise<void>;
}

export interface LockOwner extends ProcessIdentity {
  /** Random; names this taking of the lock. */
  readonly id: string;
  /** What the process does, for people: `training`. */
  readonly work: string;
  /** When it took the lock, ISO 8601. */
  readonly since: string;
}

export interface LockOptions {
  /** What it is taken for, for people: `training`. */
  readonly work: string;
  /** What must not be worked on twice, for people: `runs/a`. */
  readonly subject: string;
  /** What the person may do instead of waiting: `choose another folder with --out`. */
  readonly otherwise?: string;
}

/** Another process has the lock. */
export class LockHeld extends UserError {
  constructor(
    readonly file: string,
    readonly owner: LockOwner,
    readonly liveness: Liveness,
    { subject, otherwise }: LockOptions,
  ) {
    const here = liveness === 'alive';
    const unseen = here ? '' : ', and whether it still runs can not be seen from here';
    super(
      'locked',
      `${subject} is in use: ${owner.work} by process ${owner.pid} on ${here ? 'this machine' : owner.host}, ${ageOf(owner)}${unseen}`,
      here
        ? `wait until it has ended${otherwise ? `, or ${otherwise}` : ''}`
        : `if it has ended, remove ${file}${otherwise ? `; or ${otherwise}` : ''}`,
    );
  }
}

const attempts = 20;
/** Milliseconds between attempts where the holder is about to change. */
const turn = 25;

/**
 * Takes a lock, at once or not at all.
 * @param file in a folder that exists
 * @throws LockHeld if another process, or another piece of work of this one, has it; UserError if it can't be written
 */
export async function acquireLock(file: string, options: LockOptions): Promise<Lock> {
  try {
    return await acquire(file, options, 0);
  } catch (error) {
    throw fileFailure('write', file, error);
  }
}

/**
 * Takes a lock, after the process that has it if need be.
 * @param onWait called once, before waiting
 * @throws as `acquireLock`, for a process that can't be seen from here; what `signal` throws
 */
export async function awaitLock(
  file: string,
  options: LockOptions,
  { onWait, signal }: { readonly onWait?: (owner: LockOwner) => void; readonly signal?: AbortSignal } = {},
): Promise<Lock> {
  for (let waited = false; ; waited = true) {
    signal?.throwIfAborted();
    try {
      return await acquireLock(file, options);
    } catch (error) {
      if (!(error instanceof LockHeld) || error.liveness !== 'alive') throw error;
      if (!waited) onWait?.(error.owner);
    }
    await pause(200, undefined, { signal });
  }
}

/** Takes over a lock of a process that is gone only this deep: each level is a process that ended while it did so. */
const deepest = 4;

async function acquire(file: string, options: LockOptions, depth: number): Promise<Lock> {
  const owner: LockOwner = {
    id: randomUUID(),
    work: options.work,
    since: new Date().toISOString(),
    ...(await thisProcess()),
  };
  for (let attempt = 0; ; attempt++) {
    if (await writeNew(file, textOf(owner))) return held(file, owner);
    const found = await readOwner(file);
    if (found === 'none') continue;
    if (found === 'unreadable') {
      if (attempt < attempts) {
        await pause(turn);
        continue;
      }
      throw damaged(file, options);
    }
    const liveness = left.has(found.id) ? 'gone' : await livenessOf(found);
    if (liveness !== 'gone') throw new LockHeld(file, found, liveness, options);
    if (depth === deepest) throw damaged(file, options);
    if (await replace(file, found, owner, options, depth)) return held(file, owner, found);
    if (attempt >= attempts) throw new LockHeld(file, found, 'unknown', options);
    await pause(turn * (1 + Math.random()));
  }
}

/** Puts a new lock in the place of one whose process is gone; false if another process is about to, or did. */
async function replace(
  file: string,
  old: LockOwner,
  owner: LockOwner,
  options: LockOptions,
  depth: number,
): Promise<boolean> {
  let right: Lock;
  try {
    right = await acquire(`${file}.${old.id}`, options, depth + 1);
  } catch (error) {
    if (error instanceof LockHeld) return false;
    throw error;
  }
  try {
    const now = await readOwner(file);
    if (typeof now === 'string' || now.id !== old.id) return false;
    const temporary = await writeBeside(file, textOf(owner));
    try {
      await rename(temporary, file);
    } catch (error) {
      await remove(temporary);
      throw error;
    }
    return true;
  } finally {
    await right.release();
  }
}

const textOf = (owner: LockOwner): string => `${JSON.stringify(owner, null, 2)}\n`;

/** A lock file is some hundred bytes; what is larger is none. */
const largest = 65_536;

async function readOwner(file: string): Promise<LockOwner | 'none' | 'unreadable'> {
  try {
    const { size } = await stat(file);
    if (size > largest) return 'unreadable';
    return ownerOf(await readFile(file, 'utf8')) ?? 'unreadable';
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return 'none';
    throw error;
  }
}

function ownerOf(text: string): LockOwner | undefined {
  let found: Partial<LockOwner> | null;
  try {
    found = JSON.parse(text) as Partial<LockOwner> | null;
  } catch {
    return undefined;
  }
  if (typeof found !== 'object' || found === null) return undefined;
  const { id, work, since, pid, started, host, system, machine } = found;
  const isText = (value: unknown): value is string => typeof value === 'string' && /^[^\p{Cc}]{1,200}$/u.test(value);
  const isNumber = typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0 && pid < 2 ** 31;
  // The id becomes part of a file's name.
  if (!isText(id) || !/^[\da-f-]{36}$/.test(id) || !isNumber) return undefined;
  if (!isText(work) || !isText(since) || !isText(host) || !isText(system)) return undefined;
  const textOrNull = (value: unknown): string | null => (isText(value) ? value : null);
  return { id, work, since, pid, host, system, started: textOrNull(started), machine: textOrNull(machine) };
}

const damaged = (file: string, { subject }: LockOptions): UserError =>
  new UserError(
    'lock-corrupt',
    `${subject} may be in use: ${file} is there, and does not say by which process`,
    `if none works on it, remove ${file}`,
  );

/** Locks of this process, to be removed however it ends. */
const mine = new Map<string, string>();

/** Locks of this process that could not be removed: they hold nothing. */
const left = new Set<string>();

function held(file: string, { id }: LockOwner, before?: LockOwner): Lock {
  if (mine.size === 0) process.on('exit', removeAll);
  mine.set(file, id);
  return {
    ...(before ? { before } : {}),
    async release() {
      if (mine.get(file) !== id) return;
      mine.delete(file);
      if (mine.size === 0) process.off('exit', removeAll);
      const now = await readOwner(file).catch(() => 'none' as const);
      if (typeof now !== 'string' && now.id === id) await remove(file).catch(() => void left.add(id));
    },
  };
}

function removeAll(): void {
  for (const [file, id] of mine) {
    try {
      if (ownerOf(readFileSync(file, 'utf8'))?.id === id) unlinkSync(file);
    } catch {
      // Gone already, or out of reach: the next process sees that this one is gone.
    }
  }
}

/** `since 2026-01-31 12:00 UTC (3 min ago)`; without the second where clocks disagree. */
export function ageOf({ since }: Pick<LockOwner, 'since'>, now: number = Date.now()): string {
  const at = Date.parse(since);
  if (!Number.isFinite(at)) return 'since an unknown time';
  const minutes = Math.floor((now - at) / 60_000);
  const date = new Date(at).toISOString().slice(0, 16).replace('T', ' ');
  const ago =
    minutes < 0
      ? ''
      : minutes < 120
        ? ` (${minutes} min ago)`
        : minutes < 2880
          ? ` (${Math.floor(minutes / 60)} h ago)`
          : ` (${Math.floor(minutes / 1440)} days ago)`;
  return `since ${date} UTC${ago}`;
}
