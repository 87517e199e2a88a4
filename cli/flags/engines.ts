import type { OnnxEngine } from '../../runtime/engines/engine.js';
import type { Device, EngineEntry, NativeParts, Precision, Purpose } from '../../runtime/engines/entry.js';
import type { EngineFor } from '../../runtime/engines/open.js';
import type { Cpu } from '../../runtime/support/cpu.js';
import { UsageError } from '../errors.js';
import { interruptibleEngine } from '../interruptible.js';

export interface EngineOptions {
  readonly engine?: string;
  readonly device?: string;
  readonly precision?: string;
}

/**
 * The engine that `--engine`, `--device` and `--precision` name (`openEngine` says what `auto` is).
 *
 * @param cpu default: this machine's
 * @throws UsageError for a name that is none, and for what the engine never does; UserError for an engine, a device or a precision
 * that this machine does not have
 */
export async function chooseEngine<P extends Purpose = 'predict'>(
  options: EngineOptions,
  purpose?: P,
  cpu?: Cpu,
): Promise<EngineFor<P>> {
  const { openEngine, fits } = await import('../../runtime/engines/open.js');
  const { engines, findEngine } = await import('../../runtime/engines/registry.js');
  const wanted = purpose ?? 'predict';
  const { engine = 'auto' } = options;
  const precision = readPrecision(options.precision);
  const able = engines.filter((e) => fits(e, wanted));
  const entry = engine === 'auto' ? undefined : findEngine(engine);
  if (engine !== 'auto' && !entry) {
    const names = ['auto', ...able.map((e) => e.name)];
    throw new UsageError(
      `there is no engine ${engine}`,
      `use ${names.slice(0, -1).join(', ')} or ${names.at(-1)}; 'unetc doctor' lists what is found`,
    );
  }
  const device = readDevice(options.device);
  if (entry) refuseMisfit(entry, { purpose: wanted, device, precision }, able);
  const opened = await openEngine(engine, { device, precision, cpu, ...(purpose ? { purpose } : {}) });
  // A file may be anyone's, and take any time.
  return wanted === 'open' ? (interruptibleEngine(opened as OnnxEngine) as EngineFor<P>) : opened;
}

/** Throws a `UsageError` for what an engine does on no machine. */
function refuseMisfit(
  entry: EngineEntry,
  { purpose, device, precision }: { purpose: Purpose; device: Device | undefined; precision: Precision },
  able: readonly EngineEntry[],
): void {
  const { title } = entry;
  const use = (fit: readonly EngineEntry[]): string =>
    `use --engine ${fit.map((e) => e.name).join(' or ')}, or leave it out`;
  if ((purpose === 'train' || purpose === 'verify') && !entry.trains) {
    throw new UsageError(`${title} predicts and does not train`, use(able));
  }
  if (purpose === 'open' && !entry.opensOnnx) {
    throw new UsageError(`${title} does not run ONNX files`, `${use(able)}, or name the run instead`);
  }
  if (device !== undefined && !entry.devices.includes(device)) {
    throw new UsageError(
      `${title} does not take --device ${device} here`,
      use(able.filter((e) => e.devices.includes(device))),
    );
  }
  if (!entry.precisions.includes(precision)) {
    throw new UsageError(
      `${title} does not take --precision ${precision} here`,
      use(able.filter((e) => e.precisions.includes(precision))),
    );
  }
}

function readDevice(device: string | undefined): Device | undefined {
  if (device === undefined || device === 'cpu' || device === 'gpu') return device;
  throw new UsageError(`there is no device ${device}`, 'use cpu or gpu');
}

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

/** The engine whose library a command installs or removes. @throws UsageError for a name that is none of one */
export async function nativeEngine(
  name: string,
  verb: string,
): Promise<EngineEntry & { readonly native: NativeParts }> {
  const { findEngine, nativeEngines } = await import('../../runtime/engines/registry.js');
  const known = findEngine(name);
  const found = nativeEngines.find((engine) => engine === known);
  if (found) return found;
  if (known)
    throw new UsageError(`${known.name} comes with unetc: there is nothing to ${verb}`, "'unetc doctor' shows it");
  const names = nativeEngines.map((engine) => engine.name);
  throw new UsageError(
    `there is no engine ${name} to ${verb}`,
    `as in unetc engine ${verb} ${names[0]}; those to ${verb} are ${names.join(' and ')}`,
  );
}
