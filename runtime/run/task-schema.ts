import * as v from 'valibot';
import { integer, list, name } from '../support/schema.js';
import type { Task } from './task.js';

/** What a `Task` may be where it is read from a file: a run's record, or a model's metadata. */

/** Elements of one image that is resized to this, at most: 2^27 is 11,585 squared, or 512 cubed. */
const largestImage = 2 ** 27;
const largestSide = 2 ** 20;

/** [height, width] or [depth, height, width]. */
export const imageSizeSchema = v.pipe(
  list(integer(1, largestSide), 3),
  v.minLength(1, 'expected a size for each axis'),
  v.check((sizes) => sizes.reduce((n, size) => n * size, 1) <= largestImage, `expected at most ${largestImage} pixels`),
);

/** A name, not a path: whatever is made of it, it stays where it is put. */
export const classNameSchema = v.pipe(
  name,
  v.check((text) => !/(^|[\\/])\.{1,2}([\\/]|$)|^[\\/]|^[a-z]:[\\/]/i.test(text), 'expected a name that is no path'),
);

export const axisRuleSchema = v.union([
  v.looseObject({ fixed: integer(1, largestSide) }),
  v.pipe(
    v.looseObject({
      symbol: name,
      modulus: integer(1, 2 ** 40),
      residues: v.pipe(list(integer(0, 2 ** 40), 2 ** 20), v.minLength(1, 'expected at least one')),
      least: integer(1, 2 ** 40),
    }),
    v.check((rule) => rule.residues.every((r) => r < rule.modulus), 'expected residues below the modulus'),
  ),
]);

/** Fields that it does not know are kept. `axes` and `channels` are checked against the network where there is one. */
export const taskSchema = v.looseObject({
  channels: integer(1, 65_536),
  classes: v.pipe(list(classNameSchema, 65_536), v.minLength(1, 'expected at least one')),
  exclusive: v.boolean(),
  normalize: v.picklist(['unit', 'image']),
  resize: v.optional(imageSizeSchema),
  patch: v.optional(imageSizeSchema),
  axes: v.pipe(list(axisRuleSchema, 3), v.minLength(1, 'expected at least one')),
}) satisfies v.GenericSchema<unknown, Task>;
