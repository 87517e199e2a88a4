import { squaredDistances } from './distance.js';
import { advance, boundingBox, checkGrid, crop, type Region, stridesOf } from './grid.js';
import { percentile } from './statistics.js';

/** Distances between the boundaries of two masks, in the units of their spacing. */
export interface SurfaceDistances {
  /** Hausdorff distance: the largest distance from one boundary to the other. */
  readonly hd: number;
  /** The larger of the two directions' 95th percentiles. */
  readonly hd95: number;
  /** Average symmetric surface distance: the mean over both boundaries' places. */
  readonly assd: number;
  /** Normalized surface Dice: the share of both boundaries' places within `tolerance` of the other boundary. */
  readonly nsd: number;
}

export interface SurfaceOptions {
  /** Any rank, row-major. */
  readonly shape: readonly number[];
  /** One for each axis; absent: 1, so that distances are in pixels. */
  readonly spacing?: readonly number[];
  /** In the units of `spacing`. */
  readonly tolerance: number;
}

/**
 * How far the boundaries of two masks lie apart. A boundary is made of the places of a mask that have a face neighbour outside
 * of it (what lies outside the image is outside the mask), as in MONAI; each place counts once.
 *
 * Both masks empty: NaN in all. One empty: distances are infinite and `nsd` is 0.
 */
export function surfaceDistances(a: Region, b: Region, options: SurfaceOptions): SurfaceDistances {
  const { shape, tolerance } = options;
  const spacing = options.spacing ?? shape.map(() => 1);
  checkGrid(a.length, shape, spacing);
  checkGrid(b.length, shape, spacing);
  const box = boundingBox([a, b], shape);
  if (!box) return { hd: Number.NaN, hd95: Number.NaN, assd: Number.NaN, nsd: Number.NaN };
  // Nothing lies beyond the box, so that distances within it are those in the whole image.
  const edgeA = boundary(crop(a, shape, box), box.shape);
  const edgeB = boundary(crop(b, shape, box), box.shape);
  const there = distancesFrom(edgeA, edgeB, box.shape, spacing);
  const back = distancesFrom(edgeB, edgeA, box.shape, spacing);
  if (there.length === 0 || back.length === 0) {
    return { hd: Number.POSITIVE_INFINITY, hd95: Number.POSITIVE_INFINITY, assd: Number.POSITIVE_INFINITY, nsd: 0 };
  }
  let sum = 0;
  let within = 0;
  for (const list of [there, back]) {
    for (const d of list) {
      sum += d;
      if (d <= tolerance) within++;
    }
  }
  const count = there.length + back.length;
  return {
    hd: Math.max(there.at(-1) as number, back.at(-1) as number),
    hd95: Math.max(percentile(there, 0.95), percentile(back, 0.95)),
    assd: sum / count,
    nsd: within / count,
  };
}

/** The places of a mask with a face neighbour outside of it. */
export function boundary(mask: Region, shape: readonly number[]): Region {
  const strides = stridesOf(shape);
  const out = new Uint8Array(mask.length);
  const at = shape.map(() => 0);
  for (let k = 0; k < mask.length; k++) {
    if (mask[k]) {
      for (let a = 0; a < shape.length; a++) {
        const stride = strides[a] as number;
        const x = at[a] as number;
        if (x === 0 || x + 1 === shape[a] || !mask[k - stride] || !mask[k + stride]) {
          out[k] = 1;
          break;
        }
      }
    }
    advance(at, shape);
  }
  return out;
}

/** Distance from each place of one boundary to the other, ascending; empty if either is. */
function distancesFrom(from: Region, to: Region, shape: readonly number[], spacing: readonly number[]): Float64Array {
  const squares = squaredDistances(to, shape, spacing);
  const found: number[] = [];
  for (let k = 0; k < from.length; k++) {
    const square = squares[k] as number;
    if (from[k] && square !== Number.POSITIVE_INFINITY) found.push(Math.sqrt(square));
  }
  return Float64Array.from(found).sort();
}

/** The length of an image's diagonal: what a distance counts as where one of the masks is empty. */
export const diagonal = (shape: readonly number[], spacing: readonly number[] = shape.map(() => 1)): number =>
  Math.hypot(...shape.map((n, a) => n * (spacing[a] as number)));
