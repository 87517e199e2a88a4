import { UserError } from '../../compiler/user-error.js';
import { withChannels } from './channels.js';
import { type ImageHeader, type ReadOptions, readImage, readImageHeader, type StoredImage } from './formats/index.js';
import { asPicture, type Image, type Picture, printShape, samplesLike, volumeOf } from './image.js';
import { sameSpace } from './space.js';
import { upright, uprightShape } from './upright.js';

/** What a network is given of a sample: one file, or one for each of its channels, as nnU-Net stores them. */
export type ImageFiles = string | readonly string[];

const listOf = (files: ImageFiles): readonly string[] => (typeof files === 'string' ? [files] : files);

/** What the headers of an image's files say together: its shape after it is turned upright, and all of its channels. */
export interface InputHeader extends ImageHeader {
  readonly file: string;
}

/**
 * Reads headers alone. Of several files each is one channel, and they must be of one size.
 *
 * @throws UserError as `readImageHeader`, and when files of one image differ
 */
export async function readHeader(files: ImageFiles, options: ReadOptions = {}): Promise<InputHeader> {
  const [file, ...others] = listOf(files) as [string, ...string[]];
  const first = await readImageHeader(file, options);
  const shape = uprightShape(first);
  for (const other of others) {
    const header = await readImageHeader(other, options);
    checkChannelFile(file, { ...first, shape }, other, { ...header, shape: uprightShape(header) });
  }
  return { ...first, file, shape, channels: first.channels + others.length };
}

/**
 * An image of any rank as a network takes it: upright, with so many channels (see `withChannels`). Several files become one
 * image, a channel each.
 *
 * @throws UserError as `readHeader`, when samples are damaged, or the channels are not the network's
 */
export async function readInput(files: ImageFiles, channels: number, options: ReadOptions = {}): Promise<Image> {
  const [file, ...others] = listOf(files) as [string, ...string[]];
  const first = upright(await readImage(file, options));
  if (others.length === 0) return withChannels(file, first, channels);
  const parts: StoredImage[] = [first];
  for (const other of others) {
    const part = upright(await readImage(other, options));
    checkChannelFile(file, first, other, part);
    parts.push(part);
  }
  return withChannels(file, joined(parts), channels);
}

/** `readInput` of a picture. @throws UserError when the file holds a volume */
export async function readPicture(files: ImageFiles, channels: number, options: ReadOptions = {}): Promise<Picture> {
  const image = await readInput(files, channels, options);
  const picture = asPicture(image);
  if (picture) return picture;
  throw isVolume(listOf(files)[0] as string, image.shape);
}

export const isVolume = (file: string, shape: readonly number[]): UserError =>
  new UserError(
    'image-volume',
    `${file} is a volume of ${printShape(shape)}, but the network takes pictures of 2 dimensions`,
    'declare the input as [N, C, D, H, W], or save the slices as pictures',
  );

type Part = Pick<ImageHeader, 'channels' | 'shape' | 'spacing' | 'orientation'>;

function checkChannelFile(file: string, first: Part, other: string, part: Part): void {
  if (first.channels !== 1 || part.channels !== 1) {
    const [which, count] = first.channels !== 1 ? [file, first.channels] : [other, part.channels];
    throw new UserError(
      'image-channels',
      `${which} has ${count} channels, but is one channel of an image in several files`,
      'store one channel a file, or all channels in one',
    );
  }
  if (printShape(first.shape) !== printShape(part.shape)) {
    const message = `${other} is ${printShape(part.shape)}, but ${file} of the same image is ${printShape(first.shape)}`;
    throw new UserError('image-size', message, 'channels of one image have one size: resample them to the first');
  }
  const apart = sameSpace(first, part);
  if (apart !== null) {
    throw new UserError(
      'image-space',
      `${other} lies elsewhere in space than ${file}: ${apart}`,
      'resample the channels of an image to the first',
    );
  }
}

function joined(parts: readonly StoredImage[]): StoredImage {
  const first = parts[0] as StoredImage;
  const volume = volumeOf(first.shape);
  const alike = parts.every(({ data }) => data.constructor === first.data.constructor);
  const data = alike ? samplesLike(first.data, parts.length * volume) : new Float32Array(parts.length * volume);
  for (const [c, part] of parts.entries()) data.set(part.data as never, c * volume);
  const lowest = Math.min(...parts.map(({ range }) => range[0]));
  const highest = Math.max(...parts.map(({ range }) => range[1]));
  const header = { ...first.header, channels: parts.length, photometric: 'black-is-zero' as const };
  return { ...first, header, channels: parts.length, data, range: [lowest, highest] };
}
