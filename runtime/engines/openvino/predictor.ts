import { optimizeForRuntime } from '../../../compiler/3-transform/optimize-for-runtime.js';
import { emitOnnx } from '../../../compiler/5-emit/onnx/index.js';
import type { Graph } from '../../../compiler/ir/graph.js';
import { UserError } from '../../../compiler/user-error.js';
import { type CheckOptions, checkModel } from '../../models/check.js';
import { shown } from '../../support/shown.js';
import type { Predictor, Tensor, Weights } from '../engine.js';
import { OpenVinoError } from './c-api.js';
import { type Core, requirePrecision } from './core.js';
import { type OpenVinoOptions, OpenVinoSession } from './session.js';

/** Runs an inference graph with these weights. */
export function createPredictor(core: Core, options: OpenVinoOptions, graph: Graph, weights: Weights): Predictor {
  const arrays = new Map(Array.from(weights, ([path, tensor]) => [path, tensor.data]));
  const finished = optimizeForRuntime(graph, arrays, options.device === 'cpu' ? 'openvino' : 'plain');
  const onnx = emitOnnx(finished.graph, { weights: finished.weights, name: 'predict', metadata: {} });
  return new OpenVinoPredictor(
    openSession(core, options, onnx),
    graph.outputs.map(({ name }) => name),
  );
}

/** Runs an ONNX file of anyone. @throws UserError if it is refused (models/check.ts), or OpenVINO can't run it */
export function openPredictor(
  core: Core,
  options: OpenVinoOptions,
  onnx: Uint8Array,
  check: CheckOptions = {},
): Predictor {
  // What `readModel` reads may say where in this process's memory, or on the disk, its data are: nothing goes there unchecked.
  const { outputs } = checkModel(onnx, check);
  const session = openSession(core, options, onnx);
  if (session.inputs === 1 && session.outputs === outputs.length) return new OpenVinoPredictor(session, outputs);
  session.dispose();
  throw new UserError(
    'engine-model',
    `OpenVINO finds ${session.inputs} inputs and ${session.outputs} outputs in this model, which has 1 and ${outputs.length}`,
    'use --engine ort',
  );
}

/**
 * Compiles a model, before anything runs.
 * @throws UserError for an operator that OpenVINO lacks, by name, and for bf16 on a device that has none
 */
export function openSession(core: Core, options: OpenVinoOptions, onnx: Uint8Array): OpenVinoSession {
  requirePrecision(core, options.device, options.precision);
  try {
    return new OpenVinoSession(core, onnx, options);
  } catch (error) {
    if (!(error instanceof OpenVinoError)) throw error;
    throw new UserError(
      'engine-model',
      `OpenVINO can't run this model: ${shown(gist(error.message), 300)}`,
      'use --engine ort',
      {
        cause: error,
      },
    );
  }
}

/** Of OpenVINO's message, which goes on about its own files and lines, what it is about: first of all which operators. */
function gist(message: string): string {
  const lacking = /(?:No conversion rule found for operations|Conversion is failed for): (.+)/.exec(message)?.[1];
  if (lacking) return `it has no ${lacking.replace(/-\d+/g, '')}`;
  const lines = message.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '' && !/^(Exception from|Check '.*failed at)/.test(line)).join(' ');
}

class OpenVinoPredictor implements Predictor {
  readonly #session: OpenVinoSession;
  readonly #outputs: readonly string[];

  constructor(session: OpenVinoSession, outputs: readonly string[]) {
    this.#session = session;
    this.#outputs = outputs;
  }

  async run(image: Tensor): Promise<ReadonlyMap<string, Tensor>> {
    const found = await this.#session.run([image]);
    return new Map(this.#outputs.map((name, k) => [name, found[k] as Tensor]));
  }

  async dispose(): Promise<void> {
    this.#session.dispose();
  }
}
