import { UserError } from '../../compiler/user-error.js';
import { type Picture, resizePicture, resizePlanes, toInput } from '../data/index.js';
import type { Predictor, Tensor } from '../engines/engine.js';
import { type AxisRule, type Task, validSize } from '../run/task.js';
import { shown } from '../support/shown.js';
import { Blender, cut, type Plane, planTiles, type TilePlan } from './tiling.js';

/** An image as the network takes it, at the resolution it works at: resized and normalized as in training. */
export function prepare(picture: Picture, task: Task): Plane {
  const [height, width] = task.resize ?? [];
  const sized = height && width ? resizePicture(picture, { height, width }) : picture;
  return { data: toInput(sized, task.normalize), channels: sized.channels, height: sized.height, width: sized.width };
}

export interface InferOptions {
  readonly axes: readonly AxisRule[];
  /** Largest [height, width] at once; null: the whole image. Absent: the whole image up to 2^20 pixels, else 512x512. */
  readonly tile?: readonly [number, number] | null;
  readonly signal?: AbortSignal;
  /** Told all that the predictor answered, of every tile. */
  readonly onAnswers?: (answers: ReadonlyMap<string, Tensor>) => void;
}

/** Above this many pixels an image is predicted in tiles: whole, its activations would take gigabytes. */
const largestWhole = 1 << 20;
const defaultTile = [512, 512] as const;

/**
 * Probability maps of an image of any size, each of the image's own size, by output name: the image is padded by
 * reflection to sizes the network takes, cut into overlapping tiles where it is large, and the answers are blended.
 * @param outputs which of the predictor's outputs; null: the first
 */
export async function infer(
  image: Plane,
  predictor: Predictor,
  outputs: readonly string[] | null,
  options: InferOptions,
): Promise<Map<string, Plane>> {
  const { height, width, channels } = image;
  const tile = options.tile === undefined ? (height * width > largestWhole ? defaultTile : null) : options.tile;
  const plan = planTiles(height, width, tile, sizing(options.axes, height, width, tile));
  checkSize(plan, image);
  const blenders = new Map<string, Blender>();
  const single = plan.tops.length === 1 && plan.lefts.length === 1;
  for (const top of plan.tops) {
    for (const left of plan.lefts) {
      options.signal?.throwIfAborted();
      const exact = top === 0 && left === 0 && plan.height === height && plan.width === width;
      const { data } = exact ? image : cut(image, top, left, plan.height, plan.width);
      const answers = await predictor.run({ data, shape: [1, channels, plan.height, plan.width] });
      options.onAnswers?.(answers);
      const wanted = outputs ?? [...answers.keys()].slice(0, 1);
      // One tile needs no blending: dividing by its own weight could change the last bit.
      if (single)
        return new Map(wanted.map((name) => [name, window(answerOf(answers, name, plan), plan, image, top, left)]));
      for (const name of wanted) {
        const answer = answerOf(answers, name, plan);
        const classes = answer.shape[1] ?? 1;
        const blender = blenders.get(name) ?? new Blender(classes, height, width, plan);
        blenders.set(name, blender);
        blender.add(answer.data, top, left);
      }
    }
  }
  return new Map([...blenders].map(([name, blender]) => [name, blender.finish()]));
}

function answerOf(
  answers: ReadonlyMap<string, Tensor>,
  name: string,
  { height, width }: Pick<TilePlan, 'height' | 'width'>,
): Tensor {
  const answer = answers.get(name);
  if (!answer) throw new Error(`the engine did not answer output ${name}`);
  const [n, , ...space] = answer.shape;
  if (n === 1 && space.length === 2 && space[0] === height && space[1] === width) return answer;
  throw new UserError(
    'model-output',
    `the output ${JSON.stringify(shown(name))} is [${answer.shape.join(', ')}] for an image of ${height}x${width}, where maps of that size are due`,
    'use a model whose maps have the size of its image',
  );
}

/** Elements of the largest tile that is made: 1 GiB in floats. */
const largestTile = 2 ** 28;

/** @throws UserError if the network's rule of sizes makes a small image huge */
function checkSize({ height, width }: TilePlan, image: Plane): void {
  if (height * width * image.channels <= largestTile) return;
  throw new UserError(
    'size-too-large',
    `an image of ${image.height}x${image.width} would be padded to ${height}x${width}, the next size that the model takes`,
    'use a model that takes smaller sizes, or a smaller --tile',
  );
}

/** The image's part of the one tile that holds it. */
function window(
  { data, shape }: Tensor,
  tile: { readonly height: number; readonly width: number },
  image: Plane,
  top: number,
  left: number,
): Plane {
  const channels = shape[1] ?? 1;
  return cut({ data, channels, height: tile.height, width: tile.width }, -top, -left, image.height, image.width);
}

/** How lengths are rounded up on both axes; an input whose axes share one symbol gets square tiles. */
function sizing(
  axes: readonly AxisRule[],
  height: number,
  width: number,
  tile: readonly [number, number] | null,
): (n: number, axis: 0 | 1) => number {
  const [rows, columns] = axes;
  if (!rows || !columns) throw new Error('images have two spatial axes');
  if ('symbol' in rows && 'symbol' in columns && rows.symbol === columns.symbol) {
    const edge = validSize(rows, Math.max(Math.min(height, tile?.[0] ?? height), Math.min(width, tile?.[1] ?? width)));
    return () => edge;
  }
  return (n, axis) => validSize(axis === 0 ? rows : columns, n);
}

/** Probability maps brought to another size, as a map predicted at the training size is brought to the image's own. */
export function resizeMaps(maps: Plane, height: number, width: number): Plane {
  if (maps.height === height && maps.width === width) return maps;
  return {
    data: resizePlanes(maps.data, maps.channels, maps, { height, width }),
    channels: maps.channels,
    height,
    width,
  };
}
