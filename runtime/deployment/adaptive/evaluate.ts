import type { Dataset } from '../../data/index.js';
import type { Engine, Predictor } from '../../engines/engine.js';
import { HeldOut } from '../../evaluation/held-out.js';
import { type Quality, Scores } from '../../evaluation/metrics.js';
import { openChecked } from '../../prediction/checked.js';
import { infer } from '../../prediction/inference.js';
import { deepestLevel } from '../../prediction/model.js';
import type { Plane } from '../../prediction/tiling.js';
import type { ModelFile } from '../../run/model-file.js';
import { UserError } from '../../support/user-error.js';
import { type AdaptiveFacts, adaptiveMode } from './facts.js';
import { fixedAt } from './rethreshold.js';

/** One level of an adaptive model by itself, or all of them as it chooses. */
export interface AdaptiveRow extends Quality {
  /** The level that answers; of the adaptive row the deepest that may. */
  readonly level: number;
  /** `fixed` or `adaptive`. */
  readonly mode: string;
  readonly parameters: number;
  /** Mean over images, at the size in the model's facts. */
  readonly macs: number;
  /** Mean over images, from the network's input to maps of the image's size. */
  readonly milliseconds: number;
}

export interface AdaptiveEvaluation {
  readonly images: number;
  /** Each level, ascending, then the adaptive row. */
  readonly rows: readonly AdaptiveRow[];
  /** How many images each level answered. */
  readonly levels: readonly { readonly level: number; readonly images: number }[];
  /** Which level answered each image; an image in tiles: the deepest of its tiles'. */
  readonly answered: readonly { readonly name: string; readonly level: number }[];
}

export interface AdaptiveEvaluateOptions {
  readonly model: ModelFile;
  readonly facts: AdaptiveFacts;
  readonly dataset: Dataset;
  readonly engine: Engine;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Images that are answered once without being timed: what an engine allocates at first isn't a level's cost. */
const warmUp = 2;

/**
 * An adaptive model beside its own levels: the same file with thresholds that let one level answer everything. All take turns at each
 * image, so that a machine that slows down slows them alike.
 * @throws UserError without images
 */
export async function evaluateAdaptive(options: AdaptiveEvaluateOptions): Promise<AdaptiveEvaluation> {
  const { model, facts, dataset, engine, signal } = options;
  const { task } = model;
  if (dataset.names.length === 0) {
    throw new UserError('data-empty', `there are no images to evaluate on in ${dataset.folder}`, 'name others');
  }
  const held = new HeldOut(dataset, task);
  const files = [...facts.levels.map((l) => fixedAt(model.bytes, facts, l.level)), model.bytes];
  const sides = files.map(() => ({ scores: new Scores(task), milliseconds: 0 }));
  const answered: { name: string; level: number }[] = [];
  const predictors: Predictor[] = [];
  try {
    for (const bytes of files) predictors.push(await openChecked(engine, { ...model, bytes }));
    for (let k = 0; k < Math.min(warmUp, held.length); k++) {
      const { input } = await held.at(k);
      for (const predictor of predictors) await infer(input, predictor, null, { axes: task.axes });
    }
    for await (const { name, input, truth } of held.examples()) {
      for (const [k, side] of sides.entries()) {
        signal?.throwIfAborted();
        const seen = deepestLevel();
        const started = performance.now();
        const maps = await infer(input, predictors[k] as Predictor, null, { axes: task.axes, onAnswers: seen.add });
        side.milliseconds += performance.now() - started;
        side.scores.add((maps.values().next().value as Plane).data, truth);
        if (k === sides.length - 1) answered.push({ name, level: seen.level() as number });
      }
      options.onProgress?.(answered.length, held.length);
    }
  } finally {
    for (const predictor of predictors) await predictor.dispose();
  }
  return summary(facts, sides, answered);
}

function summary(
  { levels }: AdaptiveFacts,
  sides: readonly { readonly scores: Scores; readonly milliseconds: number }[],
  answered: AdaptiveEvaluation['answered'],
): AdaptiveEvaluation {
  const macsOf = new Map(levels.map((l) => [l.level, l.macs]));
  const spent = answered.reduce((sum, { level }) => sum + (macsOf.get(level) as number), 0) / answered.length;
  const deepest = levels.at(-1) as AdaptiveFacts['levels'][number];
  const rows = sides.map(({ scores, milliseconds }, k): AdaptiveRow => {
    const { level, parameters, macs } = levels[k] ?? deepest;
    const own = k < levels.length ? { mode: 'fixed', macs } : { mode: adaptiveMode, macs: spent };
    return { level, parameters, ...own, ...scores.quality(), milliseconds: milliseconds / answered.length };
  });
  const images = (level: number): number => answered.filter((a) => a.level === level).length;
  return {
    images: answered.length,
    rows,
    levels: levels.map(({ level }) => ({ level, images: images(level) })),
    answered,
  };
}
