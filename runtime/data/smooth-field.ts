import type { Random } from '../../compiler/random.js';

/**
 * Smooth Gaussian noise: independent N(0, 1) values on a lattice of `spacing` pixels, interpolated by cubic B-splines
 * (twice continuously differentiable). Row-major [height, width], expected root mean square 1.
 */
export function smoothField(random: Random, height: number, width: number, spacing: number): Float32Array {
  // A spline reaches three points further than where it starts, and the random phase may add one.
  const across = Math.ceil(width / spacing) + 4;
  const down = Math.ceil(height / spacing) + 4;
  const lattice = new Float32Array(across * down);
  for (let i = 0; i < lattice.length; i++) lattice[i] = random.normal();
  // A random phase, so that no pixel is always on a lattice point.
  const phaseY = random.uniform();
  const phaseX = random.uniform();

  const columns = new Int32Array(width);
  const columnWeights = new Float32Array(4 * width);
  for (let x = 0; x < width; x++) columns[x] = spline(x / spacing + phaseX, columnWeights, 4 * x);

  const out = new Float32Array(height * width);
  const row = new Float32Array(across);
  const w = new Float32Array(4);
  for (let y = 0; y < height; y++) {
    const top = spline(y / spacing + phaseY, w, 0) * across;
    for (let x = 0; x < across; x++) {
      const at = top + x;
      row[x] =
        gain *
        (w[0]! * lattice[at]! +
          w[1]! * lattice[at + across]! +
          w[2]! * lattice[at + 2 * across]! +
          w[3]! * lattice[at + 3 * across]!);
    }
    for (let x = 0; x < width; x++) {
      const at = columns[x]!;
      const k = 4 * x;
      out[y * width + x] =
        columnWeights[k]! * row[at]! +
        columnWeights[k + 1]! * row[at + 1]! +
        columnWeights[k + 2]! * row[at + 2]! +
        columnWeights[k + 3]! * row[at + 3]!;
    }
  }
  return out;
}

/** White noise under a cubic B-spline keeps, on average over the phase, (151/315)^2 of its variance in two dimensions. */
const gain = 315 / 151;

/** The four weights of a uniform cubic B-spline at `position`; answers the first lattice point they belong to. */
function spline(position: number, weights: Float32Array, at: number): number {
  const first = Math.floor(position);
  const t = position - first;
  const s = 1 - t;
  weights[at] = (s * s * s) / 6;
  weights[at + 1] = (3 * t * t * t - 6 * t * t + 4) / 6;
  weights[at + 2] = (3 * s * s * s - 6 * s * s + 4) / 6;
  weights[at + 3] = (t * t * t) / 6;
  return first;
}
