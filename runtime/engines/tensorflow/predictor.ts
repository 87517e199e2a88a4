import { lowerPrecision } from '../../../compiler/3-transform/precision.js';
import { emitInference, encodeGraph, type TfGraph } from '../../../compiler/5-emit/tensorflow/index.js';
import type { Graph } from '../../../compiler/ir/graph.js';
import type { Predictor, Tensor, Weights } from '../engine.js';
import type { CApi } from './c-api.js';
import { type TensorFlowOptions, TfSession } from './session.js';

/** Runs an inference graph with these weights. */
export async function createPredictor(
  api: CApi,
  { device, precision }: TensorFlowOptions,
  graph: Graph,
  weights: Weights,
): Promise<Predictor> {
  const arrays = new Map(Array.from(weights, ([path, tensor]) => [path, tensor.data]));
  const emitted = emitInference(precision === 'bf16' ? lowerPrecision(graph) : graph, {
    weights: arrays,
    images: 'channels-first',
  });
  return new TfPredictor(new TfSession(api, encodeGraph(emitted.nodes), device), emitted);
}

class TfPredictor implements Predictor {
  readonly #session: TfSession;
  readonly #graph: Pick<TfGraph, 'inputs' | 'outputs'>;

  constructor(session: TfSession, { inputs, outputs }: TfGraph) {
    this.#session = session;
    this.#graph = { inputs, outputs };
  }

  async run(image: Tensor): Promise<ReadonlyMap<string, Tensor>> {
    const { inputs, outputs } = this.#graph;
    const feeds = inputs.map(({ tensor }) => [tensor, image] as const);
    const found = await this.#session.run(
      feeds,
      outputs.map((o) => o.tensor),
    );
    return new Map(outputs.map(({ name }, k) => [name, found[k] as Tensor]));
  }

  async dispose(): Promise<void> {
    this.#session.dispose();
  }
}
