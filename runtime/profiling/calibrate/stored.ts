import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import type { DeviceProfile } from '../../../compiler/4-schedule/time/index.js';
import { cacheFolder } from '../../engines/native/cache.js';
import { readCpu } from '../../support/cpu.js';
import { makeFolder, writeAtomic } from '../../support/files/atomic.js';
import { acquireLock, type Lock } from '../../support/files/lock.js';
import { version } from '../../support/version.js';

/** The machine that was measured, and what measured it: of another, nothing follows for this one. */
export interface Machine {
  readonly unetc: string;
  readonly cpu: string;
  readonly cores: number;
}

/** What is known of this machine, or why nothing is, and what to do. */
export type Calibration =
  | { readonly profiles: readonly DeviceProfile[] }
  | { readonly missing: string; readonly remedy: string };

export const calibrationFile = (env?: NodeJS.ProcessEnv): string => join(cacheFolder(env), 'calibration.json');

export async function thisMachine(): Promise<Machine> {
  return { unetc: version(), cpu: (await readCpu()).model, cores: availableParallelism() };
}

/** Replaces what was stored. @throws UserError if the cache folder can't be written to */
export async function storeCalibration(
  profiles: readonly DeviceProfile[],
  machine: Machine,
  file: string = calibrationFile(),
): Promise<void> {
  await makeFolder(join(file, '..'));
  await writeAtomic(file, `${JSON.stringify({ machine, profiles }, null, 2)}\n`);
}

/** Two calibrations at once would measure each other. @throws LockHeld while another one runs */
export async function lockCalibration(file: string = calibrationFile()): Promise<Lock> {
  await makeFolder(dirname(file));
  return acquireLock(`${file}.lock`, { work: 'a calibration', subject: file });
}

const calibrateNow = "run 'unetc doctor --calibrate'";

/** Reads what `doctor --calibrate` stored, if it is whole and of this machine. Never throws. */
export async function readCalibration(machine: Machine, file: string = calibrationFile()): Promise<Calibration> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const missing = absent ? 'this machine is not calibrated' : `can't read ${file}: ${String(error)}`;
    return { missing, remedy: calibrateNow };
  }
  const stored = parsed(text);
  if (!stored) return { missing: `${file} is damaged`, remedy: `${calibrateNow}, which writes it anew` };
  const { unetc, cpu, cores } = stored.machine;
  if (cpu !== machine.cpu || cores !== machine.cores) {
    const missing = `${file} is of another machine (${cpu}, ${cores} cores; this is ${machine.cpu}, ${machine.cores})`;
    return { missing, remedy: calibrateNow };
  }
  if (unetc !== machine.unetc) return { missing: `the calibration is of unetc ${unetc}`, remedy: calibrateNow };
  return { profiles: stored.profiles };
}

function parsed(text: string): { machine: Machine; profiles: readonly DeviceProfile[] } | undefined {
  try {
    const { machine, profiles } = JSON.parse(text) as { machine: Machine; profiles: DeviceProfile[] };
    const whole = typeof machine.cpu === 'string' && typeof machine.unetc === 'string' && Array.isArray(profiles);
    return whole && profiles.every(isProfile) ? { machine, profiles } : undefined;
  } catch {
    return undefined;
  }
}

const isAmount = (x: unknown): boolean => typeof x === 'number' && Number.isFinite(x) && x >= 0;

const isProfile = (p: DeviceProfile): boolean =>
  [p.engine, p.device, p.precision, p.purpose].every((x) => typeof x === 'string') &&
  isAmount(p.lanes) &&
  p.lanes > 0 &&
  isAmount(p.perRun) &&
  Object.values(p.seconds).every(isAmount);
