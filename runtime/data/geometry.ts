import type { SampleArray } from './image.js';
import type { Normalization } from './normalize.js';
import type { Size } from './picture.js';

/** One of the eight symmetries of a square: transposed or not, then mirrored in the source's rows and columns. */
export interface Symmetry {
  readonly transpose: boolean;
  readonly flipY: boolean;
  readonly flipX: boolean;
}

/** Which stretch of the source an output shows: an upright or transposed window at an integer place. */
export interface Placement extends Symmetry {
  /** First row and column of the window in the source; what lies outside is filled by reflection. */
  readonly top: number;
  readonly left: number;
}

/**
 * A free placement: an output pixel `(u, v)` from the output's centre reads the source at its own centre plus
 * `matrix * (u + dy, v + dx)`, with the matrix [yy, yx, xy, xx] and an optional displacement of each pixel.
 */
export interface Warp {
  readonly centreY: number;
  readonly centreX: number;
  readonly matrix: readonly [number, number, number, number];
  readonly displacement?: { readonly dy: Float32Array; readonly dx: Float32Array };
}

/** The source index that index i shows when 0 .. n-1 is continued by reflection, the border not repeated: 2 1 | 0 1 2 | 1 0. */
export function reflect(i: number, n: number): number {
  if (n === 1) return 0;
  const period = 2 * (n - 1);
  const folded = ((i % period) + period) % period;
  // Places between the last sample and the next, which there is none of, are turned back as well.
  return folded <= n - 1 ? folded : period - folded;
}

/** Precomputed source rows and columns of a placement, in the order in which the output walks them. */
function walk(from: Size, to: Size, place: Placement): { rows: Int32Array; columns: Int32Array } {
  const { transpose } = place;
  const height = transpose ? to.width : to.height;
  const width = transpose ? to.height : to.width;
  const rows = new Int32Array(height);
  const columns = new Int32Array(width);
  for (let a = 0; a < height; a++) {
    rows[a] = reflect(place.top + (place.flipY ? height - 1 - a : a), from.height) * from.width;
  }
  for (let b = 0; b < width; b++) columns[b] = reflect(place.left + (place.flipX ? width - 1 - b : b), from.width);
  return { rows, columns };
}

/** Copies a placement of an image's planes, normalized: exact, no interpolation. */
export function copyImage(
  data: SampleArray,
  channels: number,
  from: Size,
  place: Placement,
  normalization: Normalization,
  to: Size,
  out: Float32Array,
): void {
  const { rows, columns } = walk(from, to, place);
  const { height, width } = to;
  let at = 0;
  for (let c = 0; c < channels; c++) {
    const base = c * from.height * from.width;
    const gain = normalization.gain[c]!;
    const bias = normalization.bias[c]!;
    for (let y = 0; y < height; y++) {
      if (place.transpose) {
        const column = base + columns[y]!;
        for (let x = 0; x < width; x++) out[at++] = data[column + rows[x]!]! * gain + bias;
      } else {
        const row = base + rows[y]!;
        for (let x = 0; x < width; x++) out[at++] = data[row + columns[x]!]! * gain + bias;
      }
    }
  }
}

/** Copies the same placement of a mask's planes. */
export function copyMask(
  data: Uint8Array,
  planes: number,
  from: Size,
  place: Placement,
  to: Size,
  out: Uint8Array,
): void {
  const { rows, columns } = walk(from, to, place);
  let at = 0;
  for (let plane = 0; plane < planes; plane++) {
    const base = plane * from.height * from.width;
    for (let y = 0; y < to.height; y++) {
      for (let x = 0; x < to.width; x++) {
        out[at++] = data[base + (place.transpose ? rows[x]! + columns[y]! : rows[y]! + columns[x]!)]!;
      }
    }
  }
}

/** Where each output pixel reads the source, reflected into it: what image and mask share in one resampling pass. */
export function warpPositions(from: Size, to: Size, warp: Warp): { ys: Float32Array; xs: Float32Array } {
  const { height, width } = to;
  const [yy, yx, xy, xx] = warp.matrix;
  const ys = new Float32Array(height * width);
  const xs = new Float32Array(height * width);
  const dy = warp.displacement?.dy;
  const dx = warp.displacement?.dx;
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const u = y - (height - 1) / 2 + (dy === undefined ? 0 : dy[at]!);
      const v = x - (width - 1) / 2 + (dx === undefined ? 0 : dx[at]!);
      const sy = warp.centreY + yy * u + yx * v;
      const sx = warp.centreX + xy * u + xx * v;
      ys[at] = sy >= 0 && sy <= from.height - 1 ? sy : reflect(sy, from.height);
      xs[at] = sx >= 0 && sx <= from.width - 1 ? sx : reflect(sx, from.width);
    }
  }
  return { ys, xs };
}

/** Bilinear samples of an image's planes at these positions, normalized. */
export function warpImage(
  data: SampleArray,
  channels: number,
  from: Size,
  positions: { readonly ys: Float32Array; readonly xs: Float32Array },
  normalization: Normalization,
  out: Float32Array,
): void {
  const { ys, xs } = positions;
  const area = ys.length;
  const { height, width } = from;
  for (let p = 0; p < area; p++) {
    const y = ys[p]!;
    const x = xs[p]!;
    const top = Math.floor(y);
    const left = Math.floor(x);
    const fy = y - top;
    const fx = x - left;
    const right = left + 1 < width ? 1 : 0;
    const below = top + 1 < height ? width : 0;
    let at = top * width + left;
    for (let c = 0; c < channels; c++) {
      const upper = data[at]! * (1 - fx) + data[at + right]! * fx;
      const lower = data[at + below]! * (1 - fx) + data[at + below + right]! * fx;
      out[c * area + p] = (upper + (lower - upper) * fy) * normalization.gain[c]! + normalization.bias[c]!;
      at += height * width;
    }
  }
}

/** The nearest samples of a mask's planes at these positions: no new value appears. */
export function warpMask(
  data: Uint8Array,
  planes: number,
  from: Size,
  positions: { readonly ys: Float32Array; readonly xs: Float32Array },
  out: Uint8Array,
): void {
  const { ys, xs } = positions;
  const area = ys.length;
  for (let p = 0; p < area; p++) {
    let at = Math.floor(ys[p]! + 0.5) * from.width + Math.floor(xs[p]! + 0.5);
    for (let plane = 0; plane < planes; plane++) {
      out[plane * area + p] = data[at]!;
      at += from.height * from.width;
    }
  }
}
