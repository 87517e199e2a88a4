import * as v from 'valibot';
import { augmentationNames, lossNames, optimizerNames, scheduleNames } from '../../compiler/recipe.js';
import { finite, integer, list, name, sha256 } from '../support/schema.js';
import { imageSizeSchema, taskSchema } from './task-schema.js';

/**
 * What a run's files may hold. They come from anybody: each field is checked before it is used. Fields that a newer version
 * may add are kept; those that an older one lacks are optional here.
 */

/** The version of run.json that this program writes. Older ones have no number. */
export const recordFormat = 1;

const share = v.pipe(finite, v.minValue(0, 'expected at least 0'), v.maxValue(1, 'expected at most 1'));
const positive = v.pipe(finite, v.gtValue(0, 'expected more than 0'));
const atLeastZero = v.pipe(finite, v.minValue(0, 'expected at least 0'));
const count = integer(1, 2 ** 31 - 1);
/** Settings of an optimizer or a schedule, whichever it has: numbers and switches. */
const settings = v.union([finite, v.boolean(), name]);

const sgd = { momentum: share, nesterov: v.boolean(), weightDecay: atLeastZero };
const adam = { beta1: share, beta2: share, eps: atLeastZero, weightDecay: atLeastZero };

/** Each with what its update rule reads; another kind's settings, which older versions wrote too, are let be. */
const optimizer = v.variant('name', [
  v.objectWithRest({ name: v.literal('sgd'), lr: positive, ...sgd }, settings),
  v.objectWithRest({ name: v.picklist(['adam', 'adamw']), lr: positive, ...adam }, settings),
  v.objectWithRest(
    { name: v.picklist(optimizerNames.filter((n) => !['sgd', 'adam', 'adamw'].includes(n))), lr: positive },
    settings,
  ),
]);

const schedule = v.looseObject({
  name: v.picklist(scheduleNames),
  warmup: atLeastZero,
  every: integer(1, 2 ** 31 - 1),
  gamma: finite,
  power: finite,
  floor: finite,
  factor: finite,
  patience: atLeastZero,
  threshold: finite,
  cooldown: atLeastZero,
});

const recipe = v.looseObject({
  loss: v.pipe(
    list(v.looseObject({ name: v.picklist(lossNames), weight: finite, args: v.record(v.string(), finite) }), 100),
    v.minLength(1, 'expected at least one'),
  ),
  optimizer,
  schedule,
  batch: integer(1, 65_536),
  epochs: count,
  resize: v.optional(imageSizeSchema),
  patch: v.optional(imageSizeSchema),
  augment: list(v.looseObject({ name: v.picklist(augmentationNames), amount: finite }), 100),
  weights: v.optional(list(finite, 1000)),
  clip: v.optional(positive),
  normalize: v.picklist(['unit', 'image']),
  seed: integer(0, Number.MAX_SAFE_INTEGER),
  holdout: share,
});

export const recordSchema = v.looseObject({
  format: v.optional(integer(1, recordFormat)),
  unetc: v.optional(name),
  network: v.optional(name),
  spec: sha256,
  set: v.record(name, v.string()),
  params: v.optional(v.record(name, v.unknown())),
  recipe,
  seed: integer(0, Number.MAX_SAFE_INTEGER),
  engine: v.looseObject({ name, device: name, precision: v.picklist(['fp32', 'bf16']) }),
  data: v.looseObject({ folder: v.string(), images: integer(0, 2 ** 31 - 1), names: sha256 }),
  heldOut: list(name, 2 ** 24),
  task: taskSchema,
  sha256: v.optional(sha256),
});

export const importsSchema = list(v.looseObject({ path: name, text: v.string() }), 10_000);

/** A figure is null where there was nothing to measure: JSON has no NaN. */
const figures = { iou: v.nullable(finite), dice: v.nullable(finite), bce: v.nullable(finite) };

/** The epochs that a checkpoint says it has behind it, one after the other. */
export const epochLinesSchema = v.pipe(
  list(
    v.looseObject({
      epoch: count,
      loss: finite,
      lr: atLeastZero,
      seconds: atLeastZero,
      heads: list(v.looseObject({ level: integer(0, 1000), ...figures }), 1000),
      average: v.nullable(v.looseObject(figures)),
      output: v.nullable(v.looseObject({ mode: name, ...figures })),
    }),
    2 ** 24,
  ),
  v.check((lines) => lines.every(({ epoch }, k) => epoch === k + 1), 'expected epochs 1, 2, 3, ...'),
);

/** Where a checkpoint stands within the next epoch. */
export const positionSchema = v.looseObject({
  step: integer(0, 2 ** 31 - 1),
  lossSum: finite,
  seconds: atLeastZero,
  lr: atLeastZero,
});
