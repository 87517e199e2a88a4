import type { Engine } from '../../runtime/engines/engine.js';
import type { NativeEngine } from '../../runtime/engines/native-engines.js';
import type { Cpu } from '../../runtime/support/cpu.js';
import { UserError } from '../../runtime/support/user-error.js';
import { UsageError } from '../errors.js';
import { interruptibleEngine } from '../interruptible.js';

export interface EngineOptions {
  readonly engine?: string;
  readonly device?: string;
  readonly precision?: string;
}

/**
 * What the engine is for: the fastest at training is not the fastest at answering, not every one trains, and a built file is
 * ONNX.
 */
type Purpose = 'train' | 'verify' | 'predict' | 'open';

type Device = 'cpu' | 'gpu';
type Precision = 'fp32' | 'bf16';

const names = ['auto', 'ort', 'tfjs', 'openvino'];

/**
 * The engine that `--engine`, `--device` and `--precision` name. `auto`: TensorFlow to train where it is installed, and on a
 * GPU also to predict; OpenVINO to predict where it is installed and the CPU has AMX or VNNI; else ONNX Runtime
 * (docs/measurements.md says how they compare).
 *
 * @param cpu default: this machine's
 * @throws UsageError for a name that is none; UserError for an engine, a device or a precision that this machine does not have
 */
export async function chooseEngine(options: EngineOptions, purpose: Purpose = 'predict', cpu?: Cpu): Promise<Engine> {
  const engine = await findEngine(options, purpose, cpu);
  // A file may be anyone's, and take any time.
  return purpose === 'open' ? interruptibleEngine(engine) : engine;
}

async function findEngine(options: EngineOptions, purpose: Purpose, cpu?: Cpu): Promise<Engine> {
  const { engine = 'auto', device } = options;
  const precision = readPrecision(options.precision);
  if (!names.includes(engine)) {
    const fit = answersOnly(purpose) ? names : names.filter((name) => name !== 'openvino');
    throw new UsageError(
      `there is no engine ${engine}`,
      `use ${fit.slice(0, -1).join(', ')} or ${fit.at(-1)}; 'unetc doctor' lists what is found`,
    );
  }
  if (device !== undefined && device !== 'cpu' && device !== 'gpu') {
    throw new UsageError(`there is no device ${device}`, 'use cpu or gpu');
  }
  if (engine === 'openvino' && !answersOnly(purpose)) {
    throw new UsageError('OpenVINO answers and does not train', 'use --engine tfjs or ort, or leave it out');
  }
  const beyondOrt = device === 'gpu' || precision === 'bf16';
  if (engine === 'ort' && beyondOrt) {
    const what = device === 'gpu' ? '--device gpu' : '--precision bf16';
    const others = answersOnly(purpose) ? 'tfjs or openvino' : 'tfjs';
    throw new UsageError(`ONNX Runtime does not take ${what} here`, `use --engine ${others}, or leave it out`);
  }
  if (engine === 'openvino') return openOpenVino(device, precision);
  if (engine === 'tfjs') return openTensorFlow(device, precision);
  const { ort } = await import('../../runtime/engines/onnxruntime/index.js');
  if (engine === 'ort') return ort;
  // Nobody asked for them: where one is there but does not work, `doctor` says why.
  if (!beyondOrt && (await prefersTensorFlow(purpose))) return openTensorFlow(device, precision).catch(() => ort);
  if (device !== 'gpu' && (await prefersOpenVino(purpose, cpu))) {
    const opened = await openOpenVino(device, precision).catch(() => undefined);
    if (opened) return opened;
  }
  return beyondOrt ? openTensorFlow(device, precision) : ort;
}

const answersOnly = (purpose: Purpose): boolean => purpose === 'predict' || purpose === 'open';

