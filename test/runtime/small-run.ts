import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stream } from '../../compiler/random.js';
import { defaultRecipe, type Recipe } from '../../compiler/recipe.js';
import { openFolder } from '../../runtime/data/index.js';
import { greyPng } from '../../runtime/data/png.js';
import type { TrainingEngine } from '../../runtime/engines/engine.js';
import { dataFormat } from '../../runtime/run/task.js';
import type { TrainOptions } from '../../runtime/training/train.js';
import { referenceEngine } from '../../testing/reference-engine.js';
import { nestedNetwork } from '../compiler/handmade.js';

/** Bright discs on a dark, noisy ground, and where they are. */
export async function writeDiscs(folder: string, count: number, height = 16, width = 16): Promise<void> {
  for (const part of ['images', 'masks']) await mkdir(join(folder, part), { recursive: true });
  for (let k = 0; k < count; k++) {
    const random = stream(1, 'discs', k);
    const image = new Uint8Array(height * width);
    const mask = new Uint8Array(height * width);
    const [y0, x0, r] = [random.uniform(3, height - 3), random.uniform(3, width - 3), random.uniform(2, 5)];
    for (let p = 0; p < image.length; p++) {
      const inside = (Math.floor(p / width) - y0) ** 2 + ((p % width) - x0) ** 2 < r * r;
      image[p] = (inside ? 180 : 60) + random.int(40);
      mask[p] = inside ? 255 : 0;
    }
    const name = `disc-${String(k).padStart(2, '0')}.png`;
    await writeFile(join(folder, 'images', name), await greyPng(image, height, width));
    await writeFile(join(folder, 'masks', name), await greyPng(mask, height, width));
  }
}

export const smallRecipe: Recipe = {
  ...defaultRecipe,
  batch: 2,
  epochs: 2,
  resize: [16, 16],
  holdout: 0.25,
  augment: [{ name: 'flip', amount: 0 }],
  seed: 7,
};

/** A run of two epochs of three steps, on eight images of which two are held out. */
export async function smallRun(
  data: string,
  runFolder: string,
  recipe: Partial<Recipe> = {},
  engine: TrainingEngine = referenceEngine,
): Promise<TrainOptions> {
  const network = nestedNetwork([2, 3, 4], 1);
  const whole = { ...smallRecipe, ...recipe };
  const dataset = await openFolder(data, dataFormat(network, whole));
  return { specText: 'a network written by hand', network, recipe: whole, dataset, runFolder, engine, report: false };
}
