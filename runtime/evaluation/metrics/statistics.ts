/** The mean of the values that are numbers; NaN if none is. */
export function meanOf(values: Iterable<number>): number {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  return count === 0 ? Number.NaN : sum / count;
}

/** A quantile of ascending values, interpolated linearly between neighbours (NumPy's default). */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)] as number;
  const high = sorted[Math.ceil(at)] as number;
  return low === high ? low : low + (high - low) * (at - Math.floor(at));
}

/** The middle of a list, or the mean of its two middle ones; NaN if it is empty. */
export function median(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : percentile(Float64Array.from(values).sort(), 0.5);
}
