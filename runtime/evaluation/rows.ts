import type { JudgedSide } from './judge.js';
import { bootstrap, bootstrapMean, type Interval } from './metrics/bootstrap.js';
import { addCounts, type Counts, noCounts } from './metrics/confusion.js';
import { overlap } from './metrics/overlap.js';
import { meanOf } from './metrics/statistics.js';
import type { CaseScore, Quality, Scores } from './scores.js';
import { type Timing, timing } from './times.js';

/** At the images' own sizes. */
export type NativeQuality = Pick<Quality, 'iou' | 'iouPooled' | 'dice' | 'dicePooled' | 'bce' | 'iouForeground'>;

/** 95 % bootstrap intervals over images; null with fewer than two. */
export interface Intervals {
  readonly iou: Interval | null;
  readonly iouPooled: Interval | null;
  readonly dice: Interval | null;
}

/** What is said of one answer: how good it is, how sure that is, and how long it took. */
export interface Judgement extends Quality, Timing {
  readonly intervals: Intervals;
  /** The same as the rest where images are judged at their own size anyway. */
  readonly native: NativeQuality;
}

/** One image's row. */
export interface CaseRow {
  readonly image: string;
  readonly level: number;
  readonly mode: string;
  readonly iou: number;
  readonly dice: number;
  readonly precision: number;
  readonly recall: number;
  readonly accuracy: number;
  readonly bce: number;
  readonly iouForeground?: number;
  readonly native: { readonly iou: number; readonly dice: number };
  /** Of classes that the image has, or was said to have. */
  readonly classes?: readonly { readonly name: string; readonly iou: number; readonly dice: number }[];
  /** Means over classes but the background; absent: not asked for. */
  readonly hd95?: number;
  readonly assd?: number;
  readonly nsd?: number;
}

/** The first answer of a side. */
export function judgementOf(side: JudgedSide): Judgement {
  const [scores, native] = firstOf(side);
  const quality = scores.quality();
  const own = native === scores ? quality : native.quality();
  const { surface, lesions, instances } = own;
  return {
    ...quality,
    ...(surface ? { surface } : {}),
    ...(lesions ? { lesions } : {}),
    ...(instances ? { instances } : {}),
    ...timing(side.milliseconds),
    intervals: intervalsOf(scores),
    native: {
      iou: own.iou,
      iouPooled: own.iouPooled,
      dice: own.dice,
      dicePooled: own.dicePooled,
      bce: own.bce,
      ...(own.iouForeground === undefined ? {} : { iouForeground: own.iouForeground }),
    },
  };
}

/** A row for each image that a side was judged on. */
export function caseRows(
  side: JudgedSide,
  names: readonly string[],
  classes: readonly string[],
  { level, mode }: { readonly level: number; readonly mode: string },
): CaseRow[] {
  const [scores, native] = firstOf(side);
  return scores.cases.map((one, k): CaseRow => {
    const own = native.cases[k] as CaseScore;
    const { iou, dice, precision, recall, accuracy, bce, iouForeground } = one;
    return {
      image: names[k] ?? String(k),
      level,
      mode,
      ...{ iou, dice, precision, recall, accuracy, bce },
      ...(iouForeground === undefined ? {} : { iouForeground }),
      native: { iou: own.iou, dice: own.dice },
      ...(classes.length > 1 ? { classes: classesOf(one, classes, scores) } : {}),
      ...surfaceOf(own),
    };
  });
}

const firstOf = ({ scores, native }: JudgedSide): [Scores, Scores] => [scores[0] as Scores, native[0] as Scores];

const classesOf = (one: CaseScore, classes: readonly string[], { absent }: Scores) =>
  classes
    .map((name, c) => {
      const { iou, dice } = overlap(one.counts[c] as Counts, absent);
      return { name, iou, dice };
    })
    .filter(({ iou }) => !Number.isNaN(iou));

function surfaceOf({ objects }: CaseScore): Pick<CaseRow, 'hd95' | 'assd' | 'nsd'> {
  const found = objects?.flatMap(({ surface }) => (surface ? [surface] : [])) ?? [];
  if (found.length === 0) return {};
  const mean = (key: 'hd95' | 'assd' | 'nsd'): number => meanOf(found.map((s) => s[key]));
  return { hd95: mean('hd95'), assd: mean('assd'), nsd: mean('nsd') };
}

function intervalsOf(scores: Scores): Intervals {
  return {
    iou: bootstrapMean(scores.cases.map((c) => c.iou)),
    iouPooled: bootstrap(scores.cases.length, (indices) => pooledIou(scores, indices)),
    dice: bootstrapMean(scores.cases.map((c) => c.dice)),
  };
}

/** IoU with the pixels of these images pooled, mean over classes. */
export function pooledIou({ cases, absent }: Scores, indices: Iterable<number>): number {
  const classes = cases[0]?.counts.length ?? 0;
  const sums = Array.from({ length: classes }, () => noCounts);
  for (const k of indices) {
    const { counts } = cases[k] as CaseScore;
    for (let c = 0; c < classes; c++) sums[c] = addCounts(sums[c] as Counts, counts[c] as Counts);
  }
  return meanOf(sums.map((counts) => overlap(counts, absent).iou));
}
