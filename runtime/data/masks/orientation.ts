import type { MaskOrientation } from '../../../compiler/recipe.js';
import { someOf, UserError } from '../../support/user-error.js';
import { readImageHeader } from '../formats/index.js';
import { printSize, type Size } from '../picture.js';
import { turnedSize } from './turn.js';

/** An image and one of its masks, as their headers say. */
interface PairHeaders {
  readonly image: string;
  readonly mask: string;
  /** Of the image upright. */
  readonly size: Size;
  readonly imageExif: number;
  readonly maskExif: number;
  /** Of the mask, as it is stored. */
  readonly stored: Size;
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
 * @param image files with their upright sizes
 * @throws UserError where sizes don't fit, or nothing tells how a mask lies
 */
export async function turnsOf(
  pairs: readonly { readonly image: string; readonly size: Size; readonly masks: readonly string[] }[],
  stated: MaskOrientation | undefined,
  each: <T, R>(items: readonly T[], work: (item: T) => Promise<R>, width?: number) => Promise<R[]>,
): Promise<MaskTurns> {
  const found = (await each(pairs, headersOf, 8)).flat();
  const differing = found.filter((pair) => pair.imageExif !== pair.maskExif);
  const fits = (pair: PairHeaders, exif: number): boolean =>
    printSize(turnedSize(pair.stored, exif)) === printSize(pair.size);
  const asStored = differing.filter((pair) => fits(pair, pair.imageExif));
  const asTagged = differing.filter((pair) => fits(pair, pair.maskExif));
  const orientation = stated ?? tellBySize(differing, asStored, asTagged);
  const turns = new Map<string, number>();
  for (const pair of found) {
    const exif = orientation === 'stored' ? pair.imageExif : pair.maskExif;
    if (!fits(pair, exif)) throw sizesDiffer(pair, exif);
    if (orientation === 'stored') turns.set(pair.image, exif);
  }
  const differ = new Set(differing.map((pair) => pair.image)).size;
  return { differing: differ, turns, ...(differ > 0 && orientation ? { orientation } : {}) };
}

async function headersOf({
  image,
  size,
  masks,
}: {
  readonly image: string;
  readonly size: Size;
  readonly masks: readonly string[];
}): Promise<PairHeaders[]> {
  const imageExif = (await readImageHeader(image)).exif ?? 1;
  const pairs: PairHeaders[] = [];
  for (const mask of masks) {
    const { exif, shape } = await readImageHeader(mask);
    const [height = 0, width = 0] = shape;
    pairs.push({ image, mask, size, imageExif, maskExif: exif ?? 1, stored: { height, width } });
  }
  return pairs;
}

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

function sizesDiffer({ mask, image, size, stored }: PairHeaders, exif: number): UserError {
  const turned = exif === 1 ? '' : ' once turned by its EXIF orientation';
  return new UserError(
    'mask-size',
    `${mask} is ${printSize(turnedSize(stored, exif))}${turned}, but ${image} is ${printSize(size)} (height x width)`,
    'export the mask at the size of its image',
  );
}
