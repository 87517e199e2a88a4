import type { Random } from '../../../compiler/random.js';
import { smoothField } from '../smooth-field.js';
import { blur } from './blur.js';
import type { Field } from './scene.js';

/** DNA stain under a wide-field microscope: bright nuclei, light from out of focus, vignetting, photon and camera noise. */
export function paintFluorescence(random: Random, field: Field): Uint8Array {
  const { size, owner, depth, nuclei, radius } = field;
  const area = size * size;
  const exposure = Math.exp(random.uniform(Math.log(40), Math.log(210)));
  const chromatin = random.uniform(0.06, 0.22);
  const coarse = smoothField(random, size, size, Math.max(2, radius * 0.55));
  const fine = smoothField(random, size, size, Math.max(1.5, radius * 0.2));

  const light = new Float32Array(area);
  for (let p = 0; p < area; p++) {
    if (owner[p] === 0) continue;
    const nucleus = nuclei[owner[p]! - 1]!;
    // A flattened ball: thick in the middle, thin at the edge.
    const thickness = 0.45 + 0.55 * Math.sqrt(Math.min(1, 1.6 * depth[p]!));
    const texture = Math.exp(chromatin * (0.8 * coarse[p]! + 0.6 * fine[p]!));
    light[p] = nucleus.tone * thickness * texture;
  }
  const sharp = blur(light, size, random.uniform(0.6, 1.0) + 0.02 * radius);
  const haze = blur(light, size, radius * random.uniform(0.6, 1.2));
  const hazeShare = random.uniform(0.03, 0.14);
  const vignette = illumination(random, size);
  const debris = smoothField(random, size, size, radius * 2.5);

  const floor = random.uniform(3, 14);
  // Photons a grey level: fewer give more of the noise that grows with the signal.
  const photons = random.uniform(1.5, 9);
  const reading = random.uniform(0.4, 2.2);
  const rgb = new Uint8Array(3 * area);
  for (let p = 0; p < area; p++) {
    const signal = exposure * ((1 - hazeShare) * sharp[p]! + hazeShare * haze[p]!) + floor * (1 + 0.12 * debris[p]!);
    const lit = Math.max(0, signal * vignette[p]!);
    const value = lit + random.normal() * Math.sqrt(lit / photons + reading * reading);
    rgb.fill(Math.max(0, Math.min(255, Math.round(value))), 3 * p, 3 * p + 3);
  }
  return rgb;
}

/** Brightest somewhere near the middle, weaker towards the far corners. */
function illumination(random: Random, size: number): Float32Array {
  const y0 = size * random.uniform(0.25, 0.75);
  const x0 = size * random.uniform(0.25, 0.75);
  const fall = random.uniform(0.1, 0.55);
  const out = new Float32Array(size * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const square = ((y - y0) ** 2 + (x - x0) ** 2) / (size * size);
      out[y * size + x] = 1 - fall * Math.min(1, square);
    }
  }
  return out;
}
