import { type Grid, type Orientation, type SampleArray, samplesLike, volumeOf } from '../image.js';

/** A window of a grid. It may reach beyond: there it is filled. */
export interface Crop {
  readonly kind: 'crop';
  /** Shape of what goes in. */
  readonly from: readonly number[];
  /** Where the window starts; negative before the grid. */
  readonly start: readonly number[];
  readonly shape: readonly number[];
  /** What lies outside: the grid reflected, its border not repeated; or 0. */
  readonly fill: 'reflect' | 'zero';
}

/** The smallest window that holds every sample that is not 0 in any channel; null where there is none. */
export function nonzeroCrop({ channels, shape, data }: Grid): Crop | null {
  const low = [...shape];
  const high = shape.map(() => -1);
  const volume = volumeOf(shape);
  const index = shape.map(() => 0);
  for (let p = 0; p < volume; p++) {
    let any = false;
    for (let c = 0; c < channels && !any; c++) any = data[c * volume + p] !== 0;
    if (any) {
      for (let axis = 0; axis < shape.length; axis++) {
        const i = index[axis]!;
        if (i < low[axis]!) low[axis] = i;
        if (i > high[axis]!) high[axis] = i;
      }
    }
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = index[axis]! + 1;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
  if (high[0] === -1) return null;
  return { kind: 'crop', from: shape, start: low, shape: high.map((end, axis) => end - low[axis]! + 1), fill: 'zero' };
}

/** Puts the window back where it was: what it did not show is 0. */
export const invertCrop = ({ from, start, shape }: Crop): Crop => ({
  kind: 'crop',
  from: shape,
  start: start.map((at) => 0 - at),
  shape: from,
  fill: 'zero',
});

export function applyCrop<T extends SampleArray>(grid: Grid<T>, { start, shape, fill }: Crop): Grid<T> {
  const { channels, data, spacing, orientation } = grid;
  const rank = shape.length;
  // For each axis, where each position of the window reads the grid; -1 outside.
  const maps = shape.map((length, axis) => {
    const n = grid.shape[axis]!;
    const stride = volumeOf(grid.shape.slice(axis + 1));
    return Int32Array.from({ length }, (_, k) => {
      const i = start[axis]! + k;
      if (i >= 0 && i < n) return i * stride;
      return fill === 'zero' ? -1 : reflected(i, n) * stride;
    });
  });
  const out = samplesLike(data, channels * volumeOf(shape));
  const volume = volumeOf(grid.shape);
  let to = 0;
  const walk = (axis: number, from: number): void => {
    const map = maps[axis]!;
    const skip = volumeOf(shape.slice(axis + 1));
    for (const at of map) {
      if (at < 0) to += skip;
      else if (axis === rank - 1) out[to++] = data[from + at]!;
      else walk(axis + 1, from + at);
    }
  };
  for (let c = 0; c < channels; c++) walk(0, c * volume);
  return {
    channels,
    shape,
    data: out,
    ...(spacing ? { spacing } : {}),
    ...(orientation ? { orientation: moved(orientation, spacing, start) } : {}),
  };
}

/** 2 1 | 0 1 2 | 1 0, as `reflect` of geometry.ts. */
function reflected(i: number, n: number): number {
  if (n === 1) return 0;
  const period = 2 * (n - 1);
  const folded = ((i % period) + period) % period;
  return folded < n ? folded : period - folded;
}

/** The same axes, with the sample at `index` (which need be neither whole nor inside) as the first. */
export function moved(
  { origin, directions }: Orientation,
  spacing: readonly number[] | undefined,
  index: readonly number[],
): Orientation {
  const shift = (world: number): number =>
    index.reduce((sum, at, axis) => sum + at * (spacing?.[axis] ?? 1) * directions[axis]![world]!, 0);
  return { origin: origin.map((value, world) => value + shift(world)), directions };
}
