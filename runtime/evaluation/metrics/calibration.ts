/** Bins of equal width that confidence is cut into. */
const bins = 15;

/**
 * Expected calibration error (Guo et al., ICML 2017, eq. 3): how far confidence lies from the share of right answers, over pixels.
 * Confidence is that of the decision: the largest of a pixel's probabilities, or max(p, 1 - p) of a class by itself.
 */
export class Calibration {
  private readonly counts = new Float64Array(bins);
  private readonly confidences = new Float64Array(bins);
  private readonly rights = new Float64Array(bins);

  /** @param confidence in 0..1; bin k holds (k / 15, (k + 1) / 15] */
  add(confidence: number, right: boolean): void {
    const bin = Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1));
    this.counts[bin] = (this.counts[bin] as number) + 1;
    this.confidences[bin] = (this.confidences[bin] as number) + confidence;
    if (right) this.rights[bin] = (this.rights[bin] as number) + 1;
  }

  /** sum over bins of their share of pixels times |accuracy - mean confidence|; NaN without pixels. */
  error(): number {
    let total = 0;
    let sum = 0;
    for (let b = 0; b < bins; b++) {
      total += this.counts[b] as number;
      sum += Math.abs((this.rights[b] as number) - (this.confidences[b] as number));
    }
    return sum / total;
  }
}
