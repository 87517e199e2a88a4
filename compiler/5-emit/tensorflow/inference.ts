import { decompose } from '../../3-transform/decompose.js';
import type { Graph, Node } from '../../ir/graph.js';
import { bytesOf } from '../shared.js';
import { Emission, type ImageOrder, type TfPort } from './emission.js';
import type { TfNode } from './node.js';
import { weightOf } from './weights.js';

export interface TfGraph {
  readonly nodes: readonly TfNode[];
  readonly inputs: readonly TfPort[];
  readonly outputs: readonly TfPort[];
  /** The IR node that each was written for; none for inputs, weights and outputs. */
  readonly sources: ReadonlyMap<TfNode, Node>;
}

export interface InferenceOptions {
  /** By parameter path, row-major in the IR's order. Without it parameters are inputs after the graph's own. */
  readonly weights?: ReadonlyMap<string, Float32Array>;
  readonly images: ImageOrder;
}

/**
 * TensorFlow nodes that compute the graph: flat, no functions, no variables, weights as constants. Sizes that are not numbers
 * stay open, and the nodes are right at every size that the network accepts. The same graph gives the same nodes.
 *
 * Throws if a parameter has no weights, or of another length: callers check files before.
 */
export function emitInference(given: Graph, { weights, images }: InferenceOptions): TfGraph {
  const graph = decompose(given);
  const emission = new Emission(graph, images);
  const { b, layout } = emission;
  const inputs = graph.inputs.map(({ name, value }) => emission.feed(name, value));
  for (const p of graph.params) {
    if (!weights) {
      inputs.push(emission.feed(p.origin.path, p));
      continue;
    }
    const dims = layout.shapeOf(p).map((d) => d.offset);
    const raw = bytesOf(weightOf(p, layout.orderOf(p), weights));
    emission.define(p, b.constant(p.origin.path, { type: 'float', dims, raw }));
  }
  for (const node of graph.nodes) emission.lower(node);
  const outputs = graph.outputs.map(({ name, value }) => emission.answer(name, value));
  return { nodes: b.nodes, inputs, outputs, sources: emission.sources };
}
