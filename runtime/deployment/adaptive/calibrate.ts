import { type Graph, uncertaintyName } from '../../../compiler/index.js';
import { UserError } from '../../../compiler/user-error.js';
import type { Dataset } from '../../data/index.js';
import type { Engine, Tensor, Weights } from '../../engines/engine.js';
import { HeldOut } from '../../evaluation/held-out.js';
import { judge } from '../../evaluation/judge.js';
import type { Plane } from '../../prediction/tiling.js';
import type { Task } from '../../run/task.js';
import type { Observation } from './thresholds.js';

export interface ObserveOptions {
  /** A graph of `deployLevels`: its outputs are the answers of `levels`, in order, then how unsure each but the last is. */
  readonly graph: Graph;
  readonly levels: readonly number[];
  readonly weights: Weights;
  readonly task: Task;
  /** Images with masks; every one is used. */
  readonly dataset: Dataset;
  readonly engine: Engine;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * What each level answers to each image, and how sure it is, judged as `evaluate` judges: one pass over the whole network an image. An
 * image that is looked at in tiles is as unsure as its most unsure tile.
 * @throws UserError without images
 */
export async function observe(options: ObserveOptions): Promise<Observation[]> {
  const { graph, levels, task, dataset, engine, signal } = options;
  if (dataset.names.length === 0) {
    throw new UserError(
      'data-empty',
      `there are no images to choose thresholds on in ${dataset.folder}`,
      'name others',
    );
  }
  const held = new HeldOut(dataset, task);
  const outputs = graph.outputs.slice(0, levels.length).map((o) => o.name);
  const observations: Observation[] = [];
  let uncertainty = levels.slice(0, -1).map(() => 0);
  const onAnswers = (found: ReadonlyMap<string, Tensor>): void =>
    uncertainty.forEach((before, k) => {
      const u = found.get(uncertaintyName(levels[k] as number))?.data[0];
      if (u === undefined) throw new Error(`the graph does not say how unsure L${levels[k]} is`);
      uncertainty[k] = Math.max(before, u);
    });
  const answers = outputs.map((name) => (maps: ReadonlyMap<string, Plane>) => maps.get(name) as Plane);
  const predictor = await engine.predictor(graph, options.weights);
  try {
    await judge([{ predictor, outputs, answers, onAnswers }], held, {
      task,
      scores: { calibration: false },
      ...(signal ? { signal } : {}),
      onImage: ({ name, index, total, iou: [found = []] }) => {
        // An image without any class, in truth and in the answer, is answered rightly.
        observations.push({ name, iou: found.map((iou) => (Number.isNaN(iou) ? 1 : iou)), uncertainty });
        uncertainty = uncertainty.map(() => 0);
        options.onProgress?.(index + 1, total);
      },
    });
  } finally {
    await predictor.dispose();
  }
  return observations;
}
