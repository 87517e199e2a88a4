import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { failedWith, fileFailure } from '../support/files/failure.js';
import { someOf, UserError } from '../support/user-error.js';

/** A file of a folder, under the name that pairs it: `a.png` is `a`. */
export type FilesByName = ReadonlyMap<string, string>;

/** The paths of a data folder, paired by name, before anything is decoded. */
export interface DataFiles {
  /** Sorted by code unit, so that no listing order or locale shows. */
  readonly names: readonly string[];
  readonly images: FilesByName;
  /** One map for `masks/`, or one for each folder of `masks/<class>/`. */
  readonly masks: readonly FilesByName[];
  /** The folders of `masks/<class>/`, sorted; empty if masks lie in `masks/` itself. */
  readonly classFolders: readonly string[];
  /** Masks that belong to no image. */
  readonly unusedMasks: readonly string[];
}

const extensions = /\.(png|jpe?g|tiff?)$/i;
const litter = /^(\..*|thumbs\.db|desktop\.ini)$/i;
const layout = 'a data folder has images/ and masks/, with equal names in both';

/** `a` of `a.png`. Unicode is composed: a file copied from a Mac still finds its partner. */
export const stemOf = (file: string): string => file.replace(extensions, '').normalize('NFC');

/**
 * Lists a data folder and pairs its files.
 *
 * @throws UserError when a folder is missing or empty, a file is no image, a name is there twice, or an image has no mask
 */
export async function listFolder(folder: string): Promise<DataFiles> {
  await requireFolder(folder, 'data-missing', layout);
  const imageFolder = join(folder, 'images');
  const maskFolder = join(folder, 'masks');
  await requireFolder(imageFolder, 'images-missing', layout);
  const images = filesOf(imageFolder, await list(imageFolder));
  if (images.size === 0) throw new UserError('images-empty', `${imageFolder} holds no image`, layout);
  await requireFolder(maskFolder, 'masks-missing', layout);

  const entries = await list(maskFolder);
  const classFolders = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort(byCodeUnit);
  const loose = filesOf(maskFolder, entries);
  if (classFolders.length > 0 && loose.size > 0) {
    throw new UserError(
      'masks-mixed',
      `${maskFolder} holds both masks and folders (${someOf(classFolders)})`,
      'keep one mask an image in masks/, or one folder a class, not both',
    );
  }
  const masks: FilesByName[] = [];
  for (const name of classFolders) masks.push(filesOf(join(maskFolder, name), await list(join(maskFolder, name))));
  if (classFolders.length === 0) masks.push(loose);

  const names = [...images.keys()].sort(byCodeUnit);
  for (const [index, found] of masks.entries()) {
    requireMasks(join(maskFolder, classFolders[index] ?? ''), names, images, found);
  }
  const unusedMasks = masks.flatMap((found) =>
    [...found].filter(([name]) => !images.has(name)).map(([, path]) => path),
  );
  return { names, images, masks, classFolders, unusedMasks: unusedMasks.sort(byCodeUnit) };
}

/** The images of a data folder alone. */
export interface ImageFiles {
  /** Sorted by code unit. */
  readonly images: FilesByName;
  /** Whether there is a `masks/` beside. */
  readonly hasMasks: boolean;
}

/** Lists `images/` of a folder, with or without masks. @throws UserError as `listFolder`, but for masks */
export async function listImages(folder: string): Promise<ImageFiles> {
  const layout = 'images to calibrate with lie in images/ of a folder';
  await requireFolder(folder, 'data-missing', layout);
  const imageFolder = join(folder, 'images');
  await requireFolder(imageFolder, 'images-missing', layout);
  // In code units' order, as in `listFolder`.
  const images = new Map([...filesOf(imageFolder, await list(imageFolder))].sort(([a], [b]) => byCodeUnit(a, b)));
  if (images.size === 0) throw new UserError('images-empty', `${imageFolder} holds no image`, layout);
  const hasMasks = (await list(folder)).some((entry) => entry.name === 'masks');
  return { images, hasMasks };
}

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

async function requireFolder(folder: string, code: string, hint: string): Promise<void> {
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

async function list(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => !litter.test(entry.name));
  } catch (error) {
    throw fileFailure('read', folder, error);
  }
}

function filesOf(folder: string, entries: readonly Dirent[]): FilesByName {
  const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
  const others = files.filter((file) => !extensions.test(file)).sort(byCodeUnit);
  if (others.length > 0) {
    throw new UserError(
      'file-extension',
      `${folder} holds what is not a .png, .jpg or .tif file: ${someOf(others)}`,
      'convert it, or move it out of the folder',
    );
  }
  const byName = new Map<string, string>();
  for (const file of files.sort(byCodeUnit)) {
    const name = stemOf(file);
    const other = byName.get(name);
    if (other !== undefined) {
      throw new UserError(
        'name-twice',
        `${other} and ${join(folder, file)} have the same name but for the extension`,
        'remove or rename one of them',
      );
    }
    byName.set(name, join(folder, file));
  }
  return byName;
}

function requireMasks(folder: string, names: readonly string[], images: FilesByName, masks: FilesByName): void {
  const missing = names.filter((name) => !masks.has(name));
  const first = missing[0];
  if (first === undefined) return;
  if (masks.size === 0) throw new UserError('masks-empty', `${folder} holds no mask`, layout);
  const similar = [...masks.keys()].find((name) => name.startsWith(first) || name.endsWith(first));
  const count = missing.length === 1 ? '1 image has' : `${missing.length} of ${names.length} images have`;
  throw new UserError(
    'mask-missing',
    `${count} no mask in ${folder}: ${someOf(missing.map((name) => images.get(name) ?? name))}`,
    similar === undefined
      ? 'give the mask the name of its image; an image without any object has a black mask'
      : `${masks.get(similar)} has another name than its image: they must be equal`,
  );
}
