import { basename, join } from 'node:path';
import { UserError } from '../../compiler/user-error.js';
import { type Picture, type ReadOptions, readPicture, stemOf } from '../data/index.js';
import { realFile, writeBelow } from '../support/files/below.js';
import { safeFileNames } from '../support/files/safe-name.js';
import { type InferOptions, infer, prepare, resizeMaps } from './inference.js';
import { deepestLevel, type Model } from './model.js';
import { decide, maskPngs, overlayPng } from './overlay.js';
import type { Plane } from './tiling.js';

export interface PredictOptions {
  readonly model: Model;
  /** Image files. */
  readonly images: readonly string[];
  /** Folder for the masks; made if it does not exist. */
  readonly out: string;
  /** Largest [height, width] the network sees at once. Absent: the whole image up to 2^20 pixels, else 512x512. */
  readonly tile?: readonly [number, number];
  /** Writes `overlays/NAME.png` too: the image, tinted and outlined. */
  readonly overlay?: boolean;
  /** In (0, 1); default 0.5. Not used where classes exclude each other. */
  readonly threshold?: number;
  /** Answers to what the images' files leave open. */
  readonly read?: ReadOptions;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Prediction {
  readonly image: string;
  /** The mask file; with overlapping classes the first of `masks`. */
  readonly mask: string;
  /** One for each class, where classes overlap. */
  readonly masks?: readonly string[];
  readonly overlay?: string;
  /** Which level of an adaptive model answered; in tiles: the deepest. */
  readonly level?: number;
  /** From the network's input to probabilities of the image's size. */
  readonly milliseconds: number;
}

/**
 * Writes a mask of its own size for each image: `NAME.png` with 0 and 255; with class numbers where classes exclude each
 * other; or `CLASS/NAME.png`, one a class, where they overlap: the layouts of a data folder's `masks/`. A class whose name
 * is no file's is written under one made of it (support/files/safe-name.ts).
 *
 * @throws UserError when an image can't be read, and before anything is written when two images would get the same mask,
 *   or a mask would replace one of the images
 */
export async function predictImages(options: PredictOptions): Promise<Prediction[]> {
  const { model, images, signal } = options;
  const { task } = model;
  const overlapping = task.classes.length > 1 && !task.exclusive;
  // What classes are called is the model's to say; where files go is not. A class may be called as the folder of overlays is.
  const folders = overlapping ? safeFileNames([overlayFolder, ...task.classes]).slice(1) : undefined;
  const places = images.map((image) => placesOf(options, image, folders));
  await checkPlaces(images, places);
  const results: Prediction[] = [];
  for (const [k, image] of images.entries()) {
    signal?.throwIfAborted();
    const place = places[k] as Places;
    const picture = await readPicture(image, task.channels, options.read);
    const started = performance.now();
    const seen = deepestLevel();
    const maps = await predictPicture(model, picture, { ...options, onAnswers: seen.add });
    const milliseconds = performance.now() - started;
    const segmentation = decide(maps, task.exclusive, options.threshold ?? 0.5);
    for (const [c, png] of maskPngs(segmentation).entries())
      await writeBelow(options.out, place.masks[c] as string, await png);
    if (place.overlay) await writeBelow(options.out, place.overlay, await overlayPng(picture, segmentation));
    results.push({
      image,
      mask: place.masks[0] as string,
      ...(overlapping ? { masks: place.masks } : {}),
      ...(place.overlay ? { overlay: place.overlay } : {}),
      ...(seen.level() === undefined ? {} : { level: seen.level() }),
      milliseconds,
    });
    options.onProgress?.(k + 1, images.length);
  }
  return results;
}

/** Probabilities of an image's own size, [classes, height, width]. */
export async function predictPicture(
  model: Model,
  picture: Picture,
  options: Pick<InferOptions, 'signal' | 'onAnswers'> & { readonly tile?: readonly [number, number] } = {},
): Promise<Plane> {
  const { task, predictor } = model;
  const input = prepare(picture, task);
  const { tile, signal, onAnswers } = options;
  const name = model.output;
  const maps = await infer(input, predictor, name === null ? null : [name], {
    axes: task.axes,
    ...(tile ? { tile } : {}),
    ...(signal ? { signal } : {}),
    ...(onAnswers ? { onAnswers } : {}),
  });
  const first = maps.values().next().value;
  if (!first) throw new Error('the model has no output');
  return resizeMaps(first, picture.height, picture.width);
}

interface Places {
  readonly masks: readonly string[];
  readonly overlay?: string;
}

const overlayFolder = 'overlays';

function placesOf({ out, overlay }: PredictOptions, image: string, folders: readonly string[] | undefined): Places {
  const name = `${stemOf(basename(image))}.png`;
  return {
    masks: folders ? folders.map((folder) => join(out, folder, name)) : [join(out, name)],
    ...(overlay ? { overlay: join(out, overlayFolder, name) } : {}),
  };
}

async function checkPlaces(images: readonly string[], places: readonly Places[]): Promise<void> {
  const inputs = new Map<string, string>();
  for (const image of images) inputs.set(await realFile(image), image);
  const taken = new Map<string, string>();
  for (const [k, { masks, overlay }] of places.entries()) {
    const image = images[k] as string;
    for (const file of overlay ? [...masks, overlay] : masks) {
      const path = await realFile(file);
      const input = inputs.get(path);
      if (input !== undefined) {
        throw new UserError(
          'predict-overwrite',
          `the mask of ${image} would replace the image ${input}`,
          'choose another folder with -o',
        );
      }
      const other = taken.get(path);
      if (other !== undefined) {
        throw new UserError(
          'predict-collision',
          `${other} and ${image} would both be written to ${file}`,
          'predict them into two folders',
        );
      }
      taken.set(path, image);
    }
  }
}
