/** The value at share `q` of the sorted values, between neighbours by their distance. */
export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

export const median = (values) => quantile(values, 0.5);

/** How two sides compare: the ratio of medians, and the middle half of the ratios of single rounds. */
export function compared(a, b) {
  const ratios = a.map((seconds, round) => seconds / b[round]);
  return {
    ofMedians: median(a) / median(b),
    quarter: quantile(ratios, 0.25),
    threeQuarters: quantile(ratios, 0.75),
  };
}
