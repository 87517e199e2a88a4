import { UserError } from '../../compiler/user-error.js';
import type { Cpu } from '../support/cpu.js';
import type { Engine, OnnxEngine, TrainingEngine } from './engine.js';
import type { Device, EngineEntry, Precision, Purpose } from './entry.js';
import { engines, findEngine } from './registry.js';

export interface OpenOptions {
  /** Default: a GPU where the engine finds one and is quicker there. */
  readonly device?: Device;
  /** Default fp32. */
  readonly precision?: Precision;
  /** Default `predict`. */
  readonly purpose?: Purpose;
  /** Default: this machine's. */
  readonly cpu?: Cpu;
}

/** What an engine that was opened for a purpose can do. */
export type EngineFor<P extends Purpose> = P extends 'train' | 'verify'
  ? TrainingEngine
  : P extends 'open'
    ? OnnxEngine
    : Engine;

/** Whether an engine does what it is wanted for. */
export const fits = (entry: EngineEntry, purpose: Purpose): boolean =>
  (entry.trains || (purpose !== 'train' && purpose !== 'verify')) && (entry.opensOnnx || purpose !== 'open');

/**
 * Opens an engine. `auto`: TensorFlow to train where it is installed, and on a GPU also to predict; OpenVINO to predict where it is
 * installed and the CPU has AMX or VNNI; else ONNX Runtime.
 *
 *   const engine = await openEngine('auto', { purpose: 'train' });
 *
 * @param name `auto`, or an engine's name or alias
 * @throws UserError for a name that is none, and for an engine, a device or a precision that is not to be had
 */
export async function openEngine<P extends Purpose = 'predict'>(
  name = 'auto',
  options: OpenOptions & { readonly purpose?: P } = {},
): Promise<EngineFor<P>> {
  const { device, precision = 'fp32', purpose = 'predict', cpu } = options;
  if (name !== 'auto') return (await requireEngine(name, purpose).open({ device, precision })) as EngineFor<P>;
  const able = engines.filter(
    (e) => fits(e, purpose) && e.precisions.includes(precision) && (device === undefined || e.devices.includes(device)),
  );
  const wanted = await Promise.all(able.map((entry) => entry.preference(purpose, { device, cpu })));
  const ranked = able.map((entry, k) => ({ entry, rank: wanted[k] as number })).sort((a, b) => b.rank - a.rank);
  // Nobody asked for those before the last: where one is there but does not work, `doctor` says why.
  for (const { entry, rank } of ranked) {
    if (rank === 0) break;
    const opened = await entry.open({ device, precision }).catch((error: unknown) => {
      if (entry.native === undefined) throw error;
      return undefined;
    });
    if (opened) return opened as EngineFor<P>;
  }
  // None is preferred: the first that could do it says what is missing.
  const [first] = able;
  if (first) return (await first.open({ device, precision })) as EngineFor<P>;
  throw new UserError(
    'engine-missing',
    `no engine takes ${precision} on ${device ?? 'any device'}`,
    "see 'unetc doctor'",
  );
}

function requireEngine(name: string, purpose: Purpose): EngineEntry {
  const entry = findEngine(name);
  const names = engines.filter((e) => fits(e, purpose)).map((e) => e.name);
  const use = `use ${['auto', ...names].join(', ')}; 'unetc doctor' lists what is found`;
  if (!entry) throw new UserError('engine-unknown', `there is no engine ${name}`, use);
  if (!fits(entry, purpose)) {
    const what = purpose === 'open' ? 'run ONNX files' : 'train';
    throw new UserError('engine-purpose', `${entry.title} does not ${what}`, use);
  }
  return entry;
}
