import type { Graph, Node } from '../../ir/graph.js';
import type { OpName } from '../../ops/index.js';

const products: ReadonlySet<OpName> = new Set(['conv', 'conv_transpose']);
const activations: ReadonlySet<OpName> = new Set(['relu', 'leaky_relu', 'sigmoid', 'tanh']);

/**
 * Nodes that engines compute within the convolution before them, so that they take no time of their own: a batch norm with
 * fixed statistics, the sum with another convolution, then one activation, if the values between have no other consumer. ONNX Runtime
 * fuses them when it loads a model, TensorFlow's remapper does the same.
 */
export function fusedNodes(graph: Graph): ReadonlySet<Node> {
  const uses = new Map<number, number>();
  const count = (id: number): void => void uses.set(id, (uses.get(id) ?? 0) + 1);
  for (const node of graph.nodes) for (const v of node.inputs) count(v.id);
  for (const { value } of graph.outputs) count(value.id);
  /** By the value that a convolution, with what is fused into it, makes. */
  const open = new Map<number, 'product' | 'normalized'>();
  const fused = new Set<Node>();
  const isSum = ({ op, inputs }: Node): boolean =>
    op === 'add' && inputs.length === 2 && inputs.every((v) => uses.get(v.id) === 1 && open.has(v.id));
  for (const node of graph.nodes) {
    const made = node.outputs[0]?.id ?? -1;
    const read = node.inputs[0]?.id ?? -1;
    const before = uses.get(read) === 1 ? open.get(read) : undefined;
    if (products.has(node.op)) open.set(made, 'product');
    else if (node.op === 'batchnorm' && before === 'product') {
      fused.add(node);
      open.set(made, 'normalized');
    } else if (isSum(node)) {
      fused.add(node);
      open.set(made, 'normalized');
    } else if (activations.has(node.op) && before) fused.add(node);
  }
  return fused;
}
