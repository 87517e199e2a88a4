import { mostProbable } from '../prediction/most-probable.js';
import { Calibration } from './metrics/calibration.js';
import { addCounts, type Counts, confusion, noCounts } from './metrics/confusion.js';
import { type AbsentRule, isAbsent, meanOverlap, type Overlap, overlap } from './metrics/overlap.js';
import { meanOf } from './metrics/statistics.js';
import { type ObjectCase, type ObjectMeasures, type ObjectOptions, objectCase, summarizeObjects } from './objects.js';

/** Ratios as means over classes, of each image by itself (then averaged over images) or with all images' pixels pooled. */
export interface Ratios {
  /** Mean over images of |A and B| / |A or B|. */
  readonly iou: number;
  /** The same ratio with the pixels of all images pooled first. */
  readonly iouPooled: number;
  /** Mean over images of 2 |A and B| / (|A| + |B|). */
  readonly dice: number;
  readonly dicePooled: number;
  readonly precision: number;
  readonly recall: number;
  /** Share of the pixels that are right. */
  readonly accuracy: number;
}

export interface ClassQuality extends Ratios, ObjectMeasures {
  readonly name: string;
  /** This class is what is left where no other is. */
  readonly background?: true;
  /** That have a say in its means. */
  readonly images: number;
}

/** How well predictions match the truth. Shares are in 0..1; docs/metrics.md defines each. */
export interface Quality extends Ratios, ObjectMeasures {
  /** Mean over pixels of the binary cross-entropy; of -log p(true class) where classes exclude each other. */
  readonly bce: number;
  /** Expected calibration error, over the pixels of all images. */
  readonly ece: number;
  /** What a class that an image does not have counts as. */
  readonly absent: AbsentRule;
  /** Only with several classes: those that occur in truth or prediction (the truth, by its rule). */
  readonly classes?: readonly ClassQuality[];
  /** Names of classes that no figure counts, for they occur nowhere. */
  readonly absentClasses?: readonly string[];
  /** Means over classes without the background, where one class is. */
  readonly foreground?: Ratios;
  /** `foreground.iou` */
  readonly iouForeground?: number;
}

/** One image's figures: means over its classes. NaN where every class is left out. */
export interface CaseScore extends Overlap {
  readonly bce: number;
  readonly iouForeground?: number;
  readonly diceForeground?: number;
  /** By class, in their order. */
  readonly counts: readonly Counts[];
  readonly objects?: readonly ObjectCase[];
}

/** Probabilities are kept this far from 0 and 1 before a logarithm is taken. */
const epsilon = 1e-7;

export interface ScoresOptions {
  /** One for each channel of the prediction. */
  readonly classes: readonly string[];
  /** Each pixel belongs to one class, the most probable; otherwise each class is cut at `threshold` by itself. */
  readonly exclusive: boolean;
  /** A pixel belongs to a class if its probability is above this. */
  readonly threshold?: number;
  /** Default: `one` with a single class, so that an image rightly left empty counts 1; else `leave-out`. */
  readonly absent?: AbsentRule;
  /** Default true; false saves time where nobody asks for `ece`, which is NaN then. */
  readonly calibration?: boolean;
  /** Measures of surfaces, lesions and instances, which take longer. */
  readonly objects?: ObjectOptions;
}

/** Gathers the quality of predictions over images, which may differ in size. */
export class Scores {
  /** In the order in which they were added. */
  readonly cases: CaseScore[] = [];
  readonly absent: AbsentRule;
  private readonly calibration: Calibration | null;
  private entropy = 0;
  private pixels = 0;

  constructor(private readonly options: ScoresOptions) {
    this.calibration = options.calibration === false ? null : new Calibration();
    this.absent = options.absent ?? (options.classes.length === 1 ? 'one' : 'leave-out');
  }

  /**
   * Adds one image; returns its IoU (mean over the classes that it has; NaN if it has none).
   * @param prediction probabilities, [classes, ...size]
   * @param truth 0 or 1 (above 0.5 counts as 1), of the same shape; -1 in every channel: a pixel to leave out
   * @param shape of one class's plane, for measures of objects
   */
  add(
    prediction: Float32Array,
    truth: Float32Array,
    shape?: readonly number[],
    spacing: readonly number[] | undefined = undefined,
  ): number {
    if (prediction.length !== truth.length) {
      throw new Error(`prediction has ${prediction.length} values and truth ${truth.length}`);
    }
    const { classes, exclusive, threshold = 0.5, objects } = this.options;
    const area = prediction.length / classes.length;
    const labels = exclusive && classes.length > 1 ? mostProbable(prediction, classes.length) : null;
    const planes = classes.map((_, c) => ({
      predicted: labels ? ofLabel(labels, c) : above(prediction.subarray(c * area, (c + 1) * area), threshold),
      truth: truth.subarray(c * area, (c + 1) * area),
    }));
    const counts = planes.map((plane) => confusion(plane.predicted, plane.truth));
    const found = this.ratiosOf(counts);
    const { entropy, pixels } = this.probabilities(prediction, truth, labels);
    const foreground = this.hasBackground ? this.ratiosOf(counts.slice(1)) : undefined;
    this.cases.push({
      ...found,
      bce: entropy / pixels,
      ...(foreground ? { iouForeground: foreground.iou, diceForeground: foreground.dice } : {}),
      counts,
      ...(objects && shape
        ? {
            objects: planes.map((plane, c) =>
              this.isBackground(c) ? {} : objectCase(plane.predicted, plane.truth, { ...objects, shape, spacing }),
            ),
          }
        : {}),
    });
    return found.iou;
  }

