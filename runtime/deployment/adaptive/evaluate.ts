import { UserError } from '../../../compiler/user-error.js';
import type { Dataset } from '../../data/index.js';
import type { OnnxEngine, Predictor, Tensor } from '../../engines/engine.js';
import { warmUp } from '../../evaluation/evaluate.js';
import { HeldOut } from '../../evaluation/held-out.js';
import { type JudgedSide, judge } from '../../evaluation/judge.js';
import { bootstrapMean } from '../../evaluation/metrics/bootstrap.js';
import { meanOf } from '../../evaluation/metrics/statistics.js';
import type { Quality, Scores, ScoresOptions } from '../../evaluation/scores.js';
import { openChecked } from '../../prediction/checked.js';
import { deepestLevel } from '../../prediction/model.js';
import type { ModelFile } from '../../run/model-file.js';
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
  /** Share of the deepest level's mean time; null where the times can't tell. */
  readonly saving: number | null;
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
  readonly engine: OnnxEngine;
  readonly scores?: Pick<ScoresOptions, 'absent'>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

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
  const answered: { name: string; level: number }[] = [];
  const predictors: Predictor[] = [];
  let seen = deepestLevel();
  try {
    for (const bytes of files) predictors.push(await openChecked(engine, { ...model, bytes }));
    const sides = predictors.map((predictor, k) => ({
      predictor,
      outputs: null,
      ...(k === files.length - 1
        ? { onAnswers: (answers: ReadonlyMap<string, Tensor>): void => seen.add(answers) }
        : {}),
    }));
    const judged = await judge(sides, held, {
      task,
      warmUp,
      ...(options.scores ? { scores: options.scores } : {}),
      ...(signal ? { signal } : {}),
      onImage: ({ name, index, total }) => {
        answered.push({ name, level: seen.level() as number });
        seen = deepestLevel();
        options.onProgress?.(index + 1, total);
      },
    });
    return summary(facts, judged, answered);
  } finally {
    for (const predictor of predictors) await predictor.dispose();
  }
}

function summary(
  { levels }: AdaptiveFacts,
  sides: readonly JudgedSide[],
  answered: AdaptiveEvaluation['answered'],
): AdaptiveEvaluation {
  const macsOf = new Map(levels.map((l) => [l.level, l.macs]));
  const spent = answered.reduce((sum, { level }) => sum + (macsOf.get(level) as number), 0) / answered.length;
  const deepest = levels.at(-1) as AdaptiveFacts['levels'][number];
  const full = (sides[levels.length - 1] as JudgedSide).milliseconds;
  const rows = sides.map(({ scores, milliseconds }, k): AdaptiveRow => {
    const { level, parameters, macs } = levels[k] ?? deepest;
    const own = k < levels.length ? { mode: 'fixed', macs } : { mode: adaptiveMode, macs: spent };
    return {
      level,
      parameters,
      ...own,
      ...(scores[0] as Scores).quality(),
      milliseconds: meanOf(milliseconds),
      saving: meanSaving(milliseconds, full),
    };
  });
  const images = (level: number): number => answered.filter((a) => a.level === level).length;
  return {
    images: answered.length,
    rows,
    levels: levels.map(({ level }) => ({ level, images: images(level) })),
    answered,
  };
}

/** Share of the mean time that is saved, paired by image; null where the interval of that mean holds 0. */
function meanSaving(times: readonly number[], full: readonly number[]): number | null {
  if (times === full) return 0;
  const whole = meanOf(full);
  const saved = times.map((t, k) => ((full[k] as number) - t) / whole);
  const interval = bootstrapMean(saved);
  return interval && (interval[0] > 0 || interval[1] < 0) ? meanOf(saved) : null;
}
