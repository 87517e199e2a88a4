import { type LossName, type LossTerm, lossNames, lossTerm } from './losses/index.js';
import { isOptimizerName, type Optimizer, optimizerOf } from './optimizers/index.js';

export { type LossName, type LossTerm, lossNames, lossTerm } from './losses/index.js';
export {
  isOptimizerName,
  type Optimizer,
  type OptimizerName,
  optimizerNames,
  optimizerOf,
} from './optimizers/index.js';

export const scheduleNames = ['constant', 'step', 'cosine', 'poly', 'plateau'] as const;

/** Learning rate over time; `warmup` epochs of linear growth first. */
export interface Schedule {
  readonly name: (typeof scheduleNames)[number];
  readonly warmup: number;
  /** step: multiply by `gamma` every `every` epochs. */
  readonly every: number;
  readonly gamma: number;
  /** poly: (1 - t)^power. */
  readonly power: number;
  /** cosine, poly: the rate at the end, as a share of the first; plateau: the least it falls to. */
  readonly floor: number;
  /** plateau: multiply by `factor` when more than `patience` epochs in a row are no better than the best so far. */
  readonly factor: number;
  readonly patience: number;
  /** plateau: how much better counts, as a share of the best. */
  readonly threshold: number;
  /** plateau: epochs after a reduction that do not count. */
  readonly cooldown: number;
}

export const augmentationNames = [
  'flip',
  'rotate90',
  'rotate',
  'scale',
  'brightness',
  'contrast',
  'noise',
  'elastic',
] as const;
export type AugmentationName = (typeof augmentationNames)[number];

/**
 * One entry of `augment = [flip, rotate90, brightness(0.1)]`. `amount`: rotate degrees, scale a share (0.2: 0.8 to 1.2),
 * brightness and contrast a share of the range, noise a standard deviation of the range, elastic pixels.
 */
export interface Augmentation {
  readonly name: AugmentationName;
  readonly amount: number;
}

/** A rule by which the samples of mask files become classes. It holds for all files of a data set. */
export type MaskRule =
  /** Foreground is every value (of colours: the largest of red, green and blue) but 0. */
  | { readonly kind: 'nonzero'; readonly invert: boolean }
  /** Foreground is every value of `least` or more, in the file's own numbers. */
  | { readonly kind: 'threshold'; readonly least: number; readonly invert: boolean }
  /** Foreground is where a pixel is at least this opaque, 0 to 255; colours say nothing. */
  | { readonly kind: 'alpha'; readonly least: number; readonly invert: boolean }
  /** Stored numbers, or numbers of palette entries: the classes themselves, or those listed for each class. */
  | { readonly kind: 'values' | 'entries'; readonly classes?: readonly (readonly number[])[] }
  /** `#rrggbb`, those of each class. */
  | { readonly kind: 'colors'; readonly classes: readonly (readonly string[])[] };

/** `masks = ...`: a rule, or `invert`: the rule that is found, with foreground and background exchanged. */
export type MaskSetting = MaskRule | { readonly kind: 'invert' };

export const maskRuleNames = ['threshold', 'nonzero', 'alpha', 'values', 'entries', 'colors', 'invert'] as const;

/** How a mask without an EXIF orientation lies on an image with one: in the order of stored pixels, or upright. */
export const orientationNames = ['stored', 'exif'] as const;
export type MaskOrientation = (typeof orientationNames)[number];

/** How the masks of a data set are read: one rule for all of its files. */
export interface MaskReading {
  readonly rule: MaskRule;
  /** The number of pixels that are left out of losses and measures. */
  readonly ignore?: number;
  /** Where image and mask differ in their EXIF orientation. */
  readonly orientation?: MaskOrientation;
  /** The rule was stated, and not found by looking: other data are read by it too. */
  readonly stated?: boolean;
}

/** What a `train { }` block says, checked and with defaults filled in. Command-line flags override it. */
export interface Recipe {
  readonly loss: readonly LossTerm[];
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  readonly batch: number;
  readonly epochs: number;
  /** Whole images resized to this (spatial dims); exclusive with `patch`. */
  readonly resize?: readonly number[];
  /** Random patches of this size at native resolution; prediction slides. */
  readonly patch?: readonly number[];
  readonly augment: readonly Augmentation[];
  /** One weight for each head in ascending level order; absent: equal. Always normalised to sum 1 by the loss. */
  readonly weights?: readonly number[];
  /** Largest global gradient norm; absent: no clipping. */
  readonly clip?: number;
  /** `unit`: divide by the sample range, to 0..1. `image`: then per image and channel to mean 0, deviation 1. */
  readonly normalize: 'unit' | 'image';
  readonly seed: number;
  /** The value of a mask's pixels that count nowhere, neither in losses nor in measures; absent: every pixel counts. */
  readonly ignore?: number;
  /** Share of images split off for validation when no split is given. */
  readonly holdout: number;
  /** How masks are read; absent: by a rule found by looking at all of them. */
  readonly masks?: MaskSetting;
  /** Absent: image and mask must agree, or their sizes tell. */
  readonly orientation?: MaskOrientation;
}

export const defaultRecipe: Recipe = {
  loss: [lossTerm('bce', 0.5), lossTerm('dice')],
  optimizer: optimizerOf('adam'),
  schedule: {
    name: 'cosine',
    warmup: 0,
    every: 30,
    gamma: 0.1,
    power: 0.9,
    floor: 0,
    factor: 0.1,
    patience: 10,
    threshold: 1e-4,
    cooldown: 0,
  },
  batch: 16,
  epochs: 50,
  augment: [],
  normalize: 'unit',
  seed: 0,
  holdout: 0.2,
};

/**
 * A recipe as an older version recorded it, in today's shape: arguments that losses had not yet get their defaults, and an optimizer loses the
 * fields of others, which it once carried.
 */
export function recipeFromRecord(record: Recipe): Recipe {
  const { optimizer, loss } = record;
  return {
    ...record,
    loss: loss.map((term) => ((lossNames as readonly LossName[]).includes(term.name) ? complete(term) : term)),
    optimizer: isOptimizerName(optimizer.name) ? optimizerOf(optimizer.name, optimizer) : optimizer,
  };
}

const complete = ({ name, weight, args }: LossTerm): LossTerm =>
  lossTerm(name, weight, args as Readonly<Record<string, number>>);