  /** The figures so far; NaN before the first image. */
  quality(): Quality {
    const { classes } = this.options;
    const pooled = classes.map((_, c) => this.pooled(c));
    const byClass = classes.map((name, c): ClassQuality => {
      const each = this.cases.map((one) => overlap(one.counts[c] as Counts, this.absent));
      return {
        name,
        ...(this.isBackground(c) ? { background: true as const } : {}),
        images: each.filter((o) => !Number.isNaN(o.iou)).length,
        ...ratios(meanOverlap(each), overlap(pooled[c] as Counts, this.absent)),
        ...this.objectsOf([c]),
      };
    });
    const kept = classes.map((_, c) => this.cases.length === 0 || !this.leftOut(pooled[c] as Counts));
    const foreground = this.hasBackground ? this.ratiosOver(pooled, 1) : undefined;
    return {
      ...this.ratiosOver(pooled, 0),
      bce: this.entropy / this.pixels,
      ece: this.calibration?.error() ?? Number.NaN,
      absent: this.absent,
      ...this.objectsOf(classes.map((_, c) => c)),
      ...(classes.length > 1 ? { classes: byClass.filter((_, c) => kept[c]) } : {}),
      ...(kept.every(Boolean) ? {} : { absentClasses: classes.filter((_, c) => !kept[c]) }),
      ...(foreground ? { foreground, iouForeground: foreground.iou } : {}),
    };
  }

  /** Of classes that exclude each other the first is what the others leave. */
  private get hasBackground(): boolean {
    return this.options.exclusive && this.options.classes.length > 1;
  }

  private isBackground(c: number): boolean {
    return this.hasBackground && c === 0;
  }

  private leftOut(counts: Counts): boolean {
    return (this.absent === 'leave-out' || this.absent === 'leave-out-truth') && isAbsent(counts, this.absent);
  }

  private pooled(c: number): Counts {
    return this.cases.map((one) => one.counts[c] as Counts).reduce(addCounts, noCounts);
  }

  /** Means over classes of one image. Of classes that exclude each other accuracy is the share of pixels with the right one. */
  private ratiosOf(counts: readonly Counts[]): Overlap {
    const mean = meanOverlap(counts.map((c) => overlap(c, this.absent)));
    const whole = this.hasBackground && counts.length === this.options.classes.length;
    return whole ? { ...mean, accuracy: rightShare(counts) } : mean;
  }

  /** Of the classes from `first` on. */
  private ratiosOver(pooled: readonly Counts[], first: number): Ratios {
    const images = meanOverlap(this.cases.map((one) => this.ratiosOf(one.counts.slice(first))));
    return ratios(images, this.ratiosOf(pooled.slice(first)));
  }

  private objectsOf(classes: readonly number[]): ObjectMeasures {
    if (!this.options.objects) return {};
    return summarizeObjects(
      classes
        .filter((c) => !this.isBackground(c))
        .map((c) => this.cases.flatMap((one) => (one.objects?.[c] ? [one.objects[c]] : []))),
      this.absent,
      this.options.objects,
    );
  }

  /** Cross-entropy summed over pixels (and channels, unless they exclude each other); calibration takes note of each decision. */
  private probabilities(
    prediction: Float32Array,
    truth: Float32Array,
    labels: Uint8Array | null,
  ): { entropy: number; pixels: number } {
    const area = labels ? labels.length : prediction.length;
    const threshold = this.options.threshold ?? 0.5;
    let entropy = 0;
    let pixels = 0;
    for (let k = 0; k < prediction.length; k++) {
      const t = truth[k] as number;
      if (t < 0) continue;
      const raw = prediction[k] as number;
      const p = Math.min(1 - epsilon, Math.max(epsilon, raw));
      if (t > 0.5) entropy -= Math.log(p);
      else if (!labels) entropy -= Math.log1p(-p);
      if (k < area) pixels++;
      if (!this.calibration) continue;
      if (!labels) this.calibration.add(Math.max(raw, 1 - raw), raw > threshold === t > 0.5);
      else if (labels[k % area] === Math.floor(k / area)) this.calibration.add(raw, t > 0.5);
    }
    this.entropy += entropy;
    this.pixels += pixels;
    return { entropy, pixels };
  }
}

// Loops, for `Uint8Array.from` with a function takes ten times as long, and training judges every epoch.
function above(values: Float32Array, threshold: number): Uint8Array {
  const out = new Uint8Array(values.length);
  for (let k = 0; k < out.length; k++) if ((values[k] as number) > threshold) out[k] = 1;
  return out;
}

function ofLabel(labels: Uint8Array, label: number): Uint8Array {
  const out = new Uint8Array(labels.length);
  for (let k = 0; k < out.length; k++) if (labels[k] === label) out[k] = 1;
  return out;
}

function rightShare(counts: readonly Counts[]): number {
  const [first = noCounts] = counts;
  return counts.reduce((sum, { tp }) => sum + tp, 0) / (first.tp + first.fp + first.fn + first.tn);
}

const ratios = (images: Overlap, pooled: Overlap): Ratios => ({
  iou: images.iou,
  iouPooled: pooled.iou,
  dice: images.dice,
  dicePooled: pooled.dice,
  precision: images.precision,
  recall: images.recall,
  accuracy: images.accuracy,
});

/** `meanOf` of one figure over images. */
export const caseMean = (cases: readonly CaseScore[], of: (one: CaseScore) => number): number => meanOf(cases.map(of));
