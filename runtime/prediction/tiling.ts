import { reflect } from '../data/geometry.js';

/**
 * Sliding-window arithmetic: how an image of any size is covered by tiles a network takes, and how their answers are
 * blended. After nnU-Net (Isensee et al., Nature Methods 2021): tiles overlap, and a tile's pixels weigh less towards
 * its border, where the network saw less of their surroundings.
 */

/** Where tiles of length `tile` start so that 0 .. length - 1 is covered, at most `stride` apart and evenly spread. */
export function tileStarts(length: number, tile: number, stride: number): number[] {
  if (length <= tile) return [0];
  const count = Math.ceil((length - tile) / Math.max(1, stride)) + 1;
  return Array.from({ length: count }, (_, k) => Math.round((k * (length - tile)) / (count - 1)));
}

/** `gaussian`: exp(-d^2 / 2 sigma^2), d from the tile's middle, sigma = tile / 8, never below 1e-3; `linear`: a tent. */
export type Blending = 'gaussian' | 'linear';

/** Weights of a tile's positions along one axis, in (0, 1]. */
export function blendWeights(tile: number, blending: Blending = 'gaussian'): Float64Array {
  const middle = (tile - 1) / 2;
  const sigma = tile / 8;
  return Float64Array.from({ length: tile }, (_, k) => {
    const d = Math.abs(k - middle);
    return blending === 'linear' ? 1 - d / (middle + 1) : Math.max(1e-3, Math.exp((-d * d) / (2 * sigma * sigma)));
  });
}

/** Channels of two spatial dimensions, row-major: [channels, height, width]. */
export interface Plane {
  readonly data: Float32Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** A rectangle of a plane, which may reach beyond it: what lies outside is the plane reflected. */
export function cut(plane: Plane, top: number, left: number, height: number, width: number): Plane {
  const data = new Float32Array(plane.channels * height * width);
  const columns = Int32Array.from({ length: width }, (_, x) => reflect(left + x, plane.width));
  let at = 0;
  for (let c = 0; c < plane.channels; c++) {
    for (let y = 0; y < height; y++) {
      const row = (c * plane.height + reflect(top + y, plane.height)) * plane.width;
      for (let x = 0; x < width; x++) data[at++] = plane.data[row + (columns[x] as number)] as number;
    }
  }
  return { data, channels: plane.channels, height, width };
}

export interface TilePlan {
  /** Size of every tile; the network must take it. */
  readonly height: number;
  readonly width: number;
  /** Where tiles start, in the image's coordinates; negative where padding comes before. */
  readonly tops: readonly number[];
  readonly lefts: readonly number[];
}

/**
 * Covers an image: with one tile where it fits (padded to the next valid size, as much before as after), else with tiles
 * that overlap by `overlap` of their size.
 * @param tile wanted tile size, or null: as large as the image
 * @param validSize the smallest size the network takes that is at least n, by axis (0 height, 1 width)
 */
export function planTiles(
  height: number,
  width: number,
  tile: readonly [number, number] | null,
  validSize: (n: number, axis: 0 | 1) => number,
  overlap = 0.5,
): TilePlan {
  const axis = (length: number, wanted: number, k: 0 | 1): { size: number; starts: number[] } => {
    const size = validSize(Math.min(length, wanted), k);
    if (size >= length) return { size, starts: [-Math.floor((size - length) / 2)] };
    return { size, starts: tileStarts(length, size, Math.max(1, Math.round(size * (1 - overlap)))) };
  };
  const rows = axis(height, tile?.[0] ?? height, 0);
  const columns = axis(width, tile?.[1] ?? width, 1);
  return { height: rows.size, width: columns.size, tops: rows.starts, lefts: columns.starts };
}

/** Blends tiles into a plane of the image's size: at each pixel the weighted mean of the tiles that cover it. */
export class Blender {
  private readonly rows: Float64Array;
  private readonly columns: Float64Array;
  private readonly sums: Float32Array;
  private readonly weights: Float32Array;

  constructor(
    private readonly channels: number,
    private readonly height: number,
    private readonly width: number,
    private readonly plan: TilePlan,
    blending: Blending = 'gaussian',
  ) {
    this.rows = blendWeights(plan.height, blending);
    this.columns = blendWeights(plan.width, blending);
    this.sums = new Float32Array(channels * height * width);
    this.weights = new Float32Array(height * width);
  }

  /** Adds a tile's answer, [channels, plan.height, plan.width], at its place in the image. */
  add(tile: Float32Array, top: number, left: number): void {
    const { height: rows, width: columns } = this.plan;
    const pixels = this.height * this.width;
    for (let y = Math.max(0, -top); y < rows && top + y < this.height; y++) {
      for (let x = Math.max(0, -left); x < columns && left + x < this.width; x++) {
        const weight = (this.rows[y] as number) * (this.columns[x] as number);
        const at = (top + y) * this.width + left + x;
        this.weights[at] = (this.weights[at] as number) + weight;
        for (let c = 0; c < this.channels; c++) {
          const k = c * pixels + at;
          this.sums[k] = (this.sums[k] as number) + weight * (tile[(c * rows + y) * columns + x] as number);
        }
      }
    }
  }

  finish(): Plane {
    const { channels, height, width } = this;
    const pixels = height * width;
    for (let k = 0; k < this.sums.length; k++)
      this.sums[k] = (this.sums[k] as number) / (this.weights[k % pixels] as number);
    return { data: this.sums, channels, height, width };
  }
}
