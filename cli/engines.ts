import type { Engine } from '../runtime/engine.js';
import { UserError } from '../runtime/user-error.js';
import { UsageError } from './errors.js';

export interface EngineOptions {
  readonly engine?: string;
  readonly device?: string;
  readonly precision?: string;
}

/** What the engine is for: the fastest at training is not the fastest at answering, and a built file is ONNX Runtime's. */
type Purpose = 'train' | 'predict' | 'open';

/**
 * The engine that `--engine`, `--device` and `--precision` name. `auto`: TensorFlow to train where it is installed, and on a
 * GPU also to predict; else ONNX Runtime (docs/measurements.md says how they compare).
 *
 * @throws UsageError for a name that is none; UserError for an engine or a device that this machine does not have
 */
export async function chooseEngine(options: EngineOptions, purpose: Purpose = 'predict'): Promise<Engine> {
  const { engine = 'auto', device } = options;
  const precision = readPrecision(options.precision);
  if (!['auto', 'ort', 'tfjs'].includes(engine)) {
    throw new UsageError(`there is no engine ${engine}`, "use auto, ort or tfjs; 'unetc doctor' lists what is found");
  }
  if (device !== undefined && device !== 'cpu' && device !== 'gpu') {
    throw new UsageError(`there is no device ${device}`, 'use cpu or gpu');
  }
  const needsTensorFlow = engine === 'tfjs' || device === 'gpu' || precision === 'bf16';
  if (engine === 'ort' && needsTensorFlow) {
    const what = device === 'gpu' ? '--device gpu' : '--precision bf16';
    throw new UsageError(`ONNX Runtime does not take ${what} here`, 'use --engine tfjs, or leave it out');
  }
  if (needsTensorFlow) return openTensorFlow(device, precision);
  const { ort } = await import('../runtime/ort/index.js');
  if (engine === 'ort' || !(await isWorthIt(purpose))) return ort;
  // Nobody asked for it: where it is there but does not work, `doctor` says why.
  return openTensorFlow(device, precision).catch(() => ort);
}

export function readPrecision(name = 'fp32'): 'fp32' | 'bf16' {
  if (name === 'fp32' || name === 'bf16') return name;
  throw new UsageError(`there is no precision ${name}`, 'use fp32 or bf16');
}

/** Whether `auto` takes TensorFlow: found without loading it. */
async function isWorthIt(purpose: Purpose): Promise<boolean> {
  if (purpose === 'open') return false;
  const { locateTensorFlow } = await import('../runtime/tensorflow/native/locate.js');
  const { isMissing } = await import('../runtime/tensorflow/native/choose.js');
  const found = await locateTensorFlow();
  return !isMissing(found) && (purpose === 'train' || found.kind === 'gpu');
}

async function openTensorFlow(device: 'cpu' | 'gpu' | undefined, precision: 'fp32' | 'bf16'): Promise<Engine> {
  const { tensorflow } = await import('../runtime/tensorflow/index.js');
  const { available, devices, reason } = await tensorflow().status();
  if (!available) {
    throw new UserError(
      'engine-missing',
      `the engine tfjs is not available: ${reason}`,
      "'unetc doctor' says more; --engine ort comes with unetc",
    );
  }
  if (device === 'gpu' && !devices.includes('gpu')) {
    throw new UserError(
      'device-missing',
      'TensorFlow finds no GPU on this machine',
      "install its build for GPUs with 'unetc engine install tfjs --gpu', or use --device cpu; 'unetc doctor' says what is found",
    );
  }
  return tensorflow({ device: device ?? (devices.includes('gpu') ? 'gpu' : 'cpu'), precision });
}

/** Stops a command that is about a native engine to install, unless it names one. */
export function installable(name: string, verb: string): void {
  if (name === 'tfjs') return;
  if (name === 'ort')
    throw new UsageError(`ort comes with unetc: there is nothing to ${verb}`, "'unetc doctor' shows it");
  throw new UsageError(`there is no engine ${name} to ${verb}`, `as in unetc engine ${verb} tfjs`);
}
