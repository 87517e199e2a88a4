import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { someOf, UserError } from '../../../compiler/user-error.js';
import { failedWith, fileFailure } from '../../support/files/failure.js';
import { isSeries } from '../formats/index.js';
import { byCodeUnit, extensionOf } from './sample.js';

/** A file below a folder. */
export interface Found {
  readonly path: string;
  /** Below the folder, `/` between folders, Unicode composed. */
  readonly relative: string;
}

/** An entry of a folder; a link counts as what it leads to. */
export interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

const litter = /^(\..*|thumbs\.db|desktop\.ini)$/i;
/** Pixels beside a header of NRRD or MetaImage, or of a NIfTI pair: not images of their own. */
const headers: Readonly<Record<string, readonly string[]>> = {
  '.mhd': ['.raw', '.zraw'],
  '.nhdr': ['.raw', '.raw.gz'],
  '.hdr': ['.img'],
  '.hdr.gz': ['.img.gz'],
};

export async function requireFolder(folder: string, code: string, hint: string): Promise<void> {
  try {
    if ((await stat(folder)).isDirectory()) return;
  } catch (error) {
    if (failedWith(error, 'ENOENT') || failedWith(error, 'ENOTDIR')) {
      throw new UserError(code, `there is no folder ${folder}`, hint);
    }
    throw fileFailure('read', folder, error);
  }
  throw new UserError(code, `${folder} is a file, not a folder`, hint);
}

/** A folder's entries without litter, sorted. @throws UserError when it can't be read, or a link leads nowhere */
export async function listEntries(folder: string): Promise<Entry[]> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    throw fileFailure('read', folder, error);
  }
  const kept = entries.filter((entry) => !litter.test(entry.name)).sort((a, b) => byCodeUnit(a.name, b.name));
  return Promise.all(
    kept.map(async (entry) => {
      if (!entry.isSymbolicLink()) return { name: entry.name, isFolder: entry.isDirectory() };
      try {
        return { name: entry.name, isFolder: (await stat(join(folder, entry.name))).isDirectory() };
      } catch (error) {
        throw fileFailure('read', join(folder, entry.name), error);
      }
    }),
  );
}

/**
 * The images in a folder, and below it unless `flat`; a folder of DICOM slices is one image. Pixels that lie beside their header are left out.
 *
 * @throws UserError when there is a file of another kind
 */
export async function imagesIn(folder: string, flat = false, below = ''): Promise<Found[]> {
  const entries = await listEntries(join(folder, below));
  const files = entries.filter((entry) => !entry.isFolder).map((entry) => entry.name);
  const beside = new Set<string>();
  for (const file of files) {
    const extension = extensionOf(file);
    const stem = file.slice(0, file.length - extension.length);
    for (const pixels of headers[extension.toLowerCase()] ?? []) beside.add(stem + pixels);
  }
  const images = files.filter((file) => !beside.has(file));
  const others = images.filter((file) => extensionOf(file) === '');
  if (others.length > 0) {
    throw new UserError(
      'file-extension',
      `${join(folder, below)} holds what is no image by its name: ${someOf(others)}`,
      'convert it to PNG, TIFF, NIfTI or another format of docs/data.md, or move it out of the folder',
    );
  }
  const found = images.map((file) => ({
    path: join(folder, below, file),
    relative: (below === '' ? file : `${below.replaceAll('\\', '/')}/${file}`).normalize('NFC'),
  }));
  if (flat) return found;
  for (const { name, isFolder } of entries) {
    const place = join(folder, below, name);
    if (isFolder && (await isSeries(place))) {
      found.push({ path: place, relative: join(below, name).replaceAll('\\', '/').normalize('NFC') });
    } else if (isFolder) found.push(...(await imagesIn(folder, false, join(below, name))));
  }
  return found;
}
