import type { Random } from '../../../compiler/random.js';

/** One nucleus: an ellipse whose outline is bent by a few harmonics. */
export interface Nucleus {
  readonly y: number;
  readonly x: number;
  /** Half axes in pixels. */
  readonly major: number;
  readonly minor: number;
  readonly angle: number;
  /** cos and sin amplitudes of the outline's harmonics 2, 3, ... as shares of the radius. */
  readonly harmonics: readonly (readonly [cos: number, sin: number])[];
  /** Its own brightness, or darkness, about 1. */
  readonly tone: number;
}

/** The nuclei of one picture and, for each pixel, which it belongs to and how deep inside it lies. */
export interface Field {
  readonly size: number;
  readonly nuclei: readonly Nucleus[];
  /** Typical radius in pixels, the scale of everything else in the picture. */
  readonly radius: number;
  /** 0: background; k: nucleus k - 1. Where two overlap, the one it lies deeper in. */
  readonly owner: Uint16Array;
  /** 1 at a nucleus's centre, 0 at its outline and outside. */
  readonly depth: Float32Array;
}

/**
 * Places nuclei in loose clusters: each next one either starts anew or touches one that is there. Two may overlap a
 * little, as cells in one focal plane do.
 */
export function drawNuclei(random: Random, size: number, crowded: boolean): Field {
  const radius = Math.max(2.5, size * random.uniform(0.035, crowded ? 0.06 : 0.085));
  const cover = crowded ? random.uniform(0.15, 0.4) : random.uniform(0.06, 0.34);
  const wanted = Math.max(2, Math.min(4000, Math.round((cover * size * size) / (Math.PI * radius * radius))));
  const spread = random.uniform(0.08, 0.25);
  const clustering = random.uniform(0.1, 0.6);
  const elongation = random.uniform(0.1, crowded ? 0.7 : 0.5);
  const irregularity = random.uniform(0.015, 0.05);
  const nuclei: Nucleus[] = [];
  for (let tries = 0; nuclei.length < wanted && tries < 30 * wanted; tries++) {
    const nucleus = drawNucleus(random, radius, spread, elongation, irregularity);
    const neighbour =
      nuclei.length > 0 && random.uniform() < clustering ? nuclei[random.int(nuclei.length)] : undefined;
    const placed = neighbour === undefined ? anywhere(random, nucleus, size) : beside(random, nucleus, neighbour);
    if (nuclei.every((other) => mayStandBy(placed, other))) nuclei.push(placed);
  }
  return { size, nuclei, radius, ...raster(nuclei, size) };
}

function drawNucleus(
  random: Random,
  radius: number,
  spread: number,
  elongation: number,
  irregularity: number,
): Nucleus {
  const own = radius * Math.exp(random.normal(0, spread));
  const stretch = 1 + Math.abs(random.normal(0, elongation));
  const harmonics = [2, 3, 4, 5, 6].map((k): [number, number] => {
    // Falling amplitudes: outlines are smooth.
    const amplitude = (irregularity * 2) / k;
    return [random.normal(0, amplitude), random.normal(0, amplitude)];
  });
  return {
    y: 0,
    x: 0,
    major: own * Math.sqrt(stretch),
    minor: own / Math.sqrt(stretch),
    angle: random.uniform(0, Math.PI),
    harmonics,
    tone: Math.exp(random.normal(0, 0.22)),
  };
}

/** Centres may lie a little outside: nuclei are cut by the border. */
function anywhere(random: Random, nucleus: Nucleus, size: number): Nucleus {
  const margin = 0.5 * nucleus.minor;
  return { ...nucleus, y: random.uniform(-margin, size + margin), x: random.uniform(-margin, size + margin) };
}

function beside(random: Random, nucleus: Nucleus, other: Nucleus): Nucleus {
  const direction = random.uniform(0, 2 * Math.PI);
  const distance = (reach(nucleus, direction + Math.PI) + reach(other, direction)) * random.uniform(0.9, 1.1);
  return {
    ...nucleus,
    y: other.y + distance * Math.sin(direction),
    x: other.x + distance * Math.cos(direction),
  };
}

function mayStandBy(a: Nucleus, b: Nucleus): boolean {
  const distance = Math.hypot(a.y - b.y, a.x - b.x);
  if (distance > a.major * 1.4 + b.major * 1.4) return true;
  const direction = Math.atan2(b.y - a.y, b.x - a.x);
  return distance > 0.88 * (reach(a, direction) + reach(b, direction + Math.PI));
}

/** The outline's distance from the centre in a direction. */
function reach(nucleus: Nucleus, direction: number): number {
  const t = direction - nucleus.angle;
  const cos = Math.cos(t);
  const sin = Math.sin(t);
  const ellipse = 1 / Math.hypot(cos / nucleus.major, sin / nucleus.minor);
  let bend = 1;
  for (const [k, [c, s]] of nucleus.harmonics.entries()) bend += c * Math.cos((k + 2) * t) + s * Math.sin((k + 2) * t);
  return ellipse * Math.max(0.5, bend);
}

function raster(nuclei: readonly Nucleus[], size: number): Pick<Field, 'owner' | 'depth'> {
  const owner = new Uint16Array(size * size);
  const depth = new Float32Array(size * size);
  for (const [index, nucleus] of nuclei.entries()) {
    const extent = nucleus.major * 1.6;
    const bottom = Math.min(size - 1, Math.ceil(nucleus.y + extent));
    const right = Math.min(size - 1, Math.ceil(nucleus.x + extent));
    for (let y = Math.max(0, Math.floor(nucleus.y - extent)); y <= bottom; y++) {
      for (let x = Math.max(0, Math.floor(nucleus.x - extent)); x <= right; x++) {
        const dy = y - nucleus.y;
        const dx = x - nucleus.x;
        const inside = 1 - Math.hypot(dy, dx) / reach(nucleus, Math.atan2(dy, dx));
        const p = y * size + x;
        if (inside > 0 && inside > depth[p]!) {
          depth[p] = inside;
          owner[p] = index + 1;
        }
      }
    }
  }
  return { owner, depth };
}
