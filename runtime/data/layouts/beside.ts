import { someOf, UserError } from '../../../compiler/user-error.js';
import { type Found, imagesIn } from './listing.js';
import { type DataFiles, extensionOf, named, stemOf } from './sample.js';

/** What masks are called that lie beside their images. */
const suffix = /[-_.](mask|masks|seg|segmentation|label|labels|gt)$/i;

/** Whether a folder holds masks beside their images, and not in a folder of their own. */
export const hasMasksBeside = (files: readonly Found[]): boolean =>
  files.some(({ relative }) => suffix.test(stemOf(relative)));

/**
 * `NAME.png` with `NAME_mask.png` (or `_seg`, `_label`, `_gt`, `-mask` and so on) in one folder.
 *
 * @throws UserError when an image has no mask, or more than one
 */
export async function listBeside(folder: string, files?: readonly Found[]): Promise<DataFiles> {
  const all = files ?? (await imagesIn(folder));
  const masks = new Map<string, Found[]>();
  const images: Found[] = [];
  for (const file of all) {
    const stem = stemOf(file.relative);
    if (!suffix.test(stem)) images.push(file);
    else masks.set(stem.replace(suffix, ''), [...(masks.get(stem.replace(suffix, '')) ?? []), file]);
  }
  const missing: string[] = [];
  const used = new Set<string>();
  const samples = images.map(({ path, relative }) => {
    const found = masks.get(stemOf(relative)) ?? [];
    used.add(stemOf(relative));
    const [mask, second] = found;
    if (mask && second) {
      throw new UserError(
        'name-twice',
        `${path} may have the mask ${mask.path} or ${second.path}`,
        'remove or rename one of them, or say which with --images and --masks',
      );
    }
    if (!mask) missing.push(path);
    return { id: relative, images: [path], masks: mask ? [mask.path] : [] };
  });
  if (missing.length > 0) {
    throw new UserError(
      'mask-missing',
      `${missing.length === 1 ? '1 image has' : `${missing.length} of ${images.length} images have`} no mask beside ${missing.length === 1 ? 'it' : 'them'}: ${someOf(missing)}`,
      `a mask is named like its image with _mask: a${extensionOf(missing[0]!)} and a_mask${extensionOf(missing[0]!)}`,
    );
  }
  const unused = [...masks].filter(([stem]) => !used.has(stem)).flatMap(([, found]) => found.map(({ path }) => path));
  return { layout: 'masks beside their images', samples: named(samples), classFolders: [], unusedMasks: unused };
}
