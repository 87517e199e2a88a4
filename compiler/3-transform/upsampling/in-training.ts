import { GraphBuilder, nextId, withoutDeadNodes } from '../../ir/builder.js';
import type { Graph, Node, Value } from '../../ir/graph.js';
import type { Window } from '../../ops/spatial.js';
import { channelsOf, type Part, partsOf, producersOf, windowOf } from './parts.js';
import { type Product, transposedAttrs, writeSum } from './sum.js';

/**
 * In training, convolutions that read what `upsample` repeated, read the small image instead:
 *
 *   conv(concat(a, upsample(b)), w) -> conv(a, w_a) + conv_transpose(b, upsample_kernel(w_b))
 *
 * With 3 x 3 taps and scale 2 that is 16 multiplications for 36, forward and in both gradients, and the large image is neither
 * written nor kept for the backward pass. Exact but for the order of sums. Parameters stay what they were: their parts are
 * taken, and their kernels summed, within the step, so that differentiation goes through both.
 *
 * Left alone: groups, strides, dilations, linear upsampling, and windows for which it would multiply as much (1 x 1).
 */
export function mergeUpsampling(graph: Graph): Graph {
  const first = graph.nodes[0];
  if (!first) return graph;
  const producers = producersOf(graph);
  const build = new GraphBuilder(nextId(graph), first.origin);
  for (const node of graph.nodes) {
    const window = windowOf(node);
    const parts = window ? partsOf(node.inputs[0] as Value, window, producers) : [];
    if (window && parts.some((part) => part.scale)) write(node, window, parts, build);
    else build.carry(node, node.inputs);
  }
  return withoutDeadNodes({ ...graph, nodes: build.nodes });
}

/** Writes the convolution as a sum over its parts, whose result keeps its name. */
function write(node: Node, window: Window, parts: readonly Part[], build: GraphBuilder): void {
  build.from(node.origin);
  const weight = node.inputs[1] as Value;
  const lengths = parts.map(channelsOf);
  const weights = parts.length === 1 ? [weight] : build.emitAll('split', [weight], { axis: 1, lengths });
  const plain = [...parts.keys()].filter((k) => !parts[k]?.scale);
  const products: Product[] = [];
  const joined = (values: readonly Value[]): Value =>
    values.length === 1 ? (values[0] as Value) : build.emit('concat', values, { axis: 1 });
  if (plain.length > 0) {
    const images = joined(plain.map((k) => (parts[k] as Part).value));
    products.push({
      op: 'conv',
      image: images,
      kernel: joined(plain.map((k) => weights[k] as Value)),
      attrs: node.attrs,
    });
  }
  for (const [k, { value, scale }] of parts.entries()) {
    if (!scale) continue;
    const kernel = build.emit('upsample_kernel', [weights[k] as Value], { scale });
    products.push({ op: 'conv_transpose', image: value, kernel, attrs: transposedAttrs(node, window, scale) });
  }
  writeSum(node, products, build);
}
