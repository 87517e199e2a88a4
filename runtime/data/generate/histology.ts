import type { Random } from '../../../compiler/random.js';
import { smoothField } from '../smooth-field.js';
import { blur } from './blur.js';
import type { Field } from './scene.js';

/** Optical density of the two stains in red, green and blue (Ruifrok & Johnston, 2001). */
const hematoxylin = [0.65, 0.704, 0.286] as const;
const eosin = [0.072, 0.99, 0.105] as const;

/**
 * A section stained with hematoxylin and eosin in bright field: the light that is left is 255 * 10^-density, the density
 * of each stain growing with its amount (Beer-Lambert): violet nuclei in pink, fibrous tissue with pale gaps.
 */
export function paintHistology(random: Random, field: Field): Uint8Array {
  const { size, owner, depth, nuclei, radius } = field;
  const area = size * size;
  const fibres = fibreField(random, size, radius);
  const patches = smoothField(random, size, size, radius * 5);
  const grain = smoothField(random, size, size, Math.max(1.5, radius * 0.35));
  const clumps = smoothField(random, size, size, Math.max(2, radius * 0.45));

  const gaps = random.uniform(1.0, 2.2);
  const pink = random.uniform(0.08, 0.2);
  const cytoplasm = random.uniform(0.05, 0.14);
  const violet = random.uniform(0.42, 0.75);
  const first = new Float32Array(area);
  const second = new Float32Array(area);
  for (let p = 0; p < area; p++) {
    const tissue = 1 / (1 + Math.exp(-3 * (patches[p]! + gaps)));
    second[p] = tissue * pink * Math.exp(0.22 * fibres[p]! + 0.1 * grain[p]!);
    first[p] = tissue * cytoplasm * Math.exp(0.25 * grain[p]! + 0.3 * patches[p]!);
    if (owner[p] === 0) continue;
    const nucleus = nuclei[owner[p]! - 1]!;
    // The membrane is darker than what it holds.
    const rim = 1 + 0.35 * Math.exp(-((depth[p]! / 0.16) ** 2));
    first[p] = violet * nucleus.tone * rim * Math.exp(0.24 * clumps[p]! + 0.2 * grain[p]!) * 0.9;
    second[p] = second[p]! * 0.6;
  }
  const focus = random.uniform(0.6, 1.1);
  const h = blur(first, size, focus);
  const e = blur(second, size, focus + 0.2);

  const lamp = [random.uniform(236, 250), random.uniform(232, 246), random.uniform(236, 250)] as const;
  const slope = random.uniform(-0.06, 0.06);
  const noise = random.uniform(1, 3);
  const rgb = new Uint8Array(3 * area);
  for (let p = 0; p < area; p++) {
    const light = 1 + slope * ((p % size) / size - 0.5);
    // The same noise in all channels in part: photographs are stored with their colours subsampled.
    const shared = random.normal(0, noise);
    for (let c = 0; c < 3; c++) {
      const density = h[p]! * hematoxylin[c]! + e[p]! * eosin[c]!;
      const value = lamp[c]! * light * 10 ** -density + shared + random.normal(0, 0.5 * noise);
      // The darkest that a lit slide can be is not yet black: 0 is what nobody painted.
      rgb[3 * p + c] = Math.max(1, Math.min(255, Math.round(value)));
    }
  }
  return rgb;
}

/** Noise drawn out along one direction, which itself bends over the picture: strands of collagen. */
function fibreField(random: Random, size: number, radius: number): Float32Array {
  const angle = random.uniform(0, Math.PI);
  const bend = smoothField(random, size, size, radius * 6);
  const side = 2 * size;
  const strands = smoothField(random, side, side, Math.max(2, radius * 0.4));
  const out = new Float32Array(size * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const p = y * size + x;
      const shift = bend[p]! * radius * 1.5;
      const across = -Math.sin(angle) * x + Math.cos(angle) * y + shift;
      const along = (Math.cos(angle) * x + Math.sin(angle) * y) / 5;
      const v = Math.floor(((across % side) + side) % side);
      const u = Math.floor(((along % side) + side) % side);
      out[p] = strands[v * side + u]!;
    }
  }
  return out;
}
