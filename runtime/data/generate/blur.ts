import { reflect } from '../geometry.js';

/** Gaussian blur of one square plane, reflected at its border; cut at three deviations. */
export function blur(plane: Float32Array, size: number, deviation: number): Float32Array {
  const reach = Math.ceil(3 * deviation);
  if (reach < 1) return plane;
  const weights = Float32Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * deviation ** 2)),
  );
  const sum = weights.reduce((a, b) => a + b, 0);
  const across = new Float32Array(plane.length);
  const out = new Float32Array(plane.length);
  const index = Int32Array.from({ length: size + 2 * reach }, (_, i) => reflect(i - reach, size));
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      let value = 0;
      for (let k = 0; k < weights.length; k++) value += weights[k]! * plane[y * size + index[x + k]!]!;
      across[y * size + x] = value / sum;
    }
  }
  for (let y = 0; y < size; y++) {
    for (let k = 0; k < weights.length; k++) {
      const row = index[y + k]! * size;
      const weight = weights[k]! / sum;
      for (let x = 0; x < size; x++) out[y * size + x] = out[y * size + x]! + weight * across[row + x]!;
    }
  }
  return out;
}
