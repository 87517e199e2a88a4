/** What one image taught: how well each level answered it, and how unsure each but the last was. */
export interface Observation {
  readonly name: string;
  /** In 0 .. 1, a level each. */
  readonly iou: readonly number[];
  /** In 0 .. 1, a level each but the last. */
  readonly uncertainty: readonly number[];
}

/** What a set of thresholds does to a set of images. */
export interface Outcome {
  /** Mean over images; of the deepest level too; and the standard error of their difference, so few images as there are. */
  readonly iou: number;
  readonly deepest: number;
  readonly standardError: number;
  /** Mean over images, in the unit of the levels' costs. */
  readonly cost: number;
  /** Number of images that each level answers. */
  readonly answered: readonly number[];
}

export interface Choice extends Outcome {
  readonly thresholds: readonly number[];
}

/** Above every uncertainty: the next level is never asked. */
export const never = 2;

/** The level, from 0, that answers: the first whose uncertainty is below its threshold. */
export const levelFor = (uncertainty: readonly number[], thresholds: readonly number[]): number => {
  const sure = thresholds.findIndex((t, k) => !((uncertainty[k] as number) >= t));
  return sure < 0 ? thresholds.length : sure;
};

/** @param costs a level each: what an image costs that it answers, all levels before it included */
export function outcomeOf(
  observations: readonly Observation[],
  costs: readonly number[],
  thresholds: readonly number[],
): Outcome {
  const answered = costs.map(() => 0);
  let [cost, deepest, gaps, squares] = [0, 0, 0, 0];
  for (const image of observations) {
    const level = levelFor(image.uncertainty, thresholds);
    const best = image.iou.at(-1) as number;
    const gap = (image.iou[level] as number) - best;
    answered[level] = (answered[level] as number) + 1;
    cost += costs[level] as number;
    deepest += best;
    gaps += gap;
    squares += gap * gap;
  }
  const n = observations.length;
  const iou = (deepest + gaps) / n;
  return { iou, deepest: deepest / n, standardError: errorOfMean(n, gaps, squares), cost: cost / n, answered };
}

/** The standard error of a mean of n numbers, of their sum and their squares'; a single one says nothing, unless it is 0. */
function errorOfMean(n: number, sum: number, squares: number): number {
  if (n < 2) return sum === 0 ? 0 : Number.POSITIVE_INFINITY;
  return Math.sqrt(Math.max(0, squares - (sum * sum) / n) / (n - 1) / n);
}

/** Standard errors that a loss stays below what is allowed: 95 of 100 samples of a normal distribution are above the mean less as many. */
export const margin = 1.645;

/** Whether no more is lost than allowed (a share), with as much certainty as `margin` asks for. */
export const isGoodEnough = ({ iou, deepest, standardError }: Outcome, loss: number): boolean =>
  // A sum of as many terms may be off by the last number.
  iou - margin * standardError >= deepest - loss - 1e-12;

/** Combinations of thresholds that are tried at most. */
const effort = 30_000;

/**
 * The cheapest thresholds whose mean IoU is at most `loss` below the deepest level's, with the margin that so few images ask for: one for
 * each level, every combination of a grid over what these images showed (all of it with two levels, its quantiles with more).
 * Of equally cheap ones the best, then the lowest. Deterministic.
 *
 * @param loss share, 0.005 for half a percentage point; at least 0, so that always going to the end is good enough
 * @param costs ascending, a level each
 */
export function chooseThresholds(observations: readonly Observation[], costs: readonly number[], loss: number): Choice {
  const decisions = costs.length - 1;
  const each = Math.max(3, Math.floor(effort ** (1 / decisions)));
  const grid = Array.from({ length: decisions }, (_, k) =>
    candidates(
      observations.map((o) => o.uncertainty[k] as number),
      each,
    ),
  );
  const all = Array.from({ length: decisions }, () => 0);
  let best = { thresholds: all, ...outcomeOf(observations, costs, all) };
  const slack = 1e-12;
  const search = (thresholds: readonly number[]): void => {
    if (thresholds.length < decisions) {
      for (const t of grid[thresholds.length] as readonly number[]) search([...thresholds, t]);
      return;
    }
    const found = outcomeOf(observations, costs, thresholds);
    if (!isGoodEnough(found, loss)) return;
    const cheaper = best.cost - found.cost;
    const tied = Math.abs(cheaper) <= slack * best.cost;
    if (tied ? found.iou > best.iou + slack : cheaper > 0) best = { thresholds: [...thresholds], ...found };
  };
  search([]);
  return best;
}

/** Always (0), never, and what lies halfway between two neighbours of what was seen: at most `most` of all. */
function candidates(seen: readonly number[], most: number): number[] {
  const sorted = [...new Set(seen)].sort((a, b) => a - b);
  const between = sorted.slice(1).map((v, k) => {
    const [below, middle] = [sorted[k] as number, (v + (sorted[k] as number)) / 2];
    // Between neighbours among doubles there is nothing: the upper one parts them as well.
    return middle > below ? middle : v;
  });
  const kept = Math.min(between.length, most - 2);
  const spread = Array.from({ length: kept }, (_, k) => between[Math.floor(((k + 0.5) * between.length) / kept)]);
  return [0, ...(spread as number[]), never];
}
