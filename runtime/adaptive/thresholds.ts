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
  /** Mean over images. */
  readonly iou: number;
  /** Mean over images, in the unit of the levels' costs. */
  readonly cost: number;
  /** Number of images that each level answers. */
  readonly answered: readonly number[];
}

export interface Choice extends Outcome {
  readonly thresholds: readonly number[];
  /** IoU of the deepest level, and how unsure the difference of the two is for so few images: a standard error of paired means. */
  readonly deepest: number;
  readonly standardError: number;
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
  let iou = 0;
  let cost = 0;
  for (const image of observations) {
    const level = levelFor(image.uncertainty, thresholds);
    answered[level] = (answered[level] as number) + 1;
    iou += image.iou[level] as number;
    cost += costs[level] as number;
  }
  return { iou: iou / observations.length, cost: cost / observations.length, answered };
}

/** Combinations of thresholds that are tried at most. */
const effort = 30_000;

/**
 * The cheapest thresholds whose mean IoU is at most `loss` below the deepest level's: one for each level, every combination of a grid
 * over what these images showed (all of it with two levels, its quantiles with more). Of equally cheap ones the best, then the
 * lowest. Deterministic.
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
  const deepest = mean(observations.map((o) => o.iou.at(-1) as number));
  const all = Array.from({ length: decisions }, () => 0);
  let best = { thresholds: all, ...outcomeOf(observations, costs, all) };
  // A sum of as many terms may be off by this much; what is as good counts as such.
  const slack = 1e-12;
  const search = (thresholds: readonly number[]): void => {
    if (thresholds.length < decisions) {
      for (const t of grid[thresholds.length] as readonly number[]) search([...thresholds, t]);
      return;
    }
    const found = outcomeOf(observations, costs, thresholds);
    if (found.iou < deepest - loss - slack) return;
    const cheaper = best.cost - found.cost;
    const tied = Math.abs(cheaper) <= slack * best.cost;
    if (tied ? found.iou > best.iou + slack : cheaper > 0) best = { thresholds: [...thresholds], ...found };
  };
  search([]);
  const gaps = observations.map(
    (o) => (o.iou[levelFor(o.uncertainty, best.thresholds)] as number) - (o.iou.at(-1) as number),
  );
  return { ...best, deepest, standardError: standardError(gaps) };
}

/** Always (0), never, and what lies halfway between two neighbours of what was seen: at most `most` of all. */
function candidates(seen: readonly number[], most: number): number[] {
  const sorted = [...new Set(seen)].sort((a, b) => a - b);
  const between = sorted.slice(1).map((v, k) => (v + (sorted[k] as number)) / 2);
  const kept = Math.min(between.length, most - 2);
  const spread = Array.from({ length: kept }, (_, k) => between[Math.floor(((k + 0.5) * between.length) / kept)]);
  return [0, ...(spread as number[]), never];
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

function standardError(values: readonly number[]): number {
  if (values.length < 2) return Number.NaN;
  const middle = mean(values);
  const variance = values.reduce((sum, v) => sum + (v - middle) ** 2, 0) / (values.length - 1);
  return Math.sqrt(variance / values.length);
}
