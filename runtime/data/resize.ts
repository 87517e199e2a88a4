import { makePicture, type SampleArray, samplesLike } from './image.js';
import type { Mask, Picture, Size } from './picture.js';
import { planesOf } from './picture.js';

/**
 * Resizes by bilinear interpolation whose triangle widens with the reduction, so that nothing is skipped when an image
 * shrinks: the filter of Pillow's BILINEAR and of torch's `interpolate(mode="bilinear", antialias=True)`. Samples stay in
 * their own bits, rounded once.
 */
export function resizePicture(picture: Picture, size: Size): Picture {
  const { channels, height, width } = picture;
  if (height === size.height && width === size.width) return picture;
  const exact = resizePlanes(picture.data, channels, picture, size);
  return makePicture(channels, size.height, size.width, rounded(exact, picture.data), picture.range);
}

/** Samples in the type of others, rounded half up; floats stay as they are. */
function rounded(exact: Float32Array, like: SampleArray): SampleArray {
  if (like instanceof Float32Array) return exact;
  const data = samplesLike(like, exact.length);
  // Unsigned samples are cut towards 0 as they are stored, which after adding a half is the same as `floor`.
  if (like instanceof Int16Array) for (let i = 0; i < data.length; i++) data[i] = Math.floor(exact[i]! + 0.5);
  else for (let i = 0; i < data.length; i++) data[i] = exact[i]! + 0.5;
  return data;
}

/** Resizes a mask by the nearest pixel (centres aligned, torch's `nearest-exact`), which makes no value that was not there. */
export function resizeMask(mask: Mask, size: Size): Mask {
  if (mask.height === size.height && mask.width === size.width) return mask;
  const rows = nearest(mask.height, size.height);
  const columns = nearest(mask.width, size.width);
  const resized = (from: Uint8Array, planes: number): Uint8Array => {
    const data = new Uint8Array(planes * size.height * size.width);
    let to = 0;
    for (let plane = 0; plane < planes; plane++) {
      for (const y of rows) {
        const row = (plane * mask.height + y) * mask.width;
        for (const x of columns) data[to++] = from[row + x]!;
      }
    }
    return data;
  };
  const ignore = mask.ignore && { ignore: resized(mask.ignore, 1) };
  const data = resized(mask.data, planesOf(mask));
  return { kind: mask.kind, classes: mask.classes, height: size.height, width: size.width, data, ...ignore };
}

/** The same bilinear resize on planes of any numbers, such as predicted probabilities; answers floats. */
export function resizePlanes(data: SampleArray, planes: number, from: Size, to: Size): Float32Array {
  const across = taps(from.width, to.width);
  const down = taps(from.height, to.height);
  const out = new Float32Array(planes * to.height * to.width);
  const narrow = new Float32Array(from.height * to.width);
  for (let plane = 0; plane < planes; plane++) {
    const base = plane * from.height * from.width;
    for (let y = 0; y < from.height; y++) {
      const row = base + y * from.width;
      for (let x = 0; x < to.width; x++) {
        let sum = 0;
        const first = across.first[x]!;
        for (let k = 0; k < across.count; k++) sum += across.weights[x * across.count + k]! * data[row + first + k]!;
        narrow[y * to.width + x] = sum;
      }
    }
    for (let y = 0; y < to.height; y++) {
      const target = (plane * to.height + y) * to.width;
      for (let k = 0; k < down.count; k++) {
        const weight = down.weights[y * down.count + k]!;
        if (weight === 0) continue;
        const row = (down.first[y]! + k) * to.width;
        for (let x = 0; x < to.width; x++) out[target + x] = out[target + x]! + weight * narrow[row + x]!;
      }
    }
  }
  return out;
}

/** For each output position the first input it reads, and `count` weights of sum 1 from there on. */
function taps(from: number, to: number): { first: Int32Array; weights: Float32Array; count: number } {
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

const nearest = (from: number, to: number): number[] =>
  Array.from({ length: to }, (_, i) => Math.min(from - 1, Math.floor(((i + 0.5) * from) / to)));
