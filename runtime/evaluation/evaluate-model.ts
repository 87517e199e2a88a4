import { UserError } from '../../compiler/user-error.js';
import type { Dataset } from '../data/index.js';
import type { Model } from '../prediction/model.js';
import { warmUp } from './evaluate.js';
import { HeldOut } from './held-out.js';
import { type JudgedSide, judge } from './judge.js';
import { type CaseRow, caseRows, type Judgement, judgementOf } from './rows.js';
import type { ScoresOptions } from './scores.js';

/** A built file's quality and speed, at the level and in the mode it was built for. */
export interface ModelRow extends Judgement {
  readonly level: number;
  readonly mode: string;
}

export interface ModelEvaluation {
  readonly images: number;
  readonly rows: readonly ModelRow[];
  readonly cases: readonly CaseRow[];
}

export interface EvaluateModelOptions {
  readonly model: Model;
  /** Only these images are judged. */
  readonly dataset: Dataset;
  readonly scores?: Pick<ScoresOptions, 'absent' | 'objects'>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Judges a built model as `evaluate` judges a run, of which it need not know the network.
 * @throws UserError without images
 */
export async function evaluateModel(options: EvaluateModelOptions): Promise<ModelEvaluation> {
  const { model, dataset } = options;
  const side = await judgeModel(options);
  const { level = Number.NaN, mode = '' } = model.selection ?? {};
  return {
    images: dataset.names.length,
    rows: [{ level, mode, ...judgementOf(side) }],
    cases: caseRows(side, dataset.names, model.task.classes, { level, mode }),
  };
}

/** One model, run or built, over all images of a data set. @throws UserError without images */
export async function judgeModel({
  model,
  dataset,
  scores,
  signal,
  onProgress,
}: EvaluateModelOptions): Promise<JudgedSide> {
  if (dataset.names.length === 0) {
    throw new UserError('data-empty', `there are no images to evaluate on in ${dataset.folder}`, 'name other images');
  }
  const [side] = await judge(
    [{ predictor: model.predictor, outputs: model.output === null ? null : [model.output] }],
    new HeldOut(dataset, model.task, { native: true }),
    {
      task: model.task,
      native: true,
      warmUp,
      ...(scores ? { scores } : {}),
      ...(signal ? { signal } : {}),
      onImage: ({ index, total }) => onProgress?.(index + 1, total),
    },
  );
  return side as JudgedSide;
}
