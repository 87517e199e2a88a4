import { UserError } from '../support/user-error.js';
import { checkChannels } from './channels.js';
import { mapEach } from './each.js';
import type { ReadOptions } from './formats/index.js';
import { asPicture, printShape } from './image.js';
import {
  type DataFiles,
  type DataSource,
  findSamples,
  printSource,
  readOptionsOf,
  type SampleFiles,
} from './layouts/index.js';
import { readBinaryMask, readClassMasks, readLabelMask } from './mask.js';
import { type Mask, type Pair, type Picture, printSize, type Size } from './picture.js';
import { isVolume, readHeader, readPicture } from './read-image.js';
import { sameSpace } from './space.js';

/** What a network expects of its data. */
export interface DataFormat {
  /** Channels of the network's input. */
  readonly channels: number;
  /** Channels of its output: 1 is a binary mask. */
  readonly classes: number;
  /** Each pixel is of exactly one class, as cross entropy needs; default false. */
  readonly exclusive?: boolean;
}

/** The images and masks of a data source, decoded when asked for. Indices follow `names`. */
export interface Dataset {
  /** The folder, list or pattern, as it was named. */
  readonly folder: string;
  /** Short names, each one's own, ascending: a file's without extension, and more where that is not enough. */
  readonly names: readonly string[];
  /** What each sample is known by: where its image lies in its data. See `SampleFiles`. */
  readonly ids: readonly string[];
  readonly samples: readonly SampleFiles[];
  /** The file of each image, the first of several. */
  readonly imageFiles: readonly string[];
  readonly sizes: readonly Size[];
  readonly channels: number;
  readonly classes: number;
  /** `masks/<class>/` folder names, those of a `dataset.json`, or `0`, `1`, …; `mask` for a binary one. */
  readonly classNames: readonly string[];
  /** Which layout the data has, in words. */
  readonly layout: string;
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
 * Opens a folder, a list or patterns of images and masks: pairs them by their paths and reads every header, so that what
 * can be known to be wrong is known before training starts. Pixels are decoded later.
 *
 * @throws UserError naming the file and the way out
 */
export async function openFolder(source: DataSource, format: DataFormat): Promise<Dataset> {
  const { classes } = format;
  const files = await findSamples(source);
  const folder = printSource(source);
  const read = readOptionsOf(source);
  checkClasses(folder, files, classes, format.exclusive === true);
  const sizes = await mapEach(files.samples, (sample) => matchingSize(sample, format.channels, read), 8);
  return makeDataset(folder, files, files.samples, sizes, classNames(files, classes), format, read);
}

function makeDataset(
  folder: string,
  files: DataFiles,
  samples: readonly SampleFiles[],
  sizes: readonly Size[],
  labels: readonly string[],
  format: DataFormat,
  read: ReadOptions,
): Dataset {
  const { channels, classes } = format;
  const image = (index: number): Promise<Picture> => readPicture(at(samples, index).images, channels, read);
  const mask = (index: number): Promise<Mask> => readMask(files, format, at(samples, index));
  return {
    folder,
    names: samples.map(({ name }) => name),
    ids: samples.map(({ id }) => id),
    samples,
    imageFiles: samples.map(({ images }) => at(images, 0)),
    sizes,
    channels,
    classes,
    classNames: labels,
    layout: files.layout,
    unusedMasks: files.unusedMasks,
    image,
    mask,
    async pair(index) {
      const pair = { image: await image(index), mask: await mask(index) };
      // Headers agreed when the folder was opened; the files may have been changed since.
      if (printSize(pair.image) !== printSize(pair.mask)) {
        const sample = at(samples, index);
        throw sizesDiffer(sample, at(sample.masks, 0), printSize(pair.image), printSize(pair.mask));
      }
      return pair;
    },
    select: (indices) =>
      makeDataset(
        folder,
        files,
        indices.map((index) => at(samples, index)),
        indices.map((index) => at(sizes, index)),
        labels,
        format,
        read,
      ),
  };
}

function readMask(files: DataFiles, { classes, exclusive = false }: DataFormat, { masks }: SampleFiles): Promise<Mask> {
  if (files.classFolders.length > 1) return readClassMasks(masks, classes, exclusive);
  if (classes === 1) return readBinaryMask(at(masks, 0));
  return files.classFolders.length === 1
    ? readClassMasks(masks, classes, exclusive)
    : readLabelMask(at(masks, 0), classes);
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
  if (files.classNames?.length === classes) return files.classNames;
  return classes === 1 ? ['mask'] : Array.from({ length: classes }, (_, k) => String(k));
}

/** The size of a sample, of which image and masks agree. Headers alone are read. */
async function matchingSize(sample: SampleFiles, channels: number, read: ReadOptions): Promise<Size> {
  const header = await readHeader(sample.images, read);
  checkChannels(header.file, header, channels);
  const picture = asPicture({ ...header, data: new Uint8Array(), range: [0, 0] });
  if (picture === null) throw isVolume(header.file, header.shape);
  for (const file of sample.masks) {
    const mask = await readHeader(file, read);
    if (printShape(mask.shape) !== printShape(header.shape)) {
      throw sizesDiffer(sample, file, printShape(header.shape), printShape(mask.shape));
    }
    const apart = sameSpace(header, mask);
    if (apart !== null) {
      throw new UserError(
        'mask-space',
        `${file} lies elsewhere in space than ${header.file}: ${apart}`,
        'resample the mask to its image, or write the image with the placement that holds',
      );
    }
  }
  return { height: picture.height, width: picture.width };
}

function sizesDiffer(sample: SampleFiles, file: string, image: string, mask: string): UserError {
  const [first] = sample.images;
  const axes = image.split('x').length === 2 ? ' (height x width)' : '';
  return new UserError(
    'mask-size',
    `${file} is ${mask}, but ${first} is ${image}${axes}`,
    'export the mask at the size of its image',
  );
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`index ${index} of ${items.length}`);
  return item;
}
