import type { Predictor } from '../engines/engine.js';
import { infer } from '../prediction/inference.js';
import type { Plane } from '../prediction/tiling.js';
import type { Task } from '../run/task.js';
import type { HeldOut } from './held-out.js';
import { type Quality, Scores } from './metrics.js';

export interface JudgeOptions {
  readonly task: Task;
  /** The output to judge; null: the predictor's first. */
  readonly output: string | null;
  readonly signal?: AbortSignal;
  /** Told of each image as it is judged, its IoU and how many are done. */
  readonly onImage?: (iou: number, done: number) => void;
}

export interface Judged {
  readonly quality: Quality;
  /** One an image: from the network's input to maps of the image's size. */
  readonly milliseconds: readonly number[];
}

/** What a predictor answers, against the truth, image by image. */
export async function judge(predictor: Predictor, held: HeldOut, options: JudgeOptions): Promise<Judged> {
  const { task, output, signal } = options;
  const scores = new Scores({ classes: task.classes, exclusive: task.exclusive });
  const milliseconds: number[] = [];
  for await (const { input, truth } of held.examples()) {
    signal?.throwIfAborted();
    const started = performance.now();
    const maps = await infer(input, predictor, output === null ? null : [output], {
      axes: task.axes,
      ...(signal ? { signal } : {}),
    });
    milliseconds.push(performance.now() - started);
    const iou = scores.add((maps.values().next().value as Plane).data, truth);
    options.onImage?.(iou, milliseconds.length);
  }
  return { quality: scores.quality(), milliseconds };
}
