import { bootstrap, bootstrapMean, type Interval } from './metrics/bootstrap.js';
import { meanOf } from './metrics/statistics.js';
import { pooledIou } from './rows.js';
import type { CaseScore, Scores } from './scores.js';

/** How far one model's figure lies above another's on the same images. */
export interface Difference {
  readonly difference: number;
  /** 95 % bootstrap interval over images; null with fewer than two. */
  readonly interval: Interval | null;
}

export interface ImageDifference {
  readonly image: string;
  readonly a: number;
  readonly b: number;
  /** b - a, of IoU. */
  readonly difference: number;
}

export interface Comparison {
  readonly iou: Difference;
  readonly dice: Difference;
  readonly iouPooled: Difference;
  /** Images on which b is better, worse, and the same in IoU. */
  readonly better: number;
  readonly worse: number;
  readonly equal: number;
  /** Where they differ most, first. */
  readonly most: readonly ImageDifference[];
}

/**
 * b against a, paired by image: differences of the same image are averaged, and images are drawn together for the intervals, so that
 * what makes an image hard for both cancels out. An image that one of the two has no figure for is left out.
 * @param names of the images, in the order in which both were judged
 * @param shown how many images of `most`
 */
export function compareScores(a: Scores, b: Scores, names: readonly string[], shown = 5): Comparison {
  if (a.cases.length !== b.cases.length) throw new Error('models are compared on the same images');
  const paired = (of: (one: CaseScore) => number): number[] =>
    a.cases.map((one, k) => of(b.cases[k] as CaseScore) - of(one));
  const difference = (of: (one: CaseScore) => number): Difference => {
    const values = paired(of);
    return { difference: meanOf(values), interval: bootstrapMean(values) };
  };
  const pooled = (indices: Iterable<number>): number => {
    const list = [...indices];
    return pooledIou(b, list) - pooledIou(a, list);
  };
  const iou = paired((one) => one.iou);
  const most = iou
    .map((d, k) => ({
      image: names[k] ?? String(k),
      a: (a.cases[k] as CaseScore).iou,
      b: (b.cases[k] as CaseScore).iou,
      difference: d,
    }))
    .filter(({ difference: d }) => !Number.isNaN(d) && d !== 0)
    .sort((x, y) => Math.abs(y.difference) - Math.abs(x.difference))
    .slice(0, shown);
  return {
    iou: difference((one) => one.iou),
    dice: difference((one) => one.dice),
    iouPooled: {
      difference: pooled(a.cases.keys()),
      interval: bootstrap(a.cases.length, pooled),
    },
    better: iou.filter((d) => d > 0).length,
    worse: iou.filter((d) => d < 0).length,
    equal: iou.filter((d) => d === 0).length,
    most,
  };
}
