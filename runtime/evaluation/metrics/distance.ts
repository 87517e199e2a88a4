import { checkGrid, type Region, sizeOf, stridesOf } from './grid.js';

/**
 * Squared Euclidean distance from each place to the nearest one that is set, exact, in the units of `spacing`; infinite
 * everywhere if none is. One axis after another by the lower envelope of parabolas, linear in the number of places
 * (Felzenszwalb & Huttenlocher, "Distance transforms of sampled functions", Theory of Computing 2012).
 *
 * @param shape of any rank, row-major
 * @param spacing between neighbours along each axis
 */
export function squaredDistances(mask: Region, shape: readonly number[], spacing: readonly number[]): Float64Array {
  checkGrid(mask.length, shape, spacing);
  const out = Float64Array.from(mask, (set) => (set ? 0 : Number.POSITIVE_INFINITY));
  const strides = stridesOf(shape);
  const longest = Math.max(1, ...shape);
  const line = new Float64Array(longest);
  const peaks = new Int32Array(longest);
  const from = new Float64Array(longest);
  for (const [axis, length] of shape.entries()) {
    if (length === 1) continue;
    const stride = strides[axis] as number;
    const step = spacing[axis] as number;
    const block = stride * length;
    for (let outer = 0; outer < sizeOf(shape); outer += block) {
      for (let inner = 0; inner < stride; inner++) {
        alongLine(out, outer + inner, stride, length, step * step, { line, peaks, from });
      }
    }
  }
  return out;
}

interface Scratch {
  readonly line: Float64Array;
  /** Where the parabolas of the envelope stand. */
  readonly peaks: Int32Array;
  /** From where on each of them is the lowest. */
  readonly from: Float64Array;
}

/** min over q of f(q) + square (p - q)^2 at every p of one line, in place. */
function alongLine(
  values: Float64Array,
  start: number,
  stride: number,
  length: number,
  square: number,
  { line, peaks, from }: Scratch,
): void {
  let count = 0;
  for (let q = 0; q < length; q++) {
    const f = values[start + q * stride] as number;
    line[q] = f;
    // A parabola at infinity is never the lowest.
    if (f === Number.POSITIVE_INFINITY) continue;
    let meets = Number.NEGATIVE_INFINITY;
    while (count > 0) {
      const p = peaks[count - 1] as number;
      meets = (f - (line[p] as number) + square * (q * q - p * p)) / (2 * square * (q - p));
      if (meets > (from[count - 1] as number)) break;
      count--;
      meets = Number.NEGATIVE_INFINITY;
    }
    peaks[count] = q;
    from[count] = meets;
    count++;
  }
  if (count === 0) return;
  let k = 0;
  for (let p = 0; p < length; p++) {
    while (k + 1 < count && (from[k + 1] as number) < p) k++;
    const q = peaks[k] as number;
    values[start + p * stride] = (line[q] as number) + square * (p - q) * (p - q);
  }
}
