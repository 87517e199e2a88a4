import { mostProbable } from '../prediction/most-probable.js';

/** How well predictions match the truth. Shares are in 0..1. */
export interface Quality {
  /** Mean over images of |A and B| / |A or B|; an image empty in both counts 1. With several classes: mean over classes. */
  readonly iou: number;
  /** The same ratio with the pixels of all images pooled first. */
  readonly iouPooled: number;
  /** Mean over images of 2 |A and B| / (|A| + |B|); an image empty in both counts 1. */
  readonly dice: number;
  /** Mean over pixels of the binary cross-entropy; of -log p(true class) where classes exclude each other. */
  readonly bce: number;
  /** Only with several classes. */
  readonly classes?: readonly { readonly name: string; readonly iou: number; readonly dice: number }[];
}

/** Probabilities are kept this far from 0 and 1 before a logarithm is taken. */
const epsilon = 1e-7;

interface ClassSums {
  iou: number;
  dice: number;
  intersection: number;
  union: number;
}

export interface ScoresOptions {
  /** One for each channel of the prediction. */
  readonly classes: readonly string[];
  /** Each pixel belongs to one class, the most probable; otherwise each class is cut at `threshold` by itself. */
  readonly exclusive: boolean;
  /** A pixel belongs to a class if its probability is above this. */
  readonly threshold?: number;
}

/** Gathers the quality of predictions over images, which may differ in size. */
export class Scores {
  private readonly sums: ClassSums[];
  private images = 0;
  private entropy = 0;
  private pixels = 0;

  constructor(private readonly options: ScoresOptions) {
    this.sums = options.classes.map(() => ({ iou: 0, dice: 0, intersection: 0, union: 0 }));
  }

  /**
   * Adds one image; answers its IoU (mean over classes).
   * @param prediction probabilities, [classes, ...size]
   * @param truth 0 or 1 (above 0.5 counts as 1), of the same shape
   */
  add(prediction: Float32Array, truth: Float32Array): number {
    const count = this.sums.length;
    const pixels = prediction.length / count;
    if (prediction.length !== truth.length) {
      throw new Error(`prediction has ${prediction.length} values and truth ${truth.length}`);
    }
    const labels = this.options.exclusive && count > 1 ? mostProbable(prediction, count) : null;
    const threshold = this.options.threshold ?? 0.5;
    let total = 0;
    this.sums.forEach((sums, c) => {
      let intersection = 0;
      let predicted = 0;
      let present = 0;
      for (let k = 0; k < pixels; k++) {
        const yes = labels ? labels[k] === c : (prediction[c * pixels + k] as number) > threshold;
        const true_ = (truth[c * pixels + k] as number) > 0.5;
        if (yes) predicted++;
        if (true_) present++;
        if (yes && true_) intersection++;
      }
      const union = predicted + present - intersection;
      const iou = union === 0 ? 1 : intersection / union;
      sums.iou += iou;
      sums.dice += union === 0 ? 1 : (2 * intersection) / (predicted + present);
      sums.intersection += intersection;
      sums.union += union;
      total += iou;
    });
    this.entropy += crossEntropy(prediction, truth, labels !== null);
    this.pixels += labels ? pixels : prediction.length;
    this.images++;
    return total / count;
  }

  /** The figures so far; NaN before the first image. */
  quality(): Quality {
    const mean = (of: (s: ClassSums) => number): number =>
      this.sums.reduce((total, s) => total + of(s), 0) / this.sums.length;
    const classes = this.options.classes.map((name, c) => {
      const { iou, dice } = this.sums[c] as ClassSums;
      return { name, iou: iou / this.images, dice: dice / this.images };
    });
    return {
      iou: mean((s) => s.iou) / this.images,
      iouPooled: this.images === 0 ? Number.NaN : mean((s) => (s.union === 0 ? 1 : s.intersection / s.union)),
      dice: mean((s) => s.dice) / this.images,
      bce: this.entropy / this.pixels,
      ...(classes.length > 1 ? { classes } : {}),
    };
  }
}

/** Summed over pixels (and channels, unless they exclude each other). */
function crossEntropy(prediction: Float32Array, truth: Float32Array, exclusive: boolean): number {
  let sum = 0;
  for (let k = 0; k < prediction.length; k++) {
    const p = Math.min(1 - epsilon, Math.max(epsilon, prediction[k] as number));
    const t = truth[k] as number;
    if (t > 0.5) sum -= Math.log(p);
    else if (!exclusive) sum -= Math.log1p(-p);
  }
  return sum;
}
