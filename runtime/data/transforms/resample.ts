import { type Grid, type SampleArray, samplesLike, volumeOf } from '../image.js';
import { moved } from './crop.js';

/** Another number of samples over the same extent. Its inverse brings the shape back, and the values but for what was lost. */
export interface Resample {
  readonly kind: 'resample';
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** What gives a grid this spacing, as nearly as whole samples allow. @param spacing millimetres, slowest axis first */
export function toSpacing(grid: Pick<Grid, 'shape' | 'spacing'>, spacing: readonly number[]): Resample {
  const { shape: from } = grid;
  const own = grid.spacing ?? spacing;
  return {
    kind: 'resample',
    from,
    to: from.map((length, axis) => Math.max(1, Math.round((length * own[axis]!) / spacing[axis]!))),
  };
}

export const invertResample = ({ from, to }: Resample): Resample => ({ kind: 'resample', from: to, to: from });

/**
 * Images by linear interpolation whose triangle widens with the reduction, in their own type, rounded once; labels by the
 * nearest sample, which makes no value that was not there.
 */
export function applyResample<T extends SampleArray>(
  grid: Grid<T>,
  { from, to }: Resample,
  what: 'image' | 'labels',
): Grid<T> {
  if (from.every((length, axis) => length === to[axis])) return grid;
  const { channels, data, spacing, orientation } = grid;
  const out =
    what === 'labels' ? nearest(data, channels, from, to) : roundedLike(linear(data, channels, from, to), data);
  const scale = from.map((length, axis) => length / to[axis]!);
  return {
    channels,
    shape: to,
    data: out,
    ...(spacing ? { spacing: spacing.map((value, axis) => value * scale[axis]!) } : {}),
    // The first sample's centre moves: a sample of twice the length starts at the same border.
    ...(orientation
      ? {
          orientation: moved(
            orientation,
            spacing,
            scale.map((s) => (s - 1) / 2),
          ),
        }
      : {}),
  };
}

/** Samples in the type of others, rounded half up; floats stay as they are. */
export function roundedLike<T extends SampleArray>(exact: Float32Array, like: T): T {
  if (like instanceof Float32Array) return exact as unknown as T;
  const data = samplesLike(like, exact.length);
  // Unsigned samples are cut towards 0 as they are stored, which after adding a half is the same as `floor`.
  if (like instanceof Int16Array) for (let i = 0; i < data.length; i++) data[i] = Math.floor(exact[i]! + 0.5);
  else for (let i = 0; i < data.length; i++) data[i] = exact[i]! + 0.5;
  return data;
}

/** Linear resampling of planes or volumes of any numbers, axis by axis from the fastest on; answers floats. */
export function linear(
  data: SampleArray,
  channels: number,
  from: readonly number[],
  to: readonly number[],
): Float32Array {
  const rank = from.length;
  let source: SampleArray = data;
  let shape = [...from];
  for (let axis = rank - 1; axis >= 0; axis--) {
    const tap = taps(from[axis]!, to[axis]!);
    const next = [...shape];
    next[axis] = to[axis]!;
    const outer = channels * volumeOf(shape.slice(0, axis));
    const inner = volumeOf(shape.slice(axis + 1));
    const out = new Float32Array(channels * volumeOf(next));
    if (inner === 1) along(source, out, outer, from[axis]!, to[axis]!, tap);
    else across(source, out, outer, inner, from[axis]!, to[axis]!, tap);
    source = out;
    shape = next;
  }
  return source as Float32Array;
}

/** Along the fastest axis: each result is one sum in double precision. */
function along(data: SampleArray, out: Float32Array, rows: number, from: number, to: number, tap: Taps): void {
  const { first, weights, count } = tap;
  for (let row = 0, at = 0; row < rows; row++) {
    for (let x = 0; x < to; x++) {
      let sum = 0;
      const start = row * from + first[x]!;
      for (let k = 0; k < count; k++) sum += weights[x * count + k]! * data[start + k]!;
      out[at++] = sum;
    }
  }
}

/** Along a slower axis: whole rows of `inner` samples are added, which stay in the cache. */
function across(
  data: SampleArray,
  out: Float32Array,
  outer: number,
  inner: number,
  from: number,
  to: number,
  { first, weights, count }: Taps,
): void {
  for (let o = 0; o < outer; o++) {
    for (let y = 0; y < to; y++) {
      const target = (o * to + y) * inner;
      for (let k = 0; k < count; k++) {
        const weight = weights[y * count + k]!;
        if (weight === 0) continue;
        const row = (o * from + first[y]! + k) * inner;
        for (let x = 0; x < inner; x++) out[target + x] = out[target + x]! + weight * data[row + x]!;
      }
    }
  }
}

/** Nearest samples, centres aligned (torch's `nearest-exact`). */
export function nearest<T extends SampleArray>(
  data: T,
  channels: number,
  from: readonly number[],
  to: readonly number[],
): T {
  const maps = from.map((length, axis) => {
    const stride = volumeOf(from.slice(axis + 1));
    const n = to[axis]!;
    return Array.from({ length: n }, (_, i) => Math.min(length - 1, Math.floor(((i + 0.5) * length) / n)) * stride);
  });
  const out = samplesLike(data, channels * volumeOf(to));
  const volume = volumeOf(from);
  let at = 0;
  const walk = (axis: number, start: number): void => {
    const map = maps[axis]!;
    if (axis === maps.length - 1) for (const x of map) out[at++] = data[start + x]!;
    else for (const x of map) walk(axis + 1, start + x);
  };
  for (let c = 0; c < channels; c++) walk(0, c * volume);
  return out;
}

interface Taps {
  readonly first: Int32Array;
  readonly weights: Float32Array;
  readonly count: number;
}

/**
 * For each output position the first input it reads, and `count` weights of sum 1 from there on: the filter of Pillow's
 * BILINEAR and of torch's `interpolate(mode="bilinear", antialias=True)`.
 */
function taps(from: number, to: number): Taps {
  const scale = from / to;
  const reach = Math.max(scale, 1);
  const count = Math.min(from, Math.ceil(2 * reach) + 1);
  const first = new Int32Array(to);
  const weights = new Float32Array(to * count);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const start = Math.max(0, Math.min(from - count, Math.floor(centre - reach + 0.5)));
    first[i] = start;
    let sum = 0;
    for (let k = 0; k < count; k++) sum += Math.max(0, 1 - Math.abs((start + k + 0.5 - centre) / reach));
    for (let k = 0; k < count; k++) {
      weights[i * count + k] = Math.max(0, 1 - Math.abs((start + k + 0.5 - centre) / reach)) / sum;
    }
  }
  return { first, weights, count };
}
