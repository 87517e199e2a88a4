import { UserError } from '../../compiler/user-error.js';
import type { Dataset } from './dataset.js';

/** What a list says of which images are trained on. */
export interface ListSplit {
  /** All but the test's images, which training does not see at all. */
  readonly dataset: Dataset;
  /** Names that the list holds out; absent where it does not say. */
  readonly heldOut?: readonly string[];
  readonly tests: number;
}

const held = /^(val|valid|validation|held|held-?out|dev)$/i;
const test = /^test(ing)?$/i;
const train = /^train(ing)?$/i;

/**
 * Follows the `split` column of a list. Data without one is given back as it is.
 *
 * @throws UserError when a value is none of train, val and test
 */
export function listSplit(all: Dataset): ListSplit {
  const splits = all.samples.map(({ split }) => split);
  const unknown = splits.find((split) => split !== undefined && ![held, test, train].some((kind) => kind.test(split)));
  if (unknown !== undefined) {
    throw new UserError(
      'list-split',
      `${all.folder} has the split "${unknown}"`,
      'a split is train, val or test; folds by number: name the held-out images with --split',
    );
  }
  const tests = splits.filter((split) => split !== undefined && test.test(split)).length;
  const rows = splits.flatMap((split, row) => (split !== undefined && test.test(split) ? [] : [row]));
  const dataset = tests === 0 ? all : all.select(rows);
  const heldOut = all.names.filter((_, row) => held.test(splits[row] ?? ''));
  return { dataset, ...(heldOut.length > 0 ? { heldOut } : {}), tests };
}
