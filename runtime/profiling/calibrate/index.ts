import { type DeviceProfile, graphWork, secondsOf, type Work } from '../../../compiler/4-schedule/time/index.js';
import type { Engine, TrainingEngine } from '../../engines/engine.js';
import { hasFeature, readCpu } from '../../support/cpu.js';
import { fitSeconds, type Measured } from './fit.js';
import { type Clock, probe, type Runnable, runnablePrediction, runnableStep, timed } from './measure.js';
import { type Case, suite } from './suite.js';

export interface CalibrateOptions {
  readonly purpose: 'predict' | 'train';
  /** Floats in a vector register: 16 with AVX-512, else 8. */
  readonly lanes: number;
  /** Times each network is run and timed; default 7. */
  readonly rounds?: number;
  /** What time is read from; a wall clock. */
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Calibrated {
  readonly profile: DeviceProfile;
  readonly measurements: readonly (Measured & { readonly name: string; readonly predicted: number })[];
}

/** Measures an engine on this machine: some fifty small networks, and the profile that explains their times best. */
export async function calibrate(engine: TrainingEngine, options: CalibrateOptions): Promise<Calibrated> {
  const { purpose, lanes, rounds = 7, clock, signal, onProgress } = options;
  const cases = suite(purpose);
  const measured: (Measured & { name: string })[] = [];
  // As many at a time as fit in memory, so that a slow minute of the machine does not fall on one kind of operator alone.
  const together = purpose === 'predict' ? cases.length : 17;
  for (let k = 0; k < cases.length; k += together) {
    const some = cases.slice(k, k + together);
    const runnables: Runnable[] = [];
    try {
      for (const c of some) runnables.push(await ready(c, engine, purpose));
      const seconds = await timed(runnables, {
        rounds,
        clock,
        signal,
        onProgress: (done) => onProgress?.(k + Math.round((done / rounds) * some.length), cases.length),
      });
      for (const [i, { graph }] of runnables.entries()) {
        const work = new Map([...graphWork(graph, lanes), ['run', 1]]);
        measured.push({ name: (some[i] as Case).name, work, seconds: seconds[i] as number });
      }
    } finally {
      for (const r of runnables) await r.dispose();
    }
  }
  const profile = profileOf(engine, purpose, lanes, measured);
  const measurements = measured.map((m) => ({ ...m, predicted: predicted(m.work, profile) }));
  return { profile, measurements };
}

/** The profile that explains these measurements best. */
export function profileOf(
  { name, device, precision }: Pick<Engine, 'name' | 'device' | 'precision'>,
  purpose: 'predict' | 'train',
  lanes: number,
  measured: readonly Measured[],
): DeviceProfile {
  const { run: perRun = 0, ...seconds } = fitSeconds(measured);
  return { engine: name, device, precision, purpose, lanes, perRun, seconds };
}

const predicted = (work: Work, { perRun, seconds }: DeviceProfile): number => perRun + secondsOf(work, seconds);

async function ready(c: Case, engine: TrainingEngine, purpose: 'predict' | 'train'): Promise<Runnable> {
  const { network, recipe } = probe(c.spec);
  if (purpose === 'train') return runnableStep(network, recipe, engine, c.batch, c.size);
  const [height, width, depth] = c.size as [number, number, number?];
  const sizes = { N: c.batch, H: height, W: width, ...(depth === undefined ? {} : { D: depth }) };
  return runnablePrediction(network, engine, sizes);
}

/** Floats in a vector register of this machine's CPU, as far as is known. */
export async function calibratedLanes(): Promise<number> {
  return hasFeature(await readCpu(), 'avx512f') ? 16 : 8;
}
