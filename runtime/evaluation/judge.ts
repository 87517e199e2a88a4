import { targetOf } from '../data/index.js';
import type { Predictor, Tensor } from '../engines/engine.js';
import { infer, resizeMaps } from '../prediction/inference.js';
import type { Plane } from '../prediction/tiling.js';
import type { Task } from '../run/task.js';
import type { Example, HeldOut } from './held-out.js';
import { Scores, type ScoresOptions } from './scores.js';

/** A predictor beside others, and which of its answers are judged. */
export interface Side {
  readonly predictor: Predictor;
  /** Outputs to read; null: the first. */
  readonly outputs: readonly string[] | null;
  /** What is judged, each made of the outputs' probability maps. Absent: the first map. */
  readonly answers?: readonly ((maps: ReadonlyMap<string, Plane>) => Plane)[];
  /** Told all that the predictor returned, of every tile. */
  readonly onAnswers?: (answers: ReadonlyMap<string, Tensor>) => void;
}

export interface JudgedImage {
  readonly name: string;
  readonly index: number;
  readonly total: number;
  /** Of each side's answers: means over classes; NaN if the image has no class. */
  readonly iou: readonly (readonly number[])[];
}

export interface JudgeOptions {
  readonly task: Task;
  readonly scores?: Pick<ScoresOptions, 'absent' | 'objects' | 'calibration'>;
  /** Also at each image's own size, where the task resizes images; `held` must have been opened with `native`. */
  readonly native?: boolean;
  /** Images that are answered once without being timed: what an engine allocates at first is no part of a level's time. */
  readonly warmUp?: number;
  readonly signal?: AbortSignal;
  readonly onImage?: (image: JudgedImage) => void;
}

/** What was found of one side. */
export interface JudgedSide {
  /** Of each of its answers, at the size the network works at. */
  readonly scores: readonly Scores[];
  /** At the images' own sizes; the same objects as `scores` where the task does not resize. */
  readonly native: readonly Scores[];
  /** One an image: from the network's input to maps of that size. */
  readonly milliseconds: readonly number[];
}

const firstMap = (maps: ReadonlyMap<string, Plane>): Plane => {
  const first = maps.values().next().value;
  if (!first) throw new Error('the model has no output');
  return first;
};

/**
 * Judges predictors side by side: the one loop over images with truth that all judging goes through. Sides take turns at each
 * image, so that a machine that slows down, or is shared, slows all of them alike.
 */
export async function judge(sides: readonly Side[], held: HeldOut, options: JudgeOptions): Promise<JudgedSide[]> {
  const { task, signal, native: wantsNative = false } = options;
  const resizes = wantsNative && task.resize !== undefined;
  const { objects: wanted, ...rest } = options.scores ?? {};
  const make = (objects: boolean): Scores =>
    new Scores({
      classes: task.classes,
      exclusive: task.exclusive,
      ...rest,
      ...(objects && wanted ? { objects: wanted } : {}),
    });
  const judged = sides.map(({ answers = [firstMap] }) => {
    // Distances and objects are measured where a pixel is what it was when the image was taken.
    const scores = answers.map(() => make(!resizes));
    return { answers, scores, native: resizes ? answers.map(() => make(true)) : scores, milliseconds: [] as number[] };
  });
  const run = ({ predictor, outputs, onAnswers }: Side, { input }: Example): Promise<Map<string, Plane>> =>
    infer(input, predictor, outputs, {
      axes: task.axes,
      ...(signal ? { signal } : {}),
      ...(onAnswers ? { onAnswers } : {}),
    });
  for (let k = 0; k < Math.min(options.warmUp ?? 0, held.length); k++) {
    const example = await held.at(k);
    for (const { predictor, outputs } of sides) await run({ predictor, outputs }, example);
  }
  let index = 0;
  for await (const example of held.examples()) {
    const iou: number[][] = [];
    for (const [k, side] of sides.entries()) {
      signal?.throwIfAborted();
      const to = judged[k] as (typeof judged)[number];
      const started = performance.now();
      const maps = await run(side, example);
      to.milliseconds.push(performance.now() - started);
      iou.push(
        to.answers.map((answer, a) => add(to.scores[a] as Scores, to.native[a] as Scores, answer(maps), example)),
      );
    }
    options.onImage?.({ name: example.name, index: index++, total: held.length, iou });
  }
  return judged;
}

/** Scores one answer at both sizes; returns the IoU at the working size. */
function add(scores: Scores, native: Scores, maps: Plane, { truth, native: own, pair, spacing }: Example): number {
  const iou = scores.add(maps.data, truth, [maps.height, maps.width], spacing);
  if (native === scores) return iou;
  const mask = own ?? pair.mask;
  // As predict brings probabilities to an image's size, before it decides.
  const { data, height, width } = resizeMaps(maps, mask.height, mask.width);
  native.add(data, own ? targetOf(own) : truth, [height, width], spacing);
  return iou;
}
