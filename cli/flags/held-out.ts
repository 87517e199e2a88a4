import type { Dataset } from '../../runtime/data/index.js';
import { split } from '../../runtime/data/index.js';
import { namesHash, type RunRecord } from '../../runtime/run/run-folder.js';
import type { Io } from '../io.js';

/**
 * The images of a folder that are fair to judge a run on: those named; else those the run held out; else, in a folder
 * that has none of them, or for weights of no run, all.
 */
export function imagesToJudge(
  dataset: Dataset,
  record: RunRecord | null,
  named: readonly string[] | undefined,
  io: Io,
): Dataset {
  if (named) return namedImages(dataset, named);
  if (!record) return dataset;
  const have = new Set(dataset.names);
  const heldOut = record.heldOut.filter((name) => have.has(name));
  if (heldOut.length > 0) {
    if (heldOut.length < record.heldOut.length) {
      io.err(
        `warning: ${dataset.folder} has ${heldOut.length} of the ${record.heldOut.length} images the run held out\n`,
      );
    }
    return namedImages(dataset, heldOut);
  }
  if (namesHash(dataset.names) === record.data.names) {
    io.err('warning: the run held nothing out, so these images are those it was trained on\n');
  }
  return dataset;
}

/** The images of a folder that are named. `split` wants something left to train on; to judge, all may be named. */
export function namedImages(dataset: Dataset, names: readonly string[]): Dataset {
  const wanted = new Set(names);
  const all = dataset.names.every((name) => wanted.has(name));
  return all ? dataset : split(dataset, { names }).held;
}
