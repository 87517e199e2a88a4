import { GraphBuilder, nextId, renamed, withoutDeadNodes } from '../ir/builder.js';
import { knownShape, sameShape } from '../ir/dim.js';
import type { Graph, Node, Value } from '../ir/graph.js';
import { listAttr } from '../ops/attrs.js';

/**
 * Removes what changes nothing. Rules, each exact to the last bit:
 *   dropout(x) -> x                      (at inference)
 *   affine(x) * 1 + 0 -> x
 *   add(x), mean(x), max(x), concat(x) -> x    (one input)
 *   pad(x, 0), crop(x, 0), upsample(x, 1) -> x
 *   reshape(x) to its own shape -> x
 *   op(a...) twice with equal attributes -> once    (common subexpressions; never for operators with own parameters)
 * and one that is exact but for rounding: the input gradient of batch norm sums to 0 over each channel, which is what a bias
 * before it is told:
 *   reduce_sum(batchnorm_grad(...).dx, all but channels) -> 0
 * then drops dead nodes. Values that stay keep their ids.
 *
 * @param options.keepDropout leaves every dropout, for a model that is to be trained on elsewhere
 */
export const simplify = (graph: Graph, options: { readonly keepDropout?: boolean } = {}): Graph =>
  simplified(graph, options).graph;

/** The same, and what each value became: itself, or the one that it equals. */
export function simplified(
  graph: Graph,
  options: { readonly keepDropout?: boolean } = {},
): { readonly graph: Graph; readonly resolve: (v: Value) => Value } {
  const replaced = new Map<number, Value>();
  const resolve = (v: Value): Value => replaced.get(v.id) ?? v;
  const seen = new Map<string, Node>();
  /** Values whose sum over all but channels is 0. */
  const balanced = new Set<number>();
  const first = graph.nodes[0];
  const builder = new GraphBuilder(nextId(graph), first ? first.origin : graph.inputs[0]!.value.origin);
  for (const node of graph.nodes) {
    const inputs = node.inputs.map(resolve);
    if (options.keepDropout && node.op === 'dropout') {
      builder.carry(node, inputs);
      continue;
    }
    const same = identityOf(node, inputs);
    if (same) {
      replaced.set((node.outputs[0] as Value).id, same);
      continue;
    }
    if (node.op === 'batchnorm_grad') balanced.add((node.outputs[0] as Value).id);
    if (balanced.has(inputs[0]?.id ?? -1) && sumsChannels(node)) {
      const shape = knownShape((node.outputs[0] as Value).type.shape);
      replaced.set((node.outputs[0] as Value).id, builder.from(node.origin).emit('constant', [], { value: 0, shape }));
      continue;
    }
    const key = `${node.op}(${inputs.map((v) => v.id)})${JSON.stringify(node.attrs)}`;
    const twin = seen.get(key);
    if (twin) {
      for (const [k, o] of node.outputs.entries()) replaced.set(o.id, twin.outputs[k] as Value);
      continue;
    }
    seen.set(key, node);
    builder.carry(node, inputs);
  }
  const nodes = builder.nodes;
  return { graph: withoutDeadNodes({ ...graph, nodes, outputs: renamed(graph.outputs, resolve) }), resolve };
}

const sumsChannels = ({ op, attrs, inputs }: Node): boolean => {
  const others = (inputs[0] as Value).type.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  return op === 'reduce_sum' && listAttr(attrs, 'axes').join() === others.join();
};

/** The input that a node merely repeats, or null. */
function identityOf(node: Node, inputs: readonly Value[]): Value | null {
  const x = inputs[0];
  const y = node.outputs[0];
  if (!x || !y || !sameShape(x.type.shape, y.type.shape) || x.type.dtype !== y.type.dtype) return null;
  const zero = (v: unknown) => v === 0 || (Array.isArray(v) && v.every((n) => n === 0));
  const one = (v: unknown) => v === 1 || (Array.isArray(v) && v.every((n) => n === 1));
  switch (node.op) {
    case 'dropout':
    case 'reshape':
      return x;
    case 'affine':
      return node.attrs.scale === 1 && node.attrs.shift === 0 ? x : null;
    case 'add':
    case 'mean':
    case 'max':
    case 'concat':
      return inputs.length === 1 ? x : null;
    case 'pad':
    case 'crop':
      return zero(node.attrs.amount) ? x : null;
    case 'upsample':
      return one(node.attrs.scale) ? x : null;
    default:
      return null;
  }
}
