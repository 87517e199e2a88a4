import { augmentationKnobs } from '../../compiler/1-elaborate/recipe/augment.js';
import type { SettingName } from '../../compiler/1-elaborate/recipe/index.js';
import { lossKnobs } from '../../compiler/1-elaborate/recipe/loss.js';
import { maskKnobs } from '../../compiler/1-elaborate/recipe/masks.js';
import { optimizerKnobs, scheduleKnobs } from '../../compiler/1-elaborate/recipe/optimizer.js';
import type { Knob } from '../../compiler/knob.js';
import { losses } from '../../compiler/losses/index.js';
import { optimizers } from '../../compiler/optimizers/index.js';
import type { AugmentationName, MaskSetting, Schedule } from '../../compiler/recipe.js';
import type { RecipeTable } from '../names/definition.js';

const docsOf = <T extends string>(table: Readonly<Record<T, { readonly doc: string }>>): Readonly<Record<T, string>> =>
  Object.fromEntries((Object.keys(table) as T[]).map((name) => [name, table[name].doc])) as Record<T, string>;

const schedules: Readonly<Record<Schedule['name'], string>> = {
  constant: 'The same rate throughout.',
  step: 'The rate is multiplied by `gamma` every `every` epochs.',
  cosine: 'Half a cosine from the rate down to `floor` of it.',
  plateau: 'The rate is multiplied by `factor` when the score has not improved for `patience` epochs.',
  poly: 'The rate times (1 - t)^power.',
};

const augmentations: Readonly<Record<AugmentationName, string>> = {
  flip: 'Mirrors along each axis, by chance.',
  rotate90: 'Turns by a multiple of 90 degrees.',
  rotate: 'Turns by up to `amount` degrees.',
  scale: 'Enlarges or shrinks by up to a share of `amount`: 0.2 is 0.8 to 1.2.',
  brightness: 'Adds up to `amount` of the range.',
  contrast: 'Stretches values around their mean by up to a share of `amount`.',
  noise: 'Adds normal noise; `amount` is its deviation as a share of the range.',
  elastic: 'Bends the image smoothly, by about `amount` pixels.',
};

const masks: Readonly<Record<MaskSetting['kind'], string>> = {
  threshold: 'Foreground is every value of `least` or more, in the numbers of the file.',
  nonzero: 'Foreground is every value but 0.',
  alpha: 'Foreground is what is opaque: alpha of `least` or more.',
  values: 'Stored numbers are classes, or the list says which numbers each class has: `values([0, [3, 4], 7])`.',
  entries: 'As `values`, of the entries of a palette.',
  colors: 'The colors of each class: `colors(["#000000", "#ff0000"])`.',
  invert: 'The rule that is found, with foreground and background exchanged.',
};

/** What each setting of `train` says. */
export const settingDocs: Readonly<Record<SettingName, string>> = {
  loss: 'What training makes small: a weighted sum such as `0.5 * bce + dice`.',
  optimizer: 'How weights follow gradients: `adam(lr: 3e-4)`.',
  schedule: 'The learning rate over the epochs: `cosine(warmup: 1)`.',
  batch: 'Images in a step.',
  epochs: 'Passes over the data.',
  resize: 'Whole images, resized to this: `[96, 96]`. Excludes `patch`.',
  patch: 'Random patches of this size; prediction slides. Excludes `resize`.',
  augment: 'Random changes to training images: `[flip, rotate90, brightness(0.1)]`.',
  weights: 'What each head counts for in the loss, ascending by level; brought to sum 1.',
  clip: 'Largest norm of the whole gradient.',
  normalize: '`unit`: samples divided by their range. `image`: then each image and channel to mean 0, deviation 1.',
  seed: 'Seed of weights, order and augmentation.',
  holdout: 'Share of the images kept for validation.',
  masks:
    'How mask files are read: `threshold(128)`, `values([0, 3, 7])`, `alpha`. Without it, by looking at all of them.',
  orientation:
    'How a mask without EXIF orientation lies on an image with one: `stored`, in the order of pixels, or `exif`, upright.',
  ignore: 'The value of mask pixels that count nowhere: `255`.',
};

export const isSettingName = (name: string): name is SettingName => Object.hasOwn(settingDocs, name);

interface Entry {
  readonly doc: string;
  readonly knobs: readonly Knob[];
}

const entries = <T extends string>(
  docs: Readonly<Record<T, string>>,
  knobs: Readonly<Record<T, readonly Knob[]>>,
): ReadonlyMap<string, Entry> =>
  new Map((Object.keys(docs) as T[]).map((name) => [name, { doc: docs[name], knobs: knobs[name] }]));

/** The words of a recipe, with their arguments. */
export const recipeWords: Readonly<Record<RecipeTable, ReadonlyMap<string, Entry>>> = {
  loss: entries(docsOf(losses), lossKnobs),
  optimizer: entries(docsOf(optimizers), optimizerKnobs),
  schedule: entries(schedules, scheduleKnobs),
  augment: entries(augmentations, augmentationKnobs),
  masks: entries(masks, maskKnobs),
};

export const isRecipeTable = (name: string): name is RecipeTable => Object.hasOwn(recipeWords, name);

export const isRecipeWord = (table: RecipeTable, name: string): boolean => recipeWords[table].has(name);

/** `at least 0, below 1; default 0.9` */
export function knobDoc(knob: Knob): string {
  const bounds = [
    knob.least === undefined ? [] : [`at least ${knob.least}`],
    knob.above === undefined ? [] : [`more than ${knob.above}`],
    knob.below === undefined ? [] : [`less than ${knob.below}`],
    knob.most === undefined ? [] : [`at most ${knob.most}`],
  ].flat();
  const type = typeof knob.default === 'boolean' ? 'true or false' : knob.whole ? 'a whole number' : 'a number';
  return `${[type, ...bounds].join(', ')}; default ${knob.default}`;
}
