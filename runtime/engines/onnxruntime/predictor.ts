import type { InferenceSession } from 'onnxruntime-node';
import { finish } from '../../../compiler/3-transform/finish.js';
import { emitOnnx } from '../../../compiler/5-emit/onnx/index.js';
import type { Graph } from '../../../compiler/ir/graph.js';
import type { Predictor, Tensor, Weights } from '../engine.js';
import { numbers, type OrtDevice, openSession, toOrt } from './session.js';

/** Runs an inference graph with these weights. */
export function createPredictor(graph: Graph, weights: Weights, device?: OrtDevice): Promise<Predictor> {
  const arrays = new Map(Array.from(weights, ([path, tensor]) => [path, tensor.data]));
  const finished = finish(graph, arrays, (device ?? 'cpu') === 'cpu' ? 'ort' : 'plain');
  return openPredictor(emitOnnx(finished.graph, { weights: finished.weights, name: 'predict', metadata: {} }), device);
}

/** Runs an ONNX file with a single image input. */
export async function openPredictor(model: Uint8Array, device?: OrtDevice): Promise<Predictor> {
  const session = await openSession(model, device);
  const [image, ...others] = session.inputNames;
  if (image === undefined || others.length > 0) {
    await session.release();
    throw new Error(`the model has ${session.inputNames.length} inputs, a predictor takes a single image`);
  }
  return new OrtPredictor(session, image);
}

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
