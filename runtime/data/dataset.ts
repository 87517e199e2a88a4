import { UserError } from '../support/user-error.js';
import { readHeader, readPicture } from './decode.js';
import { mapEach } from './each.js';
import { type DataFiles, listFolder } from './folder.js';
import { readBinaryMask, readClassMasks, readLabelMask } from './mask.js';
import { type Mask, type Pair, type Picture, printSize, type Size } from './picture.js';

/** What a network expects of its data. */
export interface DataFormat {
  /** Channels of the network's input: 1 or 3. */
  readonly channels: number;
  /** Channels of its output: 1 is a binary mask. */
  readonly classes: number;
  /** Each pixel is of exactly one class, as cross entropy needs; default false. */
  readonly exclusive?: boolean;
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
  const sizes = await mapEach(files.names, (name) => matchingSize(files, name), 8);
  const read: MaskReader = { files, classes, exclusive: format.exclusive === true };
  return makeDataset(folder, files.names, sizes, channels, classNames(files, classes), read);
}

interface MaskReader {
  readonly files: DataFiles;
  readonly classes: number;
  readonly exclusive: boolean;
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
  const mask = (index: number): Promise<Mask> => readMask(reader, at(names, index));
  return {
    folder,
    names,
    imageFiles,
    sizes,
    channels,
    classes,
    classNames: labels,
    unusedMasks: files.unusedMasks,
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

function readMask({ files, classes, exclusive }: MaskReader, name: string): Promise<Mask> {
  const paths = files.masks.map((found) => fileOf(found, name));
  if (files.classFolders.length > 1) return readClassMasks(paths, classes, exclusive);
  if (classes === 1) return readBinaryMask(paths[0]!);
  return files.classFolders.length === 1
    ? readClassMasks(paths, classes, exclusive)
    : readLabelMask(paths[0]!, classes);
}

function checkClasses(folder: string, files: DataFiles, classes: number, exclusive: boolean): void {
  const found = files.classFolders.length;
  if (found === 0) {
    if (classes <= 256) return;
    throw new UserError(
      'classes-many',
      `a mask holds at most 256 classes, the network answers ${classes}`,
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

async function matchingSize(files: DataFiles, name: string): Promise<Size> {
  const { height, width } = await readHeader(fileOf(files.images, name));
  for (const found of files.masks) {
    const mask = await readHeader(fileOf(found, name));
    if (mask.height !== height || mask.width !== width) throw sizesDiffer(files, name, { height, width }, mask, found);
  }
  return { height, width };
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
