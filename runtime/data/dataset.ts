import type { MaskOrientation, MaskSetting } from '../../compiler/recipe.js';
import { UserError } from '../support/user-error.js';
import { readHeader, readPicture } from './decode.js';
import { mapEach } from './each.js';
import { type DataFiles, listFolder } from './folder.js';
import { decideMasks, examineMasks, type MaskReading, type MaskReport, readMask } from './masks/index.js';
import { turnsOf } from './masks/orientation.js';
import { type Mask, type Pair, type Picture, printSize, type Size } from './picture.js';

/** What a network expects of its data. */
export interface DataFormat {
  /** Channels of the network's input: 1 or 3. */
  readonly channels: number;
  /** Channels of its output: 1 is a binary mask. */
  readonly classes: number;
  /** Each pixel is of exactly one class, as cross entropy needs; default false. */
  readonly exclusive?: boolean;
  /** How masks are read, where the user says so; default: by a rule that is found by looking at all of them. */
  readonly masks?: MaskSetting;
  /** The number of pixels that are left out of losses and measures. */
  readonly ignore?: number;
  /** How masks lie on images from which they differ in EXIF orientation. */
  readonly orientation?: MaskOrientation;
  /** How the masks were read that the network was trained with. */
  readonly before?: MaskReading;
}

/** The images and masks of a data folder, decoded when asked for. Indices follow `names`. */
export interface Dataset {
  readonly folder: string;
  /** File names without extension, ascending. */
  readonly names: readonly string[];
  readonly imageFiles: readonly string[];
  readonly sizes: readonly Size[];
  readonly channels: 1 | 3;
  readonly classes: number;
  /** `masks/<class>/` folder names, or `0`, `1`, …; `mask` for a binary one. */
  readonly classNames: readonly string[];
  /** Masks that belong to no image, worth a warning. */
  readonly unusedMasks: readonly string[];
  /** How all of its masks are read, and what is to be said of them. */
  readonly masks: MaskReport;
  image(index: number): Promise<Picture>;
  mask(index: number): Promise<Mask>;
  /** Both, checked to be of one size. */
  pair(index: number): Promise<Pair>;
  /** The same data with only these rows, in this order. */
  select(indices: readonly number[]): Dataset;
}

/**
 * Opens `images/` and `masks/` of a folder: pairs them by name and reads every header, so that what can be known to be
 * wrong is known before training starts. Pixels are decoded later.
 *
 * @throws UserError naming the file and the way out
 */
export async function openFolder(folder: string, format: DataFormat): Promise<Dataset> {
  const { channels, classes } = format;
  if (channels !== 1 && channels !== 3) {
    throw new UserError(
      'input-channels',
      `the network takes ${channels} channels, but images have 1 (grey) or 3 (RGB)`,
      'declare the input as [N, 1, H, W] or [N, 3, H, W]',
    );
  }
  const files = await listFolder(folder);
  checkClasses(folder, files, classes, format.exclusive === true);
  const sizes = await mapEach(files.names, (name) => readHeader(fileOf(files.images, name)), 8);
  const { masks, turns } = await examine(files, sizes, format);
  const read: MaskReader = { files, classes, exclusive: format.exclusive === true, masks, turns };
  const plain = sizes.map(({ height, width }) => ({ height, width }));
  return makeDataset(folder, files.names, plain, channels, classNames(files, classes), read);
}

/** Looks at every mask: how it lies on its image, and by which rule all of them are read. */
async function examine(
  files: DataFiles,
  sizes: readonly Size[],
  format: DataFormat,
): Promise<{ masks: MaskReport; turns: ReadonlyMap<string, number> }> {
  const { classes, before } = format;
  const pairs = files.names.map((name, k) => ({
    image: fileOf(files.images, name),
    size: sizes[k] as Size,
    masks: files.masks.map((found) => fileOf(found, name)),
  }));
  const stated = format.orientation ?? before?.orientation;
  const { orientation, turns, differing } = await turnsOf(pairs, stated, mapEach);
  const examination = await examineMasks(pairs.flatMap((pair) => pair.masks));
  const masks = await decideMasks(examination, {
    classes,
    folders: files.classFolders.length > 0,
    ...(format.masks ? { stated: format.masks } : {}),
    ...(format.ignore === undefined ? {} : { ignore: format.ignore }),
    ...(before ? { before } : {}),
    ...(orientation ? { orientation } : {}),
  });
  if (differing === 0) return { masks, turns };
  const way =
    orientation === 'stored' ? 'are turned with it, as they lie in the order of its stored pixels' : 'lie upright';
  const warning = `masks of ${differing} ${differing === 1 ? 'image that has another' : 'images that have another'} EXIF orientation ${way}${format.orientation ? '' : ' (so say their sizes)'}`;
  return { masks: { ...masks, warnings: [...masks.warnings, warning] }, turns };
}

