import type { EngineEntry, NativeParts } from './entry.js';
import { onnxRuntimeEntry } from './onnxruntime/entry.js';
import { openVinoEntry } from './openvino/entry.js';
import { tensorFlowEntry } from './tensorflow/entry.js';

/** Every engine that unetc knows, the default first. */
export const engines: readonly EngineEntry[] = [onnxRuntimeEntry, tensorFlowEntry, openVinoEntry];

/** The engine of a name or an alias. */
export const findEngine = (name: string): EngineEntry | undefined =>
  engines.find((engine) => engine.name === name || engine.aliases.includes(name));

/** Those whose library npm does not bring. */
export const nativeEngines: readonly (EngineEntry & { readonly native: NativeParts })[] = engines.filter(
  (engine): engine is EngineEntry & { readonly native: NativeParts } => engine.native !== undefined,
);
