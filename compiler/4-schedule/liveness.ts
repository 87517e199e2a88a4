import type { Graph, Node, Value } from '../ir/graph.js';
import type { OpName } from '../ops/index.js';
import { bytesOf } from './bytes.js';

/** When a value exists: from the step that makes it to the last that reads it, both included. */
export interface Interval {
  readonly value: Value;
  readonly from: number;
  readonly to: number;
}

/** Operators whose output is their input's memory under another shape. */
export const isView = (node: Node): boolean => node.op === 'reshape';

/**
 * Operators that write over an input which nothing reads later, and that has as many bytes as their output: those for which
 * both engines do. ONNX Runtime does for no others (chains of each, by what the process grew; sums, products, roots and
 * exponentials take a new buffer there), while TensorFlow does for most that go element by element (`forward_input_or_allocate_output`
 * in cwise_ops_common.h). A batch norm at inference is here because it runs within the convolution before it (3-transform/fold.ts).
 */
const inPlace: ReadonlySet<OpName> = new Set<OpName>([
  'relu',
  'leaky_relu',
  'elu',
  'sigmoid',
  'tanh',
  'clip',
  'batchnorm',
]);

/** Whether a node may write over an input. */
export const isInPlace = (node: Node): boolean => inPlace.has(node.op);

/**
 * The live interval of every node output, by position in `order`. Some have none of their own, and extend another's: a view
 * that of the value it looks at, and an output written over a dying input (`inPlace`) that of the input. An output of the graph lives to
 * the end. Inputs and parameters are not listed: they are the caller's memory, which nothing writes over.
 */
export function liveness(graph: Graph, order: readonly Node[]): Interval[] {
  const last = lastUses(graph, order);
  const root = new Map<number, number>();
  const rootOf = (v: Value): number => root.get(v.id) ?? v.id;
  const intervals = new Map<number, { value: Value; from: number; to: number }>();
  order.forEach((node, time) => {
    const [first] = node.outputs as readonly [Value, ...Value[]];
    const over = isView(node) ? (node.inputs[0] as Value) : dyingInput(node, time);
    if (over === undefined) {
      for (const value of node.outputs) intervals.set(value.id, { value, from: time, to: last(value, time) });
      return;
    }
    root.set(first.id, rootOf(over));
    const interval = intervals.get(rootOf(over));
    if (interval) interval.to = Math.max(interval.to, last(first, time));
  });
  return [...intervals.values()];

  function dyingInput(node: Node, time: number): Value | undefined {
    if (!isInPlace(node)) return undefined;
    const bytes = bytesOf(node.outputs[0] as Value);
    return node.inputs.find((v) => {
      const interval = intervals.get(rootOf(v));
      return interval !== undefined && interval.to === time && bytesOf(interval.value) === bytes;
    });
  }
}

/** The last step that reads a value, by itself or through views of it; the end for outputs of the graph. */
function lastUses(graph: Graph, order: readonly Node[]): (value: Value, made: number) => number {
  const last = new Map<number, number>();
  for (const { value } of graph.outputs) last.set(value.id, order.length);
  const extend = (id: number, to: number): void => void last.set(id, Math.max(last.get(id) ?? 0, to));
  for (let time = order.length - 1; time >= 0; time--) {
    const node = order[time] as Node;
    const seen = isView(node) ? (last.get((node.outputs[0] as Value).id) ?? time) : time;
    for (const input of node.inputs) extend(input.id, seen);
  }
  return (value, made) => last.get(value.id) ?? made;
}