interface MaskReader {
  readonly files: DataFiles;
  readonly classes: number;
  readonly exclusive: boolean;
  readonly masks: MaskReport;
  /** By image: the EXIF orientation that its masks are turned by; absent: each by its own. */
  readonly turns: ReadonlyMap<string, number>;
}

function makeDataset(
  folder: string,
  names: readonly string[],
  sizes: readonly Size[],
  channels: 1 | 3,
  labels: readonly string[],
  reader: MaskReader,
): Dataset {
  const { files, classes } = reader;
  const imageFiles = names.map((name) => fileOf(files.images, name));
  const image = (index: number): Promise<Picture> => readPicture(at(imageFiles, index), channels);
  const mask = (index: number): Promise<Mask> => maskOf(reader, at(names, index));
  return {
    folder,
    names,
    imageFiles,
    sizes,
    channels,
    classes,
    classNames: labels,
    unusedMasks: files.unusedMasks,
    masks: reader.masks,
    image,
    mask,
    async pair(index) {
      const pair = { image: await image(index), mask: await mask(index) };
      // Headers agreed when the folder was opened; the files may have been changed since.
      if (printSize(pair.image) !== printSize(pair.mask))
        throw sizesDiffer(files, at(names, index), pair.image, pair.mask);
      return pair;
    },
    select: (indices) =>
      makeDataset(
        folder,
        indices.map((index) => at(names, index)),
        indices.map((index) => at(sizes, index)),
        channels,
        labels,
        reader,
      ),
  };
}

function maskOf({ files, classes, exclusive, masks, turns }: MaskReader, name: string): Promise<Mask> {
  const paths = files.masks.map((found) => fileOf(found, name));
  const exif = turns.get(fileOf(files.images, name));
  const folders = files.classFolders.length > 0;
  return readMask(paths, masks, { classes, exclusive, folders, ...(exif === undefined ? {} : { exif }) });
}

function checkClasses(folder: string, files: DataFiles, classes: number, exclusive: boolean): void {
  const found = files.classFolders.length;
  if (found === 0) {
    // One number of the 256 that a byte has is for pixels that are left out.
    if (classes <= 255) return;
    throw new UserError(
      'classes-many',
      `a mask holds at most 255 classes, the network answers ${classes}`,
      'use masks/<class>/',
    );
  }
  if (found === classes || (exclusive && found === classes - 1)) return;
  const folders = found === 1 ? '1 class folder' : `${found} class folders`;
  throw new UserError(
    'classes-differ',
    `${folder}/masks has ${folders} (${files.classFolders.join(', ')}), but the network answers ${classes} ${classes === 1 ? 'class' : 'classes'}`,
    `let the network answer ${found} (for example --set classes=${found}), or change the folders`,
  );
}

function classNames(files: DataFiles, classes: number): readonly string[] {
  const { classFolders } = files;
  if (classFolders.length === classes) return classFolders;
  if (classFolders.length > 0) return ['background', ...classFolders];
  return classes === 1 ? ['mask'] : Array.from({ length: classes }, (_, k) => String(k));
}

function sizesDiffer(files: DataFiles, name: string, image: Size, mask: Size, found = files.masks[0]): UserError {
  return new UserError(
    'mask-size',
    `${found?.get(name)} is ${printSize(mask)}, but ${fileOf(files.images, name)} is ${printSize(image)} (height x width)`,
    'export the mask at the size of its image',
  );
}

function fileOf(files: ReadonlyMap<string, string>, name: string): string {
  const file = files.get(name);
  if (file === undefined) throw new Error(`no file for ${name}`);
  return file;
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`index ${index} of ${items.length}`);
  return item;
}
