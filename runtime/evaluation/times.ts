import { median, percentile } from './metrics/statistics.js';

/** Times of one thing, taken many times. */
export interface Timing {
  /** Median. */
  readonly milliseconds: number;
  /** First and third quartile: half of the times lie between. */
  readonly millisecondsSpread: readonly [number, number];
}

export function timing(times: readonly number[]): Timing {
  const sorted = Float64Array.from(times).sort();
  return {
    milliseconds: median(times),
    millisecondsSpread: [percentile(sorted, 0.25), percentile(sorted, 0.75)],
  };
}

/** Fewer pairs of times than this tell nothing. */
const fewest = 5;

/**
 * How one thing's time compares with another's, measured in turns: the median of the pairs' ratios. What slows the machine for a
 * while slows both of a pair, so that the ratio stays. Null where it can't be told: with fewer than five pairs, or where the
 * middle half of the ratios is spread over more than the ratio differs from 1.
 */
export function timeRatio(times: readonly number[], against: readonly number[]): number | null {
  if (times === against) return 1;
  if (times.length < fewest || times.length !== against.length) return null;
  const ratios = Float64Array.from(times, (t, k) => t / (against[k] as number)).sort();
  const ratio = percentile(ratios, 0.5);
  const spread = percentile(ratios, 0.75) - percentile(ratios, 0.25);
  return Number.isFinite(ratio) && Math.abs(1 - ratio) > spread ? ratio : null;
}

/** The share of a time that is saved; negative for a slower one. */
export const savingOf = (ratio: number | null): number | null => (ratio === null ? null : 1 - ratio);
