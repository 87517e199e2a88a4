import type { DeployRuntime, EngineMemory } from '../../compiler/index.js';
import type { Cpu } from '../support/cpu.js';
import type { Engine } from './engine.js';
import type { Located, Missing, NativeLibrary } from './native/library.js';
import type { LocateOptions } from './native/locate.js';
import type { Probe } from './native/probe.js';

export type Device = 'cpu' | 'gpu';
export type Precision = 'fp32' | 'bf16';

/**
 * What an engine is for: the fastest at training is not the fastest at predicting, not every one trains, and a built file is ONNX.
 * `verify` predicts and trains; `open` predicts with an ONNX file.
 */
export type Purpose = 'train' | 'verify' | 'predict' | 'open';

/** A library that npm does not bring, and unetc can: how it is found and tried. */
export interface NativeParts {
  readonly library: NativeLibrary;
  /** Without loading it. */
  locate(options?: LocateOptions): Promise<Located | Missing>;
  /** Loads it, in a process of its own. */
  probe(found: Located): Promise<Probe>;
}

/**
 * One engine, as the command line and `openEngine` know it. Adding an engine is a folder with such an object, and a line in
 * registry.ts.
 */
export interface EngineEntry {
  /** What `--engine` takes and `doctor` prints. */
  readonly name: string;
  /** Other names that `--engine` takes: old ones, and that of a run's record. */
  readonly aliases: readonly string[];
  /** `Engine.name` of what it opens, which a run's record and a stored profile keep; a name or an alias of it. */
  readonly record: string;
  /** For people: `ONNX Runtime`. */
  readonly title: string;
  readonly trains: boolean;
  readonly opensOnnx: boolean;
  readonly devices: readonly Device[];
  readonly precisions: readonly Precision[];
  /** Absent: what it takes on the CPU was never measured. */
  readonly memory?: EngineMemory;
  /** Whether a step whose plan computes values twice holds less in it (docs/memory.md). */
  readonly recomputes?: boolean;
  /** What a deployed graph is finished for before it runs there. */
  deployRuntime(device: string): DeployRuntime;
  /** Absent: its library comes with npm. */
  readonly native?: NativeParts;
  /** Rank of the engine in `--engine auto` for a purpose, found without loading it; 0: not chosen. The highest wins. */
  preference(purpose: Purpose, machine: { readonly device?: Device; readonly cpu?: Cpu }): Promise<number>;
  /**
   * Loads its library and chooses a device.
   * @throws UserError where the library, the device or the precision is not to be had on this machine
   */
  open(options: { readonly device?: Device; readonly precision: Precision }): Promise<Engine>;
}
