import type { Dataset } from '../data/index.js';
import type { Model } from '../prediction/model.js';
import { UserError } from '../support/user-error.js';
import { median } from './evaluate.js';
import { HeldOut } from './held-out.js';
import { judge } from './judge.js';
import type { Quality } from './metrics.js';

/** A built file's quality and speed, at the level and in the mode it was built for. */
export interface ModelRow extends Quality {
  readonly level: number;
  readonly mode: string;
  /** Median over images, from the network's input to maps of the image's size. */
  readonly milliseconds: number;
}

export interface EvaluateModelOptions {
  readonly model: Model;
  /** Only these images are judged. */
  readonly dataset: Dataset;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Judges a built model as `evaluate` judges a run, of which it need not know the network.
 * @throws UserError without images
 */
export async function evaluateModel(options: EvaluateModelOptions): Promise<{ images: number; rows: ModelRow[] }> {
  const { model, dataset, signal, onProgress } = options;
  if (dataset.names.length === 0) {
    throw new UserError('data-empty', `there are no images to evaluate on in ${dataset.folder}`, 'name other images');
  }
  const held = new HeldOut(dataset, model.task);
  const { quality, milliseconds } = await judge(model.predictor, held, {
    task: model.task,
    output: model.output,
    ...(signal ? { signal } : {}),
    onImage: (_, done) => onProgress?.(done, held.length),
  });
  const { level = Number.NaN, mode = '' } = model.selection ?? {};
  return { images: held.length, rows: [{ level, mode, ...quality, milliseconds: median(milliseconds) }] };
}
