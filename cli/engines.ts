import type { Engine } from '../runtime/engine.js';
import { UsageError } from './errors.js';

export interface EngineOptions {
  readonly engine?: string;
  readonly device?: string;
  readonly precision?: string;
}

/** The engine that `--engine`, `--device` and `--precision` name; `auto` is the only one of this version, ONNX Runtime. */
export async function chooseEngine({
  engine = 'auto',
  device = 'cpu',
  precision = 'fp32',
}: EngineOptions): Promise<Engine> {
  if (engine === 'tfjs')
    throw new UsageError('--engine tfjs is not available yet', 'leave it out: auto takes ONNX Runtime');
  if (engine !== 'auto' && engine !== 'ort')
    throw new UsageError(`there is no engine ${engine}`, "use auto or ort; 'unetc doctor' lists what is found");
  if (precision === 'bf16') throw new UsageError('--precision bf16 is not available yet', 'leave it out: fp32');
  if (precision !== 'fp32') throw new UsageError(`there is no precision ${precision}`, 'use fp32');
  if (device !== 'cpu') throw new UsageError(`--device ${device} is not available yet`, 'leave it out: cpu');
  const { ort } = await import('../runtime/ort/index.js');
  return ort;
}

/** Stops a command that is about a native engine to install, unless it names one. */
export function installable(name: string, verb: string): void {
  if (name === 'tfjs') return;
  if (name === 'ort')
    throw new UsageError(`ort comes with unetc: there is nothing to ${verb}`, "'unetc doctor' shows it");
  throw new UsageError(`there is no engine ${name} to ${verb}`, `as in unetc engine ${verb} tfjs`);
}
