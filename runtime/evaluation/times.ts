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

/** How one time compares with another. */
export interface TimeRatio {
  readonly ratio: number;
  /**
   * False where it says nothing: with fewer than five pairs, or where the middle half of the pairs' ratios is spread over more than
   * the ratio differs from 1.
   */
  readonly told: boolean;
}

/**
 * One thing's time in another's, measured in turns: the median of the pairs' ratios. What slows the machine for a while slows both of
 * a pair, so that the ratio stays.
 */
export function timeRatio(times: readonly number[], against: readonly number[]): TimeRatio {
  if (times === against) return { ratio: 1, told: true };
  if (times.length !== against.length) throw new Error('times are compared in pairs');
  const ratios = Float64Array.from(times, (t, k) => t / (against[k] as number)).sort();
  const ratio = percentile(ratios, 0.5);
  const spread = percentile(ratios, 0.75) - percentile(ratios, 0.25);
  return { ratio, told: times.length >= fewest && Math.abs(1 - ratio) > spread };
}

/** The share of a time that is saved, negative for a slower one; null where the times can't tell. */
export const savingOf = ({ ratio, told }: TimeRatio): number | null => (told ? 1 - ratio : null);
