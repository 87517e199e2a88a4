import type { Mask } from './picture.js';

/**
 * Writes what a network is trained to answer for a mask: [classes, height, width] of 0 and 1. Labels become one plane a
 * class (one-hot).
 *
 * @param out of length classes * height * width; overwritten
 */
export function writeTarget(kind: Mask['kind'], classes: number, data: Uint8Array, out: Float32Array): void {
  if (kind === 'planes') {
    out.set(data);
    return;
  }
  const area = out.length / classes;
  out.fill(0);
  for (let p = 0; p < area; p++) out[data[p]! * area + p] = 1;
}

/** `writeTarget` of a whole mask, into a new array. */
export function targetOf(mask: Mask): Float32Array {
  const out = new Float32Array(mask.classes * mask.height * mask.width);
  writeTarget(mask.kind, mask.classes, mask.data, out);
  return out;
}
