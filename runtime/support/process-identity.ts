import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

/** Which process on which system: enough to tell later whether it still runs. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the system's own terms: a number that is given out again later has another. Null where unknown. */
  readonly started: string | null;
  /** The machine's name, for people. */
  readonly host: string;
  /** The running system in which `pid` means something: one boot of one machine, one container. */
  readonly system: string;
  /** The machine across boots, hashed; null where it has no identifier of its own (containers, mostly). */
  readonly machine: string | null;
}

export type Liveness =
  /** It runs. */
  | 'alive'
  /** It has ended, or its machine was started anew. */
  | 'gone'
  /** It is of another machine or container, into which this one can't see. */
  | 'unknown';

let known: Promise<ProcessIdentity> | undefined;

export function thisProcess(): Promise<ProcessIdentity> {
  known ??= identify();
  return known;
}

async function identify(): Promise<ProcessIdentity> {
  const host = hostname();
  const id = await text('/etc/machine-id');
  // The identifier itself is not to be shown to others (machine-id(5)).
  const machine = id ? createHash('sha256').update(`unetc ${id} ${host}`).digest('hex').slice(0, 16) : null;
  const boot = await text('/proc/sys/kernel/random/boot_id');
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '');
  const system = boot ? `${boot} ${namespace}` : host;
  return { pid: process.pid, started: await startOf(process.pid), host, system, machine };
}

/** Whether the process still runs, as far as it can be seen from here. */
export async function livenessOf(other: ProcessIdentity): Promise<Liveness> {
  const { system, machine } = await thisProcess();
  if (other.system !== system)
    return machine !== null && other.machine === machine ? bootedSince(other, system) : 'unknown';
  if (!isRunning(other.pid)) return 'gone';
  const started = await startOf(other.pid);
  if (started === null || other.started === null) return 'alive';
  return started === other.started ? 'alive' : 'gone';
}

/** Of one machine: another boot, or another container in the same boot. */
const bootedSince = (other: ProcessIdentity, system: string): Liveness =>
  other.system.split(' ')[0] === system.split(' ')[0] ? 'unknown' : 'gone';

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** On Linux ticks since boot, elsewhere the date that `ps` prints; null if there is no such process, or no way to ask. */
async function startOf(pid: number): Promise<string | null> {
  if (process.platform === 'linux') {
    const stat = await text(`/proc/${pid}/stat`);
    // The second field, a name in parentheses, may hold spaces and parentheses.
    const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A process that has ended and was not waited for yet does nothing any more.
    if (fields?.[0] === 'Z' || fields?.[0] === 'X') return 'ended';
    return fields?.[19] ?? null;
  }
  if (process.platform === 'win32') return null;
  return new Promise((resolve) =>
    execFile('/bin/ps', ['-o', 'lstart=', '-p', String(pid)], { env: { LC_ALL: 'C' } }, (_, out) =>
      resolve(String(out).trim() || null),
    ),
  );
}

const text = (file: string): Promise<string | undefined> =>
  readFile(file, 'utf8').then(
    (found) => found.trim() || undefined,
    () => undefined,
  );
