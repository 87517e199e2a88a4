import type { Counts } from './confusion.js';
import { meanOf } from './statistics.js';

/**
 * What a ratio is for a class that is absent, where 0 / 0 says nothing:
 *   leave-out        absent in truth and prediction: NaN, which no mean counts (nnU-Net; scikit-learn with zero_division=nan)
 *   leave-out-truth  absent in the truth: NaN even if it was predicted (MONAI with ignore_empty)
 *   one              absent in both: 1, a perfect answer (MONAI without ignore_empty; this program's rule for binary masks)
 *   zero             absent in both: 0 (scikit-learn with zero_division=0)
 * A class that is predicted and not true gets 0 in all but leave-out-truth.
 */
export type AbsentRule = 'leave-out' | 'leave-out-truth' | 'one' | 'zero';

export const absentRules: readonly AbsentRule[] = ['leave-out', 'leave-out-truth', 'one', 'zero'];

/** Shares in 0..1, or NaN where the rule leaves a class out. */
export interface Overlap {
  /** tp / (tp + fp + fn) */
  readonly iou: number;
  /** 2 tp / (2 tp + fp + fn) */
  readonly dice: number;
  /** tp / (tp + fp); 0 if nothing is predicted though something is true, as in scikit-learn */
  readonly precision: number;
  /** tp / (tp + fn); 0 if nothing is true though something is predicted */
  readonly recall: number;
  /** (tp + tn) / all */
  readonly accuracy: number;
}

/** Whether a class has no say in a mean under this rule. */
export const isAbsent = ({ tp, fp, fn }: Counts, rule: AbsentRule): boolean =>
  rule === 'leave-out-truth' ? tp + fn === 0 : tp + fp + fn === 0;

const absentValues: Readonly<Record<AbsentRule, number>> = {
  'leave-out': Number.NaN,
  'leave-out-truth': Number.NaN,
  one: 1,
  zero: 0,
};

/** The ratios of one class in one image, or with the pixels of many images pooled. */
export function overlap(counts: Counts, rule: AbsentRule): Overlap {
  const { tp, fp, fn, tn } = counts;
  const all = tp + fp + fn + tn;
  if (isAbsent(counts, rule)) {
    const value = all === 0 ? Number.NaN : absentValues[rule];
    const accuracy = Number.isNaN(value) ? value : (tp + tn) / all;
    return { iou: value, dice: value, precision: value, recall: value, accuracy };
  }
  const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
  return {
    iou: tp / (tp + fp + fn),
    dice: (2 * tp) / (2 * tp + fp + fn),
    precision: share(tp, tp + fp),
    recall: share(tp, tp + fn),
    accuracy: (tp + tn) / all,
  };
}

/** Each ratio's mean over classes (or images), NaN left out. */
export const meanOverlap = (list: readonly Overlap[]): Overlap => ({
  iou: meanOf(list.map((o) => o.iou)),
  dice: meanOf(list.map((o) => o.dice)),
  precision: meanOf(list.map((o) => o.precision)),
  recall: meanOf(list.map((o) => o.recall)),
  accuracy: meanOf(list.map((o) => o.accuracy)),
});
