/** How the pixels of one class fall, predicted against true. */
export interface Counts {
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
  readonly tn: number;
}

export const noCounts: Counts = { tp: 0, fp: 0, fn: 0, tn: 0 };

/**
 * Counts of one class.
 * @param predicted 0 or not, of any shape
 * @param truth of the same length: above 0.5 is the class, below 0 is a pixel to leave out
 */
export function confusion(predicted: ArrayLike<number>, truth: ArrayLike<number>): Counts {
  if (predicted.length !== truth.length) {
    throw new Error(`prediction has ${predicted.length} values and truth ${truth.length}`);
  }
  let tp = 0;
  let fp = 0;
  let fn = 0;
  let tn = 0;
  for (let k = 0; k < truth.length; k++) {
    const t = truth[k] as number;
    if (t < 0) continue;
    if (t > 0.5) {
      if (predicted[k]) tp++;
      else fn++;
    } else if (predicted[k]) fp++;
    else tn++;
  }
  return { tp, fp, fn, tn };
}

/** Pixels of both together: pooled counts. */
export const addCounts = (a: Counts, b: Counts): Counts => ({
  tp: a.tp + b.tp,
  fp: a.fp + b.fp,
  fn: a.fn + b.fn,
  tn: a.tn + b.tn,
});
