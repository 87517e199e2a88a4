import type { MaskOrientation, MaskSetting } from '../../compiler/recipe.js';
import { UserError } from '../../compiler/user-error.js';
import { checkChannels } from './channels.js';
import { mapEach } from './each.js';
import { type ReadOptions, readImageHeader } from './formats/index.js';
import { asPicture, printShape } from './image.js';
import {
  type DataFiles,
  type DataSource,
  findSamples,
  printSource,
  readOptionsOf,
  type SampleFiles,
} from './layouts/index.js';
import { decideMasks, examineMasks, type MaskReading, type MaskReport, readMask, withFlags } from './masks/index.js';
import { type PairHeaders, sizesDiffer, turnsOf } from './masks/orientation.js';
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
  /** How masks are read, where the user says so; default: by a rule that is found by looking at all of them. */
  readonly masks?: MaskSetting;
  /** The number of pixels that are left out of losses and measures. */
  readonly ignore?: number;
  /** How masks lie on images from which they differ in EXIF orientation. */
  readonly orientation?: MaskOrientation;
  /** How the masks were read that the network was trained with. */
  readonly before?: MaskReading;
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
  const headers = await mapEach(files.samples, (sample) => headersOf(sample, format.channels, read), 8);
  const sizes = headers.map(({ size }) => size);
  const labels = classNames(files, classes);
  const pairs = headers.flatMap((header) => header.pairs);
  const { masks, turns } = await withFlags(() => examine(files, pairs, format, read));
  return makeDataset(folder, files.samples, sizes, { files, labels, format, read, masks, turns });
}

/** What all samples of a data set share. */
interface Opened {
  readonly files: DataFiles;
  readonly labels: readonly string[];
  readonly format: DataFormat;
  readonly read: ReadOptions;
  readonly masks: MaskReport;
  /** By image: the EXIF orientation that its masks are turned by; absent: each by its own. */
  readonly turns: ReadonlyMap<string, number>;
}

/** Looks at every mask: how it lies on its image, and by which rule all of them are read. */
async function examine(
  files: DataFiles,
  pairs: readonly PairHeaders[],
  format: DataFormat,
  read: ReadOptions,
): Promise<Pick<Opened, 'masks' | 'turns'>> {
  const { classes, before } = format;
  const { orientation, turns, differing } = turnsOf(pairs, format.orientation ?? before?.orientation);
  const examination = await examineMasks(
    pairs.map(({ mask }) => mask),
    read,
  );
  const masks = await decideMasks(examination, {
    classes,
    folders: files.classFolders.length > 0,
    read,
    ...(format.masks ? { stated: format.masks } : {}),
    ...(format.ignore === undefined ? {} : { ignore: format.ignore }),
    ...(before ? { before } : {}),
    ...(orientation ? { orientation } : {}),
  });
  if (differing === 0) return { masks, turns };
  const way =
    orientation === 'stored' ? 'are turned with it, as they lie in the order of its stored pixels' : 'lie upright';
  const told = format.orientation ? '' : ' (so say their sizes)';
  const of = differing === 1 ? '1 image that has another' : `${differing} images that have another`;
  return { masks: { ...masks, warnings: [...masks.warnings, `masks of ${of} EXIF orientation ${way}${told}`] }, turns };
}

function makeDataset(folder: string, samples: readonly SampleFiles[], sizes: readonly Size[], opened: Opened): Dataset {
  const { files, labels, format, read } = opened;
  const { channels, classes } = format;
  const image = (index: number): Promise<Picture> => readPicture(at(samples, index).images, channels, read);
  const mask = (index: number): Promise<Mask> => maskOf(opened, at(samples, index));
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
    masks: opened.masks,
    image,
    mask,
    async pair(index) {
      const pair = { image: await image(index), mask: await mask(index) };
      // Headers agreed when the folder was opened; the files may have been changed since.
      if (printSize(pair.image) !== printSize(pair.mask)) {
        const sample = at(samples, index);
        throw sizesDiffer(at(sample.masks, 0), printSize(pair.mask), at(sample.images, 0), printSize(pair.image));
      }
      return pair;
    },
    select: (indices) =>
      makeDataset(
        folder,
        indices.map((index) => at(samples, index)),
        indices.map((index) => at(sizes, index)),
        opened,
      ),
  };
}

function maskOf({ files, format, read, masks, turns }: Opened, sample: SampleFiles): Promise<Mask> {
  const { classes, exclusive = false } = format;
  const exif = turns.get(at(sample.images, 0));
  const folders = files.classFolders.length > 0;
  return readMask(sample.masks, masks, { classes, exclusive, folders, read, ...(exif === undefined ? {} : { exif }) });
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
  if (files.classNames?.length === classes) return files.classNames;
  return classes === 1 ? ['mask'] : Array.from({ length: classes }, (_, k) => String(k));
}

/** The upright size of a sample, and how its masks compare with it. Headers alone are read. */
async function headersOf(
  sample: SampleFiles,
  channels: number,
  read: ReadOptions,
): Promise<{ readonly size: Size; readonly pairs: readonly PairHeaders[] }> {
  const header = await readHeader(sample.images, read);
  checkChannels(header.file, header, channels);
  const picture = asPicture({ ...header, data: new Uint8Array(), range: [0, 0] });
  if (picture === null) throw isVolume(header.file, header.shape);
  const image = at(sample.images, 0);
  const shape = printShape(header.shape);
  const pairs: PairHeaders[] = [];
  for (const file of sample.masks) {
    const mask = await readImageHeader(file, read);
    pairs.push({
      image,
      mask: file,
      shape,
      imageExif: header.exif ?? 1,
      maskExif: mask.exif ?? 1,
      stored: mask.shape,
    });
    const apart = printShape(mask.shape) === shape ? sameSpace(header, mask) : null;
    if (apart !== null) {
      throw new UserError(
        'mask-space',
        `${file} lies elsewhere in space than ${header.file}: ${apart}`,
        'resample the mask to its image, or write the image with the placement that holds',
      );
    }
  }
  return { size: { height: picture.height, width: picture.width }, pairs };
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`index ${index} of ${items.length}`);
  return item;
}
