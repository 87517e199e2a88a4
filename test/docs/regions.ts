import { limits } from '../../compiler/1-elaborate/limits.js';
import { augmentationKnobs } from '../../compiler/1-elaborate/recipe/augment.js';
import type { SettingName } from '../../compiler/1-elaborate/recipe/index.js';
import { lossKnobs } from '../../compiler/1-elaborate/recipe/loss.js';
import { maskKnobs } from '../../compiler/1-elaborate/recipe/masks.js';
import { optimizerKnobs, scheduleKnobs } from '../../compiler/1-elaborate/recipe/optimizer.js';
import { standardLibrary } from '../../compiler/index.js';
import type { Knob } from '../../compiler/knob.js';
import { losses } from '../../compiler/losses/index.js';
import { optimizers } from '../../compiler/optimizers/index.js';
import { type AugmentationName, defaultRecipe, type MaskSetting, type Schedule } from '../../compiler/recipe.js';
import { limits as textLimits } from '../../grammar/limits.js';
import { keywords } from '../../grammar/tokens.js';

const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const table = (titles: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(...titles), row(...titles.map(() => '---')), ...rows.map((cells) => row(...cells))].join('\n');
const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',');

/** `adam(lr: 0.001, beta1: 0.9)`: a call with every default. */
const call = (name: string, knobs: readonly Knob[]): string =>
  knobs.length === 0 ? `\`${name}\`` : `\`${name}(${knobs.map((k) => `${k.name}: ${k.default}`).join(', ')})\``;

const summaries = <T extends string>(
  table: Readonly<Record<T, { readonly summary: string }>>,
): Readonly<Record<T, string>> =>
  Object.fromEntries((Object.keys(table) as T[]).map((name) => [name, table[name].summary])) as Record<T, string>;

/** What a table of calls says of each, in the words of the field; a new entry of the compiler asks for a line here. */
const schedules: Readonly<Record<Schedule['name'], string>> = {
  constant: 'the rate as it is',
  step: 'times `gamma` every `every` epochs, counted from the start',
  cosine: 'half a cosine from the rate down to `floor` times it',
  poly: '(1 - t)^power, from the rate down to `floor` times it',
  plateau:
    'times `factor` after more than `patience` epochs in a row that are no better by `threshold`; `cooldown` epochs then do not count; not below `floor` times the rate',
};

const augmentations: Readonly<Record<AugmentationName, string>> = {
  flip: 'left and right, up and down, each or not',
  rotate90: 'by 0, 90, 180 or 270 degrees',
  rotate: 'by up to `amount` degrees either way',
  scale: 'objects by 1 - `amount` to 1 + `amount`',
  brightness: 'by up to `amount` of the range',
  contrast: 'by 1 - `amount` to 1 + `amount`',
  noise: 'Gaussian, of deviation `amount` of the range',
  elastic: 'smooth displacements of `amount` pixels (root mean square)',
};

const recipe = defaultRecipe;
const settings: Readonly<Record<SettingName, readonly [values: string, standard: string, what: string]>> = {
  loss: ['a sum of losses', '`0.5 * bce + dice`', 'of each head; below'],
  optimizer: ['an optimizer', `\`${recipe.optimizer.name}\``, 'below'],
  schedule: ['a schedule', `\`${recipe.schedule.name}\``, 'the learning rate over time; below'],
  batch: ['a whole number', String(recipe.batch), 'images in a step'],
  epochs: ['a whole number', String(recipe.epochs), 'passes over the images'],
  resize: ['a list, or a number for all', 'none', 'whole images, resized to this height and width'],
  patch: ['a list, or a number for all', 'none', 'random patches of this size; not with `resize`'],
  augment: ['a list', '`[]`', 'below'],
  weights: ['a list, one for each head', 'equal', 'how much each head counts, in the order of levels'],
  clip: ['a number', 'none', 'largest norm of the gradient of all weights together'],
  normalize: [
    '`unit` or `image`',
    `\`${recipe.normalize}\``,
    'pixels to 0..1; `image`: then each channel of each image to mean 0, deviation 1',
  ],
  seed: ['a whole number', String(recipe.seed), 'of weights, order and augmentation'],
  holdout: ['a share', String(recipe.holdout), 'of the images split off to judge on, without `--split`'],
  ignore: ['a whole number', 'none', 'the value of mask pixels that count nowhere, often 255'],
  masks: ['a rule', 'found by looking', 'how mask files are read; below'],
  orientation: [
    '`stored` or `exif`',
    'none',
    'how a mask without EXIF orientation lies on an image with one: in the order of stored pixels, or upright',
  ],
};

const masks: Readonly<Record<MaskSetting['kind'], string>> = {
  threshold: 'foreground is every value of `least` or more, in the numbers of the file',
  nonzero: 'foreground is every value but 0',
  alpha: 'foreground is where alpha is `least` or more, 0 to 255',
  values: 'stored numbers are classes; `values([0, [3, 4], 7])` says which numbers each class has',
  entries: 'the same with the entries of a palette, whatever their colors',
  colors: '`colors(["#000000", "#ff0000"])`: the colors of each class',
  invert: 'the rule that is found, with foreground and background exchanged',
};

const calls = <T extends string>(
  knobs: Readonly<Record<T, readonly Knob[]>>,
  what: Readonly<Record<T, string>>,
): string =>
  table(
    ['written', 'meaning'],
    (Object.keys(what) as T[]).map((name) => [call(name, knobs[name]), what[name]]),
  );

const limitRows: readonly (readonly [string, string])[] = [
  ['length of a text', `${grouped(textLimits.file / 1024)} KiB`],
  ['brackets and `if`s inside each other', grouped(textLimits.nesting)],
  ['operators and brackets of an expression, one above the other', grouped(limits.expression)],
  ['operators of a network; cells of a grid', grouped(limits.nodes)],
  ['items of a list, those inside its items included', grouped(limits.list)],
  ['lists inside lists', grouped(limits.lists)],
  ['blocks calling blocks', grouped(limits.recursion)],
  ['a whole number that an operator is given', grouped(limits.argument)],
  ['a dimension of an input', grouped(limits.dimension)],
  ['expressions evaluated and list items made', grouped(limits.steps)],
];

/** What stands between `<!-- name -->` and `<!-- /name -->` of a page. */
export const regions: readonly (readonly [page: string, name: string, text: string])[] = [
  ['docs/language/text.md', 'keywords', `${[...keywords.keys()].map((word) => `\`${word}\``).join(' ')}`],
  ['docs/language/text.md', 'limits', table(['limit', 'at most'], limitRows)],
  [
    'docs/language/train.md',
    'settings',
    table(
      ['setting', 'value', 'default', 'meaning'],
      (Object.keys(settings) as SettingName[]).map((name) => [`\`${name}\``, ...settings[name]]),
    ),
  ],
  ['docs/language/train.md', 'losses', calls(lossKnobs, summaries(losses))],
  ['docs/language/train.md', 'optimizers', calls(optimizerKnobs, summaries(optimizers))],
  ['docs/language/train.md', 'schedules', calls(scheduleKnobs, schedules)],
  ['docs/language/train.md', 'augmentations', calls(augmentationKnobs, augmentations)],
  ['docs/language/train.md', 'masks', calls(maskKnobs, masks)],
  [
    'docs/language/imports.md',
    'blocks',
    `\`\`\`unet beside verbatim\n${standardLibrary.get('std:blocks')?.trimEnd()}\n\`\`\``,
  ],
];
