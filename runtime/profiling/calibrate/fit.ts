import { dot, nonNegative } from './least-squares.js';

/** What was measured: how much of each quantity a graph asks for, and the seconds it took. */
export interface Measured {
  readonly work: ReadonlyMap<string, number>;
  readonly seconds: number;
}

const reweightings = 12;
/** Relative errors above this count less than their square: one disturbed measurement shall not bend the rest. */
const tolerance = 0.1;

/**
 * Seconds for a unit of each quantity, 0 or more: those whose predictions have the least relative errors, by non-negative
 * least squares (Lawson and Hanson, 1974), reweighted after Huber. The same measurements give the same numbers.
 */
export function fitSeconds(measured: readonly Measured[]): Record<string, number> {
  const names = [...new Set(measured.flatMap(({ work }) => [...work.keys()]))].sort();
  const scaled = measured.map(({ work, seconds }) => names.map((n) => (work.get(n) ?? 0) / seconds));
  // Quantities differ by ten orders of magnitude: each column is brought to length 1.
  const lengths = names.map((_, j) => Math.hypot(...scaled.map((row) => row[j] as number)) || 1);
  const rows = scaled.map((row) => row.map((v, j) => v / (lengths[j] as number)));
  let x = names.map(() => 0);
  let weights = rows.map(() => 1);
  for (let k = 0; k < reweightings; k++) {
    x = nonNegative(rows, weights);
    weights = rows.map((row) => Math.min(1, tolerance / Math.max(1e-12, Math.abs(dot(row, x) - 1))));
  }
  return Object.fromEntries(names.map((name, j) => [name, (x[j] as number) / (lengths[j] as number)]));
}
