import type { Dim } from '../../ir/dim.js';
import type { Graph, Node, Value } from '../../ir/graph.js';
import type { OpName } from '../../ops/index.js';

/**
 * Where each axis of an IR value stands in TensorFlow's: `order[k]` is the IR axis at place k. The IR is channels-first;
 * TensorFlow's CPU kernels are channels-last.
 *
 *   images   [N, C, ...space] -> [N, ...space, C]
 *   filters  [O, I, ...kernel] -> [...kernel, I, O]
 *   anything of rank below 3 as it is
 */
export type Order = readonly number[];

const identity = (rank: number): Order => Array.from({ length: rank }, (_, k) => k);

export const imageOrder = (rank: number): Order => (rank < 3 ? identity(rank) : [0, ...identity(rank).slice(2), 1]);

/** Also of the filters of transposed convolutions, [I, O, ...kernel] -> [...kernel, O, I]. */
export const filterOrder = (rank: number): Order => (rank < 3 ? identity(rank) : [...identity(rank).slice(2), 1, 0]);

export const sameOrder = (a: Order, b: Order): boolean => a.length === b.length && a.every((axis, k) => axis === b[k]);

/** The permutation that takes a tensor in order `from` to order `to`. */
export const permutation = (from: Order, to: Order): number[] => to.map((axis) => from.indexOf(axis));

export const inOrder = <T>(list: readonly T[], order: Order): T[] => order.map((axis) => list[axis] as T);

/** Of filters they make filters, of images images. */
const keepsLayout: ReadonlySet<OpName> = new Set([
  'cast',
  'dequantize',
  'split',
  'concat',
  'add',
  'upsample_kernel',
  'upsample_kernel_grad',
]);

export class Layout {
  readonly #filters: ReadonlySet<number>;

  /** Values that convolutions read as a filter, or write as the gradient of one, are filters; all others images. */
  constructor(graph: Graph) {
    const filters = new Set<number>();
    for (const { op, inputs, outputs } of graph.nodes) {
      if (op === 'conv' || op === 'conv_transpose' || op === 'conv_input_grad') filters.add((inputs[1] as Value).id);
      if (op === 'conv_filter_grad' || op === 'upsample_kernel') filters.add((outputs[0] as Value).id);
      if (op === 'upsample_kernel_grad') filters.add((inputs[0] as Value).id);
    }
    // What is made of filters is one still: what convolutions read, back to where it came from, and what they write, on.
    const alike = graph.nodes.filter(({ op }) => keepsLayout.has(op));
    const spread = ({ inputs, outputs }: Node): void => {
      const all = [...inputs, ...outputs];
      if (all.some((v) => filters.has(v.id))) for (const v of all) filters.add(v.id);
    };
    for (const node of alike.toReversed()) spread(node);
    for (const node of alike) spread(node);
    this.#filters = filters;
  }

  orderOf(value: Value): Order {
    const rank = value.type.shape.length;
    return this.#filters.has(value.id) ? filterOrder(rank) : imageOrder(rank);
  }

  /** The value's shape in TensorFlow's layout. */
  shapeOf(value: Value): Dim[] {
    return inOrder(value.type.shape, this.orderOf(value));
  }
}
