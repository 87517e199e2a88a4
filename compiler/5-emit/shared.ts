import { knownShape } from '../ir/dim.js';
import type { Value } from '../ir/graph.js';

/** What emitters share. */

export const bytesOf = (data: ArrayBufferView): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

export const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);

/** Every index into a box, row-major. */
export function indices(box: readonly number[]): number[][] {
  return box.reduce<number[][]>(
    (heads, size) => heads.flatMap((head) => Array.from({ length: size }, (_, i) => [...head, i])),
    [[]],
  );
}

/** A parameter's numbers, row-major in the IR's order. Throws if there are none, or too few: callers check files before. */
export function numbersOf({ origin, type }: Value, weights: ReadonlyMap<string, Float32Array>): Float32Array {
  const data = weights.get(origin.path);
  const length = product(knownShape(type.shape));
  if (data?.length === length) return data;
  throw new Error(`${origin.path} needs ${length} numbers, there are ${data?.length ?? 'none'}`);
}

/**
 * The elements of a row-major tensor of `shape`, rewritten row-major in `order`. The same array comes back where nothing
 * moves.
 */
export function reordered(data: Float32Array, shape: readonly number[], order: readonly number[]): Float32Array {
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
