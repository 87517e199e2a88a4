import { knownShape } from '../../ir/dim.js';
import type { Param } from '../../ir/graph.js';
import { filterOrder, type Order, permutation } from './layout.js';

/**
 * The elements of a row-major tensor of `shape`, rewritten row-major in `order`. The same array comes back where nothing
 * moves.
 */
export function reordered(data: Float32Array, shape: readonly number[], order: Order): Float32Array {
  if (order.every((axis, k) => axis === k)) return data;
  const strides = shape.map((_, k) => shape.slice(k + 1).reduce((a, b) => a * b, 1));
  const sizes = order.map((axis) => shape[axis] as number);
  const steps = order.map((axis) => strides[axis] as number);
  const out = new Float32Array(data.length);
  const inner = sizes.length - 1;
  const [lastSize, lastStep] = [sizes[inner] as number, steps[inner] as number];
  const index = new Array<number>(inner).fill(0);
  let from = 0;
  for (let at = 0; at < out.length; ) {
    for (let i = 0, f = from; i < lastSize; i++, f += lastStep) out[at++] = data[f] as number;
    for (let k = inner - 1; k >= 0; k--) {
      from += steps[k] as number;
      index[k] = (index[k] as number) + 1;
      if ((index[k] as number) < (sizes[k] as number)) break;
      from -= (steps[k] as number) * (sizes[k] as number);
      index[k] = 0;
    }
  }
  return out;
}

/** A stretch of a flat arena and the shape of what lies in it. */
interface Slot {
  readonly offset: number;
  readonly length: number;
  readonly shape: readonly number[];
}

/**
 * A flat arena of the IR's order in TensorFlow's, or back: parameters of rank 3 and more are filters, [O, I, ...kernel] there
 * and [...kernel, I, O] here.
 */
export function reorderedArena(
  arena: Float32Array,
  slots: readonly Slot[],
  direction: 'to-tensorflow' | 'from-tensorflow',
): Float32Array {
  const out = arena.slice();
  for (const { offset, length, shape } of slots) {
    const there = filterOrder(shape.length);
    const part = arena.subarray(offset, offset + length);
    if (direction === 'to-tensorflow') out.set(reordered(part, shape, there), offset);
    else {
      const plain = shape.map((_, k) => k);
      out.set(
        reordered(
          part,
          there.map((axis) => shape[axis] as number),
          permutation(there, plain),
        ),
        offset,
      );
    }
  }
  return out;
}

/** A parameter's numbers in TensorFlow's order; throws if there are none, or too few. */
export function weightOf(param: Param, order: Order, weights: ReadonlyMap<string, Float32Array>): Float32Array {
  const { path } = param.origin;
  const shape = knownShape(param.type.shape);
  const data = weights.get(path);
  const length = shape.reduce((a, b) => a * b, 1);
  if (data?.length !== length) throw new Error(`${path} needs ${length} numbers, there are ${data?.length ?? 'none'}`);
  return reordered(data, shape, order);
}
