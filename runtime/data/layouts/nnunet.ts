import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { someOf, UserError } from '../../../compiler/user-error.js';
import { failedWith, fileFailure } from '../../support/files/failure.js';
import { type Found, imagesIn, requireFolder } from './listing.js';
import { type DataFiles, named, stemOf } from './sample.js';

/**
 * nnU-Net's folder: `imagesTr/CASE_0000.nii.gz` with a file for each channel, `labelsTr/CASE.nii.gz`, and `dataset.json`
 * with the names of the labels. https://github.com/MIC-DKFZ/nnUNet/blob/master/documentation/dataset_format.md
 *
 * @throws UserError when a channel or a label is missing
 */
export async function listNnunet(folder: string): Promise<DataFiles> {
  const images = join(folder, 'imagesTr');
  const labels = join(folder, 'labelsTr');
  await requireFolder(labels, 'masks-missing', 'nnU-Net keeps the labels of imagesTr/ in labelsTr/');
  const cases = new Map<string, Map<number, Found>>();
  for (const file of await imagesIn(images)) {
    const found = /^(.*)_(\d{4})$/s.exec(stemOf(file.relative));
    if (!found) {
      throw new UserError(
        'nnunet-name',
        `${file.path} does not end in its channel's number, such as _0000`,
        'name it CASE_0000, with a number for each channel',
      );
    }
    const channels = cases.get(found[1]!) ?? new Map<number, Found>();
    channels.set(Number(found[2]), file);
    cases.set(found[1]!, channels);
  }
  if (cases.size === 0) throw new UserError('images-empty', `${images} holds no image`, 'see docs/data.md');
  const count = Math.max(...[...cases.values()].map((channels) => channels.size));
  const masks = new Map((await imagesIn(labels)).map((file) => [stemOf(file.relative), file]));
  const used = new Set<Found>();
  const missing: string[] = [];
  const samples = [...cases].map(([name, channels]) => {
    const files = Array.from({ length: count }, (_, k) => {
      const file = channels.get(k);
      if (file) return file.path;
      const number = String(k).padStart(4, '0');
      throw new UserError(
        'nnunet-channel',
        `${join(images, name)} has no channel _${number}, but other cases have ${count} channels`,
        'add the file, or remove the case',
      );
    });
    const mask = masks.get(name);
    if (mask) used.add(mask);
    else missing.push(join(images, name));
    return { id: `imagesTr/${name}`, images: files, masks: mask ? [mask.path] : [] };
  });
  if (missing.length > 0) {
    throw new UserError(
      'mask-missing',
      `${missing.length === 1 ? '1 case has' : `${missing.length} of ${cases.size} cases have`} no label in ${labels}: ${someOf(missing)}`,
      "a label has the name of its case, without the channel's number",
    );
  }
  const classNames = await labelNames(join(folder, 'dataset.json'));
  return {
    layout: `nnU-Net's imagesTr/ and labelsTr/`,
    samples: named(samples),
    classFolders: [],
    ...(classNames ? { classNames } : {}),
    unusedMasks: [...masks.values()].filter((mask) => !used.has(mask)).map(({ path }) => path),
  };
}

/** `{"background": 0, "liver": 1}`, or version 1's `{"0": "background"}`; regions (lists of labels) have no names by number. */
async function labelNames(file: string): Promise<readonly string[] | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return null;
    throw fileFailure('read', file, error);
  }
  let labels: unknown;
  try {
    labels = (JSON.parse(text) as { labels?: unknown }).labels;
  } catch (error) {
    throw new UserError('dataset-json', `${file} is no JSON (${(error as Error).message})`, 'mend or remove it');
  }
  if (typeof labels !== 'object' || labels === null) return null;
  const names: string[] = [];
  for (const [key, value] of Object.entries(labels)) {
    const [name, number] = typeof value === 'string' ? [value, Number(key)] : [key, value];
    if (!Number.isInteger(number) || (number as number) < 0 || (number as number) > 255) continue;
    names[number as number] = posix.basename(name);
  }
  // A number without a name would shift those behind it.
  return names.length > 0 && !names.includes(undefined as never) ? names : null;
}
