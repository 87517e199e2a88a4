import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Dataset } from '../data/index.js';
import { contentHashes, type RunImages } from '../run/images.js';
import { namesHash, type RunRecord } from '../run/run-folder.js';

/** Images of a data folder that a run is judged on, and why these. */
export interface FairImages {
  readonly dataset: Dataset;
  /** `held-out`: those the run held out of its own data; `all`: every one of a folder; `named`: those that a split names. */
  readonly split: 'held-out' | 'all' | 'named';
  /** Names of those that are, by content, among the images the run was trained on. */
  readonly trainedOn: readonly string[];
  /** Images that the run held out and that are no longer there. */
  readonly missing: number;
  /** Images of the folder that the run's data did not have when it was trained; only of its own data. */
  readonly added: number;
}

/**
 * The images of a folder that are fair to judge a run on: what it held out, in the data it was trained on; all, in any other.
 * Data is the run's own if it has the same images by content, wherever it lies, or lies where it lay and still has one of the
 * images held out. A run of an older version knows only names: its data is its own if it lies where it lay under the same names.
 *
 * @param images null for a run of an older version
 */
export async function fairImages(dataset: Dataset, record: RunRecord, images: RunImages | null): Promise<FairImages> {
  if (!images) return byNames(dataset, record);
  const hashes = await contentHashes(dataset.imageFiles);
  const trained = new Set(Object.values(images.trained));
  const heldOut = new Set(Object.values(images.heldOut));
  const indices = dataset.names.flatMap((name, k) => {
    const hash = hashes[k] as string;
    // Of two equal images, one of them trained on, the name tells which was held out.
    return heldOut.has(hash) && (!trained.has(hash) || images.heldOut[name] === hash) ? [k] : [];
  });
  const known = [...Object.values(images.trained), ...Object.values(images.heldOut)];
  const same = key(hashes) === key(known);
  const own = same || (indices.length > 0 && (await lieTogether(dataset.folder, record.data.folder)));
  const chosen = own && indices.length > 0 ? indices : dataset.names.map((_, k) => k);
  const all = new Set(known);
  return {
    dataset: chosen.length === dataset.names.length ? dataset : dataset.select(chosen),
    split: own && indices.length > 0 ? 'held-out' : 'all',
    trainedOn: chosen.filter((k) => trained.has(hashes[k] as string)).map((k) => dataset.names[k] as string),
    missing: own ? Math.max(0, record.heldOut.length - indices.length) : 0,
    added: own ? hashes.filter((hash) => !all.has(hash)).length : 0,
  };
}

/** Those of a data set that a run was trained on, by content; by name for a run of an older version, in its own folder. */
export async function trainedOn(
  dataset: Dataset,
  record: RunRecord,
  images: RunImages | null,
): Promise<readonly string[]> {
  if (images) {
    const trained = new Set(Object.values(images.trained));
    const hashes = await contentHashes(dataset.imageFiles);
    return dataset.names.filter((_, k) => trained.has(hashes[k] as string));
  }
  const heldOut = new Set(record.heldOut);
  return (await lieTogether(dataset.folder, record.data.folder))
    ? dataset.names.filter((name) => !heldOut.has(name))
    : [];
}

async function byNames(dataset: Dataset, record: RunRecord): Promise<FairImages> {
  const heldOut = new Set(record.heldOut);
  const own = namesHash(dataset.names) === record.data.names && (await lieTogether(dataset.folder, record.data.folder));
  const indices = dataset.names.flatMap((name, k) => (heldOut.has(name) ? [k] : []));
  const some = own && indices.length > 0;
  return {
    dataset: some ? dataset.select(indices) : dataset,
    split: some ? 'held-out' : 'all',
    trainedOn: own && !some ? dataset.names : [],
    missing: 0,
    added: 0,
  };
}

const key = (hashes: readonly string[]): string => [...hashes].sort().join();

async function lieTogether(a: string, b: string): Promise<boolean> {
  const real = (folder: string): Promise<string> => realpath(resolve(folder)).catch(() => resolve(folder));
  return (await real(a)) === (await real(b));
}
