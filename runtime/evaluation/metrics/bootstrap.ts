import { stream } from '../../../compiler/random.js';
import { percentile } from './statistics.js';

/** [low, high] */
export type Interval = readonly [number, number];

export interface BootstrapOptions {
  /** Default 2000. */
  readonly resamples?: number;
  /** Default 0.95. */
  readonly level?: number;
  readonly seed?: number;
}

/**
 * A percentile bootstrap interval (Efron & Tibshirani, "An introduction to the bootstrap", 1993, ch. 13): `statistic` of as many
 * cases drawn with replacement, many times; the middle 95 % of what it gives. Seeded: the same cases give the same interval.
 *
 * @param statistic of the cases with these indices; a resample for which it is NaN is left out
 * @returns null with fewer than two cases, or where half of the resamples give nothing
 */
export function bootstrap(
  cases: number,
  statistic: (indices: Int32Array) => number,
  { resamples = 2000, level = 0.95, seed = 0 }: BootstrapOptions = {},
): Interval | null {
  if (cases < 2) return null;
  const random = stream(seed, 'bootstrap');
  const indices = new Int32Array(cases);
  const found: number[] = [];
  for (let r = 0; r < resamples; r++) {
    for (let k = 0; k < cases; k++) indices[k] = random.int(cases);
    const value = statistic(indices);
    if (!Number.isNaN(value)) found.push(value);
  }
  if (found.length < resamples / 2) return null;
  const sorted = Float64Array.from(found).sort();
  return [percentile(sorted, (1 - level) / 2), percentile(sorted, (1 + level) / 2)];
}

/** The interval of a mean over cases; NaN marks a case that the mean leaves out. */
export function bootstrapMean(values: readonly number[], options?: BootstrapOptions): Interval | null {
  const numbers = Float64Array.from(values.filter((v) => !Number.isNaN(v)));
  return bootstrap(
    numbers.length,
    (indices) => {
      let sum = 0;
      for (const k of indices) sum += numbers[k] as number;
      return sum / numbers.length;
    },
    options,
  );
}
