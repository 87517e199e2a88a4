import { type Grid, type SampleArray, volumeOf } from '../image.js';
import type { Crop } from './crop.js';

/** How a grid of any size is covered by tiles of one: at every combination of starts, along each axis. */
export interface Tiles {
  readonly kind: 'tiles';
  readonly from: readonly number[];
  readonly tile: readonly number[];
  /** For each axis, where tiles start; negative where the grid is smaller than a tile and lies in its middle. */
  readonly starts: readonly (readonly number[])[];
}

/**
 * Covers a grid with tiles that overlap by `overlap` of their size, evenly spread.
 * @param tile what the network takes, along each axis
 */
export function tiled(from: readonly number[], tile: readonly number[], overlap = 0.5): Tiles {
  const starts = from.map((length, axis) => {
    const size = tile[axis]!;
    if (size >= length) return [0 - Math.floor((size - length) / 2)];
    const stride = Math.max(1, Math.round(size * (1 - overlap)));
    const count = Math.ceil((length - size) / stride) + 1;
    return Array.from({ length: count }, (_, k) => Math.round((k * (length - size)) / (count - 1)));
  });
  return { kind: 'tiles', from, tile, starts };
}

/** The windows, the slowest axis varying slowest; beyond the grid it is reflected. */
export function cropsOf({ from, tile, starts }: Tiles): Crop[] {
  let all: number[][] = [[]];
  for (const axis of starts) all = all.flatMap((start) => axis.map((at) => [...start, at]));
  return all.map((start) => ({ kind: 'crop', from, start, shape: tile, fill: 'reflect' }));
}

/** exp(-d^2 / 2 sigma^2), d from the tile's middle, sigma = tile / 8, never below 1e-3 (nnU-Net). */
function weightsOf(tile: number): Float64Array {
  const middle = (tile - 1) / 2;
  const sigma = tile / 8;
  return Float64Array.from({ length: tile }, (_, k) =>
    Math.max(1e-3, Math.exp(-((k - middle) ** 2) / (2 * sigma * sigma))),
  );
}

/** The inverse of tiling: at each position the weighted mean of the tiles that cover it, those nearer its middle more. */
export class Blend {
  private readonly sums: Float32Array;
  private readonly weights: Float32Array;
  private readonly axes: readonly Float64Array[];

  constructor(
    private readonly tiles: Tiles,
    private readonly channels: number,
  ) {
    const volume = volumeOf(tiles.from);
    this.sums = new Float32Array(channels * volume);
    this.weights = new Float32Array(volume);
    this.axes = tiles.tile.map(weightsOf);
  }

  /** Adds what was made of one window, [channels, tile]. */
  add(data: SampleArray, { start }: Crop): void {
    const { from, tile } = this.tiles;
    const rank = from.length;
    const volume = volumeOf(from);
    const area = volumeOf(tile);
    const { axes, channels, sums, weights } = this;
    const walk = (axis: number, source: number, target: number, weight: number): void => {
      const origin = start[axis]!;
      const end = Math.min(tile[axis]!, from[axis]! - origin);
      for (let k = Math.max(0, 0 - origin); k < end; k++) {
        const s = source * tile[axis]! + k;
        const t = target * from[axis]! + origin + k;
        const w = weight * axes[axis]![k]!;
        if (axis < rank - 1) walk(axis + 1, s, t, w);
        else {
          weights[t] = weights[t]! + w;
          for (let c = 0; c < channels; c++) {
            sums[c * volume + t] = sums[c * volume + t]! + w * data[c * area + s]!;
          }
        }
      }
    };
    walk(0, 0, 0, 1);
  }

  finish(): Grid<Float32Array> {
    const volume = volumeOf(this.tiles.from);
    const data = new Float32Array(this.sums.length);
    for (let i = 0; i < data.length; i++) data[i] = this.sums[i]! / this.weights[i % volume]!;
    return { channels: this.channels, shape: this.tiles.from, data };
  }
}
