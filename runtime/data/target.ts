import type { Mask } from './picture.js';

/** What stands in a mask's bytes, and in a `Pair` while it is augmented, for a pixel that is left out. */
export const leftOut = 255;

/**
 * Writes what a network is trained to answer for a mask: [classes, height, width] of 0 and 1, and -1 in every channel of a
 * pixel that is left out. Labels become one plane a class (one-hot).
 *
 * @param data labels, or planes marked by `markLeftOut`
 * @param out of length classes * height * width; overwritten
 */
export function writeTarget(kind: Mask['kind'], classes: number, data: Uint8Array, out: Float32Array): void {
  const area = out.length / classes;
  if (kind === 'planes') {
    for (let i = 0; i < out.length; i++) out[i] = data[i] === leftOut ? -1 : data[i]!;
    return;
  }
  out.fill(0);
  for (let p = 0; p < area; p++) {
    const label = data[p]!;
    if (label < classes) out[label * area + p] = 1;
    else for (let k = 0; k < classes; k++) out[k * area + p] = -1;
  }
}

/** A mask whose bytes alone say what is left out, so that whatever moves pixels moves that with them. */
export function markLeftOut(mask: Mask): Mask {
  const { ignore, ...rest } = mask;
  if (ignore === undefined) return mask;
  return { ...rest, data: mask.data.map((value, i) => (ignore[i % ignore.length] === 1 ? leftOut : value)) };
}

/** `writeTarget` of a whole mask, into a new array. */
export function targetOf(mask: Mask): Float32Array {
  const out = new Float32Array(mask.classes * mask.height * mask.width);
  writeTarget(mask.kind, mask.classes, markLeftOut(mask).data, out);
  return out;
}
