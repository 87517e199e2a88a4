import type { MaskOrientation } from '../../../compiler/recipe.js';
import { someOf, UserError } from '../../../compiler/user-error.js';
import { printShape } from '../image.js';

/** An image and one of its masks, as their headers say. */
export interface PairHeaders {
  readonly image: string;
  readonly mask: string;
  /** Of the image upright: `256x320`. */
  readonly shape: string;
  /** EXIF orientations, 1 where there is none. */
  readonly imageExif: number;
  readonly maskExif: number;
  /** Of the mask as it is stored, slowest axis first. */
  readonly stored: readonly number[];
}

/** How the masks of a data set lie on their images. */
export interface MaskTurns {
  /** Absent: image and mask agree everywhere. */
  readonly orientation?: MaskOrientation;
  /** Images that differ from their masks in EXIF orientation. */
  readonly differing: number;
  /** By image: the EXIF orientation that its masks are turned by; absent: each by its own. */
  readonly turns: ReadonlyMap<string, number>;
}

/**
 * Compares the EXIF orientation and size of every image and mask. Where orientations differ, the mask was drawn either over the
 * pixels in the order in which they are stored, or over the picture held upright; sizes tell which where the picture is not
 * square and lies on its side.
 *
 * @throws UserError where sizes don't fit, or nothing tells how a mask lies
 */
export function turnsOf(pairs: readonly PairHeaders[], stated: MaskOrientation | undefined): MaskTurns {
  const differing = pairs.filter((pair) => pair.imageExif !== pair.maskExif);
  const fits = (pair: PairHeaders, exif: number): boolean => turnedShape(pair.stored, exif) === pair.shape;
  const asStored = differing.filter((pair) => fits(pair, pair.imageExif));
  const asTagged = differing.filter((pair) => fits(pair, pair.maskExif));
  const orientation = stated ?? tellBySize(differing, asStored, asTagged);
  const turns = new Map<string, number>();
  for (const pair of pairs) {
    const exif = orientation === 'stored' ? pair.imageExif : pair.maskExif;
    if (!fits(pair, exif)) {
      throw sizesDiffer(pair.mask, turnedShape(pair.stored, exif), pair.image, pair.shape, exif);
    }
    if (orientation === 'stored') turns.set(pair.image, exif);
  }
  const differ = new Set(differing.map((pair) => pair.image)).size;
  return { differing: differ, turns, ...(differ > 0 && orientation ? { orientation } : {}) };
}

const turnedShape = (stored: readonly number[], exif: number): string =>
  printShape(exif >= 5 ? [...stored].reverse() : stored);

function tellBySize(
  differing: readonly PairHeaders[],
  asStored: readonly PairHeaders[],
  asTagged: readonly PairHeaders[],
): MaskOrientation | undefined {
  if (differing.length === 0) return undefined;
  const open = differing.filter((pair) => asStored.includes(pair) && asTagged.includes(pair));
  const [first] = open;
  const onlyStored = asStored.filter((pair) => !asTagged.includes(pair));
  const onlyTagged = asTagged.filter((pair) => !asStored.includes(pair));
  if (onlyStored.length > 0 && onlyTagged.length > 0) {
    throw new UserError(
      'mask-orientation',
      `by their sizes, ${onlyStored[0]?.mask} lies in the order of stored pixels and ${onlyTagged[0]?.mask} upright`,
      'turn the masks alike: one rule reads all masks of a data set',
    );
  }
  if (first) {
    const count = new Set(open.map((pair) => pair.image)).size;
    const more =
      count > 1 ? `, as do ${count - 1} more (${someOf([...new Set(open.slice(1).map((p) => p.mask))], 2)})` : '';
    throw new UserError(
      'mask-orientation',
      `${first.image} has EXIF orientation ${first.imageExif} and ${first.mask} has ${first.maskExif === 1 ? 'none' : first.maskExif}${more}: the mask may lie either way`,
      'orientation = stored, if masks were drawn over the pixels as they are stored; orientation = exif, if over the upright picture',
    );
  }
  if (onlyStored.length > 0) return 'stored';
  return onlyTagged.length > 0 ? 'exif' : undefined;
}

/** @param exif what the mask was turned by, if it was */
export function sizesDiffer(mask: string, maskShape: string, image: string, imageShape: string, exif = 1): UserError {
  const turned = exif === 1 ? '' : ' once turned by its EXIF orientation';
  const axes = imageShape.split('x').length === 2 ? ' (height x width)' : '';
  return new UserError(
    'mask-size',
    `${mask} is ${maskShape}${turned}, but ${image} is ${imageShape}${axes}`,
    'export the mask at the size of its image',
  );
}
