import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { listFolder } from '../folder.js';
import { hasMasksBeside, listBeside } from './beside.js';
import { isList, listOf } from './list.js';
import { imagesIn, listEntries } from './listing.js';
import { listNnunet } from './nnunet.js';
import { listPatterns, type Patterns } from './patterns.js';
import type { DataFiles } from './sample.js';

export type { Patterns } from './patterns.js';
export type { DataFiles, SampleFiles } from './sample.js';

/** A folder, a list of samples (.csv, .tsv, .json, .jsonl), or patterns. */
export type DataSource = string | Patterns;

/**
 * Finds the samples of a data source. A folder's layout is told by what it holds: `imagesTr/` is nnU-Net's, `images/` has
 * `masks/` beside it, and a folder of pictures alone holds their masks under names like `NAME_mask.png`.
 *
 * @throws UserError naming what is missing
 */
export async function findSamples(source: DataSource): Promise<DataFiles> {
  if (typeof source !== 'string') return listPatterns(source);
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

/** `DATA` as a person named it, for messages and records. */
export const printSource = (source: DataSource): string => (typeof source === 'string' ? source : join(source.images));
