import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mapEach } from '../each.js';
import { type ImageHeader, type ReadOptions, readImage, readImageHeader } from '../formats/index.js';
import { printShape } from '../image.js';
import type { SampleFiles } from '../layouts/index.js';
import { uprightShape } from '../upright.js';

/** One image, as its header and its samples say. */
export interface ImageFact {
  readonly name: string;
  readonly file: string;
  readonly header: ImageHeader;
  /** Upright, slowest axis first: `256x320`. */
  readonly shape: string;
  /** Of all files of the image. */
  readonly channels: number;
  readonly lowest: number;
  readonly highest: number;
  /** SHA-256 of its files' bytes, in hex. */
  readonly hash: string;
}

/**
 * Reads every image once: header, samples and bytes. A few at a time, so that memory holds no more than those.
 * @throws UserError naming a file that can't be read
 */
export const surveyImages = (
  samples: readonly SampleFiles[],
  read: ReadOptions,
  onProgress?: (done: number, total: number) => void,
): Promise<ImageFact[]> => {
  let done = 0;
  return mapEach(samples, async (sample) => {
    const fact = await factOf(sample, read);
    onProgress?.(++done, samples.length);
    return fact;
  });
};

async function factOf({ name, images }: SampleFiles, read: ReadOptions): Promise<ImageFact> {
  const file = images[0] as string;
  const header = await readImageHeader(file, read);
  const hash = createHash('sha256');
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let channels = 0;
  for (const one of images) {
    for await (const bytes of createReadStream(one)) hash.update(bytes as Buffer);
    const image = await readImage(one, read);
    channels += image.channels;
    // Alpha says nothing of what is seen.
    const end = image.header.alpha ? (image.data.length / image.channels) * (image.channels - 1) : image.data.length;
    for (let i = 0; i < end; i++) {
      const value = image.data[i]!;
      if (value < lowest) lowest = value;
      if (value > highest) highest = value;
    }
  }
  return {
    name,
    file,
    header,
    shape: printShape(uprightShape(header)),
    channels,
    lowest,
    highest,
    hash: hash.digest('hex'),
  };
}