export function readPrecision(name = 'fp32'): Precision {
  if (name === 'fp32' || name === 'bf16') return name;
  if (name === 'int8') {
    throw new UsageError(
      'int8 is in a model, not in an engine',
      "a model that was quantized runs in int8 as it is: 'unetc build --quantize int8' makes one",
    );
  }
  if (name === 'fp16') {
    throw new UsageError(
      'fp16 is in a model, not in an engine',
      "a file in fp16 runs so where its engine can: 'unetc build --precision fp16' makes one",
    );
  }
  throw new UsageError(`there is no precision ${name}`, 'use fp32 or bf16');
}

/** Whether `auto` takes TensorFlow: found without loading it. */
async function prefersTensorFlow(purpose: Purpose): Promise<boolean> {
  if (purpose === 'open') return false;
  const { locateTensorFlow } = await import('../../runtime/engines/tensorflow/native/locate.js');
  const found = await locateTensorFlow();
  return !('missing' in found) && (purpose === 'train' || found.kind === 'gpu');
}

/** Whether `auto` takes OpenVINO: on a CPU that multiplies in bf16 and int8 itself it was the quickest (docs/decisions.md). */
async function prefersOpenVino(purpose: Purpose, cpu?: Cpu): Promise<boolean> {
  if (!answersOnly(purpose)) return false;
  const { hasLowPrecisionUnits, readCpu } = await import('../../runtime/support/cpu.js');
  if (!hasLowPrecisionUnits(cpu ?? (await readCpu()))) return false;
  const { locateOpenVino } = await import('../../runtime/engines/openvino/native/library.js');
  return !('missing' in (await locateOpenVino()));
}

async function openTensorFlow(device: Device | undefined, precision: Precision): Promise<Engine> {
  const { tensorflow } = await import('../../runtime/engines/tensorflow/index.js');
  const devices = await devicesOf('tfjs', tensorflow());
  if (device === 'gpu' && !devices.includes('gpu')) {
    throw new UserError(
      'device-missing',
      'TensorFlow finds no GPU on this machine',
      "install its build for GPUs with 'unetc engine install tfjs --gpu', or use --device cpu; 'unetc doctor' says what is found",
    );
  }
  return tensorflow({ device: device ?? (devices.includes('gpu') ? 'gpu' : 'cpu'), precision });
}

async function openOpenVino(device: Device | undefined, precision: Precision): Promise<Engine> {
  const { openvino } = await import('../../runtime/engines/openvino/index.js');
  const devices = await devicesOf('openvino', openvino());
  if (device === 'gpu' && !devices.includes('gpu')) {
    throw new UserError(
      'device-missing',
      'OpenVINO finds no GPU of Intel on this machine',
      "use --device cpu; 'unetc doctor' says what is found",
    );
  }
  // On the CPU unless told: an integrated GPU is not always the quicker one.
  const chosen = device ?? 'cpu';
  const { openVino, requirePrecision } = await import('../../runtime/engines/openvino/core.js');
  requirePrecision(await openVino(), chosen, precision);
  return openvino({ device: chosen, precision });
}

async function devicesOf(name: string, engine: Engine): Promise<readonly string[]> {
  const { available, devices, reason } = await engine.status();
  if (available) return devices;
  throw new UserError(
    'engine-missing',
    `the engine ${name} is not available: ${reason}`,
    "'unetc doctor' says more; --engine ort comes with unetc",
  );
}

/** The native engine that a command installs or removes. @throws UsageError for a name that is none of one */
export async function nativeEngine(name: string, verb: string): Promise<NativeEngine> {
  if (name === 'ort')
    throw new UsageError(`ort comes with unetc: there is nothing to ${verb}`, "'unetc doctor' shows it");
  const { nativeEngines } = await import('../../runtime/engines/native-engines.js');
  const found = nativeEngines.find(({ library }) => library.engine === name);
  if (found) return found;
  const engines = nativeEngines.map(({ library }) => library.engine).join(' and ');
  throw new UsageError(
    `there is no engine ${name} to ${verb}`,
    `as in unetc engine ${verb} tfjs; those to ${verb} are ${engines}`,
  );
}
