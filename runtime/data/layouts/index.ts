import { stat } from 'node:fs/promises';
import { listFolder } from '../folder.js';
import type { ReadOptions } from '../formats/index.js';
import { hasMasksBeside, listBeside } from './beside.js';
import { isList, listOf } from './list.js';
import { imagesIn, listEntries } from './listing.js';
import { listNnunet } from './nnunet.js';
import { listPatterns, type Patterns } from './patterns.js';
import type { DataFiles } from './sample.js';

export type { Patterns } from './patterns.js';
export type { DataFiles, SampleFiles } from './sample.js';

/** A folder or a list of samples (.csv, .tsv, .json, .jsonl), or patterns; with answers to what its files leave open. */
export type DataSource = string | { readonly at: string | Patterns; readonly read?: ReadOptions };

/**
 * Finds the samples of a data source. A folder's layout is told by what it holds: `imagesTr/` is nnU-Net's, `images/` has
 * `masks/` beside it, and a folder of pictures alone holds their masks under names like `NAME_mask.png`.
 *
 * @throws UserError naming what is missing
 */
export async function findSamples(source: DataSource): Promise<DataFiles> {
  const at = placeOf(source);
  if (typeof at !== 'string') return listPatterns(at);
  return findIn(at);
}

async function findIn(source: string): Promise<DataFiles> {
  if (isList(source) && (await isFile(source))) return listOf(source);
  if (!(await isFolder(source))) return listFolder(source);
  const names = new Set((await listEntries(source)).map((entry) => entry.name));
  if (names.has('images') || names.has('masks')) return listFolder(source);
  if (names.has('imagesTr')) return listNnunet(source);
  // What is neither is said in the terms of the first layout.
  const files = await imagesIn(source).catch(() => []);
  return hasMasksBeside(files) ? listBeside(source, files) : listFolder(source);
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (s) => s.isFile(),
    () => false,
  );
const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (s) => s.isDirectory(),
    () => false,
  );

const placeOf = (source: DataSource): string | Patterns => (typeof source === 'string' ? source : source.at);

export const readOptionsOf = (source: DataSource): ReadOptions =>
  typeof source === 'string' ? {} : (source.read ?? {});

/** A source as a person named it, for messages and records. */
export function printSource(source: DataSource): string {
  const at = placeOf(source);
  return typeof at === 'string' ? at : at.images;
}
