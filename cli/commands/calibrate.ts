import type { DeviceProfile } from '../../compiler/4-schedule/time/index.js';
import { UserError } from '../../compiler/user-error.js';
import { type TrainingEngine, titleOf } from '../../runtime/engines/engine.js';
import { findEngine } from '../../runtime/engines/registry.js';
import {
  type Calibrated,
  calibratedLanes,
  calibrate as calibrateEngine,
} from '../../runtime/profiling/calibrate/index.js';
import {
  calibrationFile,
  lockCalibration,
  storeCalibration,
  thisMachine,
} from '../../runtime/profiling/calibrate/stored.js';
import { hasFeature, readCpu } from '../../runtime/support/cpu.js';
import { chooseEngine } from '../flags/engines.js';
import type { Io, Outcome } from '../io.js';
import { progressBar } from '../render/progress.js';

type Purpose = DeviceProfile['purpose'];

/** `unetc doctor --calibrate`: times small networks on every engine found, and stores how fast each is. */
export async function calibrate(io: Io): Promise<Outcome> {
  const lock = await lockCalibration();
  try {
    return await calibrateAll(io);
  } finally {
    await lock.release();
  }
}

async function calibrateAll(io: Io): Promise<Outcome> {
  const lanes = await calibratedLanes();
  const results: Calibrated[] = [];
  for (const { engine, purpose } of await toMeasure()) {
    const bar = await progressBar(io, `${engine.name} ${purpose}`);
    const onProgress = (done: number, total: number) => bar.update(done, total);
    const signal = io.interruption();
    results.push(await calibrateEngine(engine, { purpose, lanes, signal, onProgress }).finally(() => bar.stop()));
  }
  const profiles = results.map((r) => r.profile);
  if (profiles.length === 0) throw new UserError('engine-missing', 'no engine is found', "'unetc doctor' says why");
  const machine = await thisMachine();
  await storeCalibration(profiles, machine);
  const file = calibrationFile();
  const engines = results.map((r) => ({ ...r.profile, fit: fitOf(r) }));
  const text = [
    ...engines.map(
      (e) =>
        `${e.purpose === 'train' ? 'training' : 'predicting'} with ${titleOf({ ...e, title: findEngine(e.engine)?.title ?? e.engine })}: ${fitText(e.fit)}`,
    ),
    `${file} is written: 'unetc plan' now predicts times`,
  ].join('\n');
  return { json: { ok: true, file, machine, engines }, text };
}

/** ONNX Runtime for both, TensorFlow for training where it is there; bf16 only where the CPU has instructions for it. */
async function toMeasure(): Promise<{ engine: TrainingEngine; purpose: Purpose }[]> {
  const ort = await chooseEngine({ engine: 'ort' }, 'train');
  const { available } = await ort.status();
  const both = available ? (['predict', 'train'] as const).map((purpose) => ({ engine: ort, purpose })) : [];
  const tensorflow = await chooseEngine({ engine: 'tensorflow' }, 'train').catch(() => undefined);
  if (!tensorflow) return both;
  const cpu = await readCpu();
  const low = tensorflow.device === 'gpu' || hasFeature(cpu, 'avx512_bf16') || hasFeature(cpu, 'amx_bf16');
  const engines = [
    tensorflow,
    ...(low ? [await chooseEngine({ engine: 'tensorflow', precision: 'bf16' }, 'train')] : []),
  ];
  return [...both, ...engines.map((engine) => ({ engine, purpose: 'train' as const }))];
}

/** How far the profile is off the networks that it was fitted to, in shares; of single operators it says too little to be shown. */
function fitOf({ measurements }: Calibrated): { networks: number; median: number; worst: number } {
  const errors = measurements.map((m) => Math.abs(m.predicted / m.seconds - 1)).sort((a, b) => a - b);
  return { networks: errors.length, median: errors[errors.length >> 1] ?? 0, worst: errors.at(-1) ?? 0 };
}

const fitText = ({ networks, median, worst }: ReturnType<typeof fitOf>): string =>
  `${networks} networks, explained to within ${percent(median)} (median), ${percent(worst)} at worst`;

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
