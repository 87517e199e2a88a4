import type { Range } from '../../../compiler/3-transform/quantize/index.js';
import type { Histogram } from './histogram.js';

/** How a range is made of the numbers seen. */
export const rangeRules = ['minmax', 'percentile', 'mse'] as const;

export type RangeRule = (typeof rangeRules)[number];

/** Share of numbers that the percentile rule leaves out at each end. */
const tail = 1e-4;

/**
 * The range that a scale is made of.
 *   minmax      all numbers seen
 *   percentile  all but the most extreme 1 in 10,000 at each end
 *   mse         the range with the least mean squared error of rounding and cutting off, over the numbers seen
 */
export function rangeOf(rule: RangeRule, seen: Histogram): Range {
  if (rule === 'minmax' || !(seen.high > seen.low)) return { low: seen.low, high: seen.high };
  return rule === 'percentile' ? percentile(seen) : leastError(seen);
}

function percentile({ counts, low, high, width }: Histogram): Range {
  const most = tail * counts.reduce((a, b) => a + b, 0);
  let first = 0;
  for (let left = counts[0] as number; left <= most; left += counts[first] as number) first++;
  let last = counts.length - 1;
  for (let left = counts[last] as number; left <= most; left += counts[last] as number) last--;
  if (first > last) return { low, high };
  return { low: low + first * width, high: low + (last + 1) * width };
}

/** Shares of each end that are tried. */
const steps = 40;

/** One end after the other: the best upper end for the lowest number seen, then the best lower end for that. */
function leastError(seen: Histogram): Range {
  const best = (ranges: readonly Range[]): Range =>
    ranges.reduce((a, b) => (squaredError(seen, b) < squaredError(seen, a) ? b : a));
  const shares = Array.from({ length: steps }, (_, k) => 1 - k / steps);
  const { low, high } = seen;
  const above = high > 0 ? best(shares.map((share) => ({ low, high: high * share }))) : { low, high };
  return low < 0 ? best(shares.map((share) => ({ low: low * share, high: above.high }))) : above;
}

/** Summed over the numbers seen: a step's square over 12 for one within the range, its distance for one beyond. */
function squaredError({ counts, low, width }: Histogram, range: Range): number {
  const bottom = Math.min(range.low, 0);
  const top = Math.max(range.high, 0);
  const inside = ((top - bottom) / 255) ** 2 / 12;
  let sum = 0;
  for (let k = 0; k < counts.length; k++) {
    const v = low + (k + 0.5) * width;
    const beyond = v > top ? v - top : v < bottom ? bottom - v : 0;
    sum += (counts[k] as number) * (beyond === 0 ? inside : inside + beyond * beyond);
  }
  return sum;
}
