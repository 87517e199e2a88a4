import { readFile } from 'node:fs/promises';
import { fileFailure } from '../support/files/failure.js';
import { stream } from '../support/random.js';
import { someOf, UserError } from '../support/user-error.js';
import type { Dataset } from './dataset.js';
import { stemOf } from './folder.js';
import { heldGroups } from './groups.js';

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

/** The names of a split file: one a line, blank lines and lines starting with # left out. */
export async function readNames(file: string): Promise<string[]> {
  try {
    const lines = (await readFile(file, 'utf8')).replace(/^\uFEFF/, '').split(/\r?\n/);
    return lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  } catch (error) {
    throw fileFailure('read', file, error);
  }
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

function named(dataset: Dataset, wanted: readonly string[]): Set<number> {
  const index = new Map(dataset.names.map((name, position) => [name, position]));
  const unknown = wanted.filter((name) => !index.has(stemOf(name)) && !index.has(name));
  if (unknown.length > 0) {
    throw new UserError(
      'split-unknown',
      `the split names ${unknown.length === 1 ? 'an image' : `${unknown.length} images`} that ${dataset.folder} does not have: ${someOf(unknown)}`,
      'one name a line, as in images/, with or without extension',
    );
  }
  return new Set(wanted.map((name) => index.get(stemOf(name)) ?? index.get(name) ?? -1));
}
