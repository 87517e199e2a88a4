import { join } from 'node:path';
import { someOf, UserError } from '../../compiler/user-error.js';
import { type Found, imagesIn, listEntries, requireFolder } from './layouts/listing.js';
import { pairUp } from './layouts/pairing.js';
import { byCodeUnit, type DataFiles, named, type SampleFiles, stemOf } from './layouts/sample.js';

export { stemOf };

const layout = 'a data folder has images/ and masks/, with equal names in both';

/**
 * Lists a data folder of `images/` and `masks/`, and pairs its files by their paths. Folders below `images/` are followed;
 * those of `masks/` are the same folders, or else one a class.
 *
 * @throws UserError when a folder is missing or empty, a file is no image, a name is there twice, or an image has no mask
 */
export async function listFolder(folder: string): Promise<DataFiles> {
  const imageFolder = join(folder, 'images');
  const maskFolder = join(folder, 'masks');
  const images = await imagesOf(folder, layout);
  await requireFolder(maskFolder, 'masks-missing', layout);
  const nested = images.some(({ relative }) => relative.includes('/'));
  const folders = (await listEntries(maskFolder)).filter((entry) => entry.isFolder).map((entry) => entry.name);
  const classFolders = nested ? [] : folders.sort(byCodeUnit);
  const loose = await imagesIn(maskFolder, !nested);
  if (classFolders.length > 0 && loose.length > 0) {
    throw new UserError(
      'masks-mixed',
      `${maskFolder} holds both masks and folders (${someOf(classFolders)})`,
      'keep one mask an image in masks/, or one folder a class, not both',
    );
  }
  const places = classFolders.length === 0 ? [maskFolder] : classFolders.map((name) => join(maskFolder, name));
  const masks: Found[][] = images.map(() => []);
  const unused: string[] = [];
  for (const place of places) {
    const found = classFolders.length === 0 ? loose : await imagesIn(place, true);
    const paired = pairUp(images, found);
    requireMasks(place, images, paired.masks, found);
    for (const [k, mask] of paired.masks.entries()) masks[k]!.push(mask!);
    unused.push(...paired.unused.map(({ path }) => path));
  }
  const samples = images.map(({ path, relative }, k) => ({
    id: `images/${relative}`,
    images: [path],
    masks: masks[k]!.map((mask) => mask.path),
  }));
  return {
    layout: classFolders.length > 0 ? 'images/ and masks/<class>/' : 'images/ and masks/',
    samples: named(samples),
    classFolders,
    unusedMasks: unused.sort(byCodeUnit),
  };

  async function imagesOf(root: string, hint: string): Promise<Found[]> {
    await requireFolder(root, 'data-missing', hint);
    await requireFolder(imageFolder, 'images-missing', hint);
    const found = await imagesIn(imageFolder);
    if (found.length === 0) throw new UserError('images-empty', `${imageFolder} holds no image`, hint);
    return found;
  }
}

/** The images of a data folder alone. */
export interface ImageFolder {
  readonly samples: readonly SampleFiles[];
  /** Whether there is a `masks/` beside. */
  readonly hasMasks: boolean;
}

/** Lists `images/` of a folder, with or without masks. @throws UserError as `listFolder`, but for masks */
export async function listImages(folder: string): Promise<ImageFolder> {
  const hint = 'images to calibrate with lie in images/ of a folder';
  await requireFolder(folder, 'data-missing', hint);
  const imageFolder = join(folder, 'images');
  await requireFolder(imageFolder, 'images-missing', hint);
  const found = await imagesIn(imageFolder);
  if (found.length === 0) throw new UserError('images-empty', `${imageFolder} holds no image`, hint);
  const samples = named(found.map(({ path, relative }) => ({ id: `images/${relative}`, images: [path], masks: [] })));
  return { samples, hasMasks: (await listEntries(folder)).some((entry) => entry.name === 'masks') };
}

function requireMasks(
  folder: string,
  images: readonly Found[],
  masks: readonly (Found | undefined)[],
  all: readonly Found[],
): void {
  const missing = images.filter((_, k) => masks[k] === undefined);
  const first = missing[0];
  if (first === undefined) return;
  if (all.length === 0) throw new UserError('masks-empty', `${folder} holds no mask`, layout);
  const count = missing.length === 1 ? '1 image has' : `${missing.length} of ${images.length} images have`;
  throw new UserError(
    'mask-missing',
    `${count} no mask in ${folder}: ${someOf(missing.map(({ path }) => path))}`,
    hintFor(first, all),
  );
}

/** What a mask that is nearly right differs in. */
function hintFor(image: Found, masks: readonly Found[]): string {
  const stem = (file: Found): string => stemOf(file.relative);
  const wanted = stem(image);
  const same = masks.find((mask) => stemOf(mask.relative) === stemOf(image.relative));
  if (same) return `${same.path} belongs to another image of that name: give each image a mask of its very name`;
  const cased = masks.find((mask) => stem(mask).toLowerCase() === wanted.toLowerCase());
  if (cased) return `${cased.path} differs from its image in upper and lower case: they must be equal`;
  const similar = masks.find((mask) => stem(mask).startsWith(wanted) || stem(mask).endsWith(wanted));
  if (similar) {
    return `${similar.path} has another name than its image: they must be equal, or say how with --images and --masks`;
  }
  return 'give the mask the name of its image; an image without any object has a black mask';
}
