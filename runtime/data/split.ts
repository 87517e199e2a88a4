import { stream } from '../../compiler/random.js';
import { UserError } from '../../compiler/user-error.js';
import type { Dataset } from './dataset.js';
import { heldGroups } from './groups.js';
import { resolveNames } from './names.js';

/** A seeded share, 0 <= holdout < 1, or the names to hold out, with or without extension. */
export type SplitRule = { readonly holdout: number; readonly seed: number } | { readonly names: readonly string[] };

export interface Split {
  readonly train: Dataset;
  readonly held: Dataset;
}

/**
 * Splits by name. The seeded share holds out the names whose own draw from the seed is lowest, so it depends neither on
 * the order of listing nor, but for the few at the edge, on which other images there are. A share above 0 of two or more
 * images holds out at least one and leaves at least one.
 *
 * @throws UserError when a given name is not in the data, or nothing is left to train on
 */
export function split(dataset: Dataset, rule: SplitRule): Split {
  const held = 'names' in rule ? named(dataset, rule.names) : seeded(dataset, rule.holdout, rule.seed);
  const indices = dataset.names.map((_, index) => index);
  const train = indices.filter((index) => !held.has(index));
  if (train.length === 0) {
    throw new UserError(
      'split-empty',
      `every one of the ${dataset.names.length} images in ${dataset.folder} is held out`,
      'name fewer images in the split, or add images',
    );
  }
  return { train: dataset.select(train), held: dataset.select(indices.filter((index) => held.has(index))) };
}

function seeded(dataset: Dataset, holdout: number, seed: number): Set<number> {
  const { names } = dataset;
  if (!(holdout >= 0 && holdout < 1)) {
    throw new UserError('split-share', `holdout is ${holdout}`, 'give a share of at least 0 and below 1, such as 0.2');
  }
  if (holdout === 0 || names.length < 2) return new Set();
  const groups = heldGroups(dataset.samples, holdout, seed);
  if (groups !== null) return groups;
  const count = Math.min(names.length - 1, Math.max(1, Math.round(holdout * names.length)));
  const draws = names.map((name, index) => ({ index, name, draw: stream(seed, 'split', name).uint32() }));
  draws.sort((a, b) => a.draw - b.draw || (a.name < b.name ? -1 : 1));
  return new Set(draws.slice(0, count).map(({ index }) => index));
}

/** A sample's very name goes before what else a text may mean: names of a run are such. */
function named(dataset: Dataset, wanted: readonly string[]): Set<number> {
  const index = new Map(dataset.names.map((name, position) => [name, position]));
  const listed = wanted.map((name) => ({ text: name.normalize('NFC'), exact: index.has(name) }));
  return new Set(resolveNames(dataset, listed).map((name) => index.get(name) as number));
}
