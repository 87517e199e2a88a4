import { knownShape } from '../../ir/dim.js';
import type { Param } from '../../ir/graph.js';
import { numbersOf, reordered } from '../shared.js';
import { filterOrder, type Order, permutation } from './layout.js';

/** A stretch of a flat arena and the shape of what lies in it. */
interface Slot {
  readonly offset: number;
  readonly length: number;
  readonly shape: readonly number[];
}

/**
 * A flat arena of the IR's order in TensorFlow's, or back: parameters of rank 3 and more are filters, [O, I, ...kernel] there
 * and [...kernel, I, O] here. Written into `out`, which is returned.
 */
export function reorderedArena(
  arena: Float32Array,
  slots: readonly Slot[],
  direction: 'to-tensorflow' | 'from-tensorflow',
  out: Float32Array = new Float32Array(arena.length),
): Float32Array {
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
export const weightOf = (param: Param, order: Order, weights: ReadonlyMap<string, Float32Array>): Float32Array =>
  reordered(numbersOf(param, weights), knownShape(param.type.shape), order);
