import { stat } from 'node:fs/promises';
import { UserError } from '../../../compiler/user-error.js';
import { dicomFormat, isSeries, readSeries, readSeriesHeader } from './dicom/index.js';
import type { Format, ImageHeader, ReadOptions, Region, StoredImage } from './format.js';
import { metaImageFormat } from './metaimage.js';
import { niftiFormat } from './nifti.js';
import { nrrdFormat } from './nrrd.js';
import { pictureFormat } from './pictures.js';
import { inflated, isGzip, type Source, withSource } from './source.js';
import { tiffFormat } from './tiff/index.js';

export type { FormatName, ImageHeader, Photometric, ReadOptions, Region, SampleType, StoredImage } from './format.js';

/** Every kind of file that is read, in the order in which they are tried. */
export const formats: readonly Format[] = [
  tiffFormat,
  pictureFormat,
  niftiFormat,
  nrrdFormat,
  metaImageFormat,
  dicomFormat,
];

/** Ends of the names of files that are read. */
export const imageExtensions: readonly string[] = formats.flatMap((format) => format.extensions);

/**
 * What a file's header says; no pixel is decoded. A file's kind is told by its first bytes, never by its name. A folder is a
 * DICOM series.
 *
 * @throws UserError naming the file, when it can't be read, is damaged, or is of no known kind
 */
export async function readImageHeader(file: string, options: ReadOptions = {}): Promise<ImageHeader> {
  if (await isFolder(file)) return readSeriesHeader(file);
  return withSource(file, async (source) => (await formatOf(source)).header(source, options));
}

/**
 * An image as its file holds it.
 * @param region only this box of it; where the format allows it the rest is neither read nor decoded
 *
 * @throws UserError as `readImageHeader`, and when samples are missing
 */
export async function readImage(file: string, options: ReadOptions = {}, region?: Region): Promise<StoredImage> {
  if (await isFolder(file)) return readSeries(file, region);
  return withSource(file, async (source) => (await formatOf(source)).read(source, options, region));
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (stats) => stats.isDirectory(),
    // Why it can't be read is said where it is opened.
    () => false,
  );

export { isSeries };

/** Enough of a file to know it by. */
const headBytes = 1024;

async function formatOf(source: Source): Promise<Format> {
  let head = await source.head(headBytes);
  if (isGzip(head)) head = await inflated(source, 'gzip').head(headBytes);
  const format = formats.find((candidate) => candidate.sniff(head, source.path));
  if (format) return format;
  throw new UserError(
    'image-format',
    `${source.path} holds no image of a kind that is read`,
    `these are: ${formats.map(({ name }) => (name === 'picture' ? 'PNG, JPEG, WebP, AVIF, GIF' : name)).join(', ')}`,
  );
}
