import { UserError } from '../../../compiler/user-error.js';
import type { Found } from './listing.js';
import { stemOf } from './sample.js';

/** Files by the path that pairs them, without extension. */
function byStem(files: readonly Found[]): Map<string, Found[]> {
  const groups = new Map<string, Found[]>();
  for (const file of files) {
    const key = stemOf(file.relative);
    groups.set(key, [...(groups.get(key) ?? []), file]);
  }
  return groups;
}

/**
 * Finds each image its mask: of the same path, or of the same path but for the extension. `c1.tif` beside `c1.png` need
 * masks that tell them apart.
 *
 * @returns the mask of each image, `undefined` where there is none, and those that belong to no image
 * @throws UserError when an image has two candidates, or a mask is claimed by two images
 */
export function pairUp(
  images: readonly Found[],
  masks: readonly Found[],
): { readonly masks: readonly (Found | undefined)[]; readonly unused: readonly Found[] } {
  const exact = new Map(masks.map((mask) => [mask.relative, mask]));
  const stems = byStem(masks);
  const takenBy = new Map<Found, Found>();
  const exactly = new Set(images.map((image) => exact.get(image.relative)).filter((mask) => mask !== undefined));
  const paired = images.map((image) => {
    const same = exact.get(image.relative);
    if (same !== undefined) {
      takenBy.set(same, image);
      return same;
    }
    // A mask of another image's very name is that image's.
    const candidates = (stems.get(stemOf(image.relative)) ?? []).filter((mask) => !exactly.has(mask));
    const [first, second] = candidates;
    if (first !== undefined && second !== undefined) {
      throw new UserError(
        'name-twice',
        `${image.path} may have the mask ${first.path} or ${second.path}: they have the same name but for the extension`,
        'remove or rename one of them',
      );
    }
    const other = first === undefined ? undefined : takenBy.get(first);
    if (first !== undefined && other !== undefined) {
      throw new UserError(
        'name-twice',
        `${other.path} and ${image.path} have the same name but for the extension, and one mask, ${first.path}`,
        'give each its own mask of its very name, or rename one of them',
      );
    }
    if (first !== undefined) takenBy.set(first, image);
    return first;
  });
  return { masks: paired, unused: masks.filter((mask) => !takenBy.has(mask)) };
}
