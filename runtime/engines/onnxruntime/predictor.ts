import type { InferenceSession } from 'onnxruntime-node';
import { optimizeForRuntime } from '../../../compiler/3-transform/optimize-for-runtime.js';
import { emitOnnx } from '../../../compiler/5-emit/onnx/index.js';
import type { Graph } from '../../../compiler/ir/graph.js';
import { UserError } from '../../../compiler/user-error.js';
import { type CheckOptions, checkModel } from '../../models/check.js';
import { shown } from '../../support/shown.js';
import type { Predictor, Tensor, Weights } from '../engine.js';
import { numbers, type OrtDevice, openSession, toOrt } from './session.js';

/** Runs an inference graph with these weights. */
export async function createPredictor(graph: Graph, weights: Weights, device?: OrtDevice): Promise<Predictor> {
  const arrays = new Map(Array.from(weights, ([path, tensor]) => [path, tensor.data]));
  const finished = optimizeForRuntime(graph, arrays, (device ?? 'cpu') === 'cpu' ? 'ort' : 'plain');
  return opened(
    await openSession(emitOnnx(finished.graph, { weights: finished.weights, name: 'predict', metadata: {} }), device),
  );
}

/** Runs an ONNX file of anyone. @throws UserError if it is refused (models/check.ts), or ONNX Runtime can't run it */
export async function openPredictor(
  model: Uint8Array,
  device?: OrtDevice,
  options: CheckOptions = {},
): Promise<Predictor> {
  checkModel(model, options);
  return opened(
    await openSession(model, device).catch((error: unknown) => {
      throw refusal(error);
    }),
  );
}

async function opened(session: InferenceSession): Promise<Predictor> {
  const [image, ...others] = session.inputNames;
  if (image !== undefined && others.length === 0) return new OrtPredictor(session, image);
  await session.release();
  throw new Error(`the model has ${session.inputNames.length} inputs, a predictor takes a single image`);
}

/** ONNX Runtime's message about a model that it can't load or run. */
const refusal = (error: unknown): UserError =>
  new UserError(
    'engine-model',
    `ONNX Runtime can't run this model: ${shown(error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error), 300)}`,
    "use an intact copy of it, or build it again with 'unetc build'",
    { cause: error },
  );

class OrtPredictor implements Predictor {
  readonly #session: InferenceSession;
  readonly #input: string;

  constructor(session: InferenceSession, input: string) {
    this.#session = session;
    this.#input = input;
  }

  async run(image: Tensor): Promise<ReadonlyMap<string, Tensor>> {
    const result = await this.#session.run({ [this.#input]: toOrt(image) });
    return new Map(Object.entries(result).map(([name, t]) => [name, { data: numbers(t), shape: t.dims }]));
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
}
