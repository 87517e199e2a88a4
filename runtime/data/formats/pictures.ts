import { readFile } from 'node:fs/promises';
import sharp, { type Metadata } from 'sharp';
import { UserError } from '../../../compiler/user-error.js';
import { corrupt, unsupported } from './damage.js';
import type { Format, FormatName, ImageHeader, SampleType } from './format.js';
import { cutRegion } from './region.js';
import { rangeOfType } from './samples.js';
import type { Source } from './source.js';

/** Formats that sharp's libraries read, by their magic numbers; anything else is offered to them last. */
const named: readonly FormatName[] = ['png', 'jpeg', 'webp', 'gif', 'jp2', 'jxl', 'svg'];

/** PNG, JPEG, WebP, AVIF, GIF: pictures of 8 or 16 bits, by sharp. Samples are not colour managed, and not turned. */
export const pictureFormat: Format = {
  name: 'picture',
  extensions: ['.png', '.jpg', '.jpeg', '.webp', '.avif', '.gif'],
  sniff: (head) => magics.some((magic) => magic.every((byte, k) => byte < 0 || head[k] === byte)),
  header: async (source) => headerOf(source, await metadataOf(source)),
  read: async (source, _options, region) => {
    const header = headerOf(source, await metadataOf(source));
    const wide = header.type === 'uint16';
    // Brought to one band, a grey picture would lose its alpha: it stays three equal ones until it is taken apart.
    const grey = header.channels === 1;
    try {
      const { data, info } = await sharp(await readFile(source.path), { ignoreIcc: true, failOn: 'error' })
        .toColourspace(grey ? (wide ? 'grey16' : 'b-w') : wide ? 'rgb16' : 'srgb')
        .raw({ depth: wide ? 'ushort' : 'uchar' })
        .toBuffer({ resolveWithObject: true });
      const all = wide ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : new Uint8Array(data);
      const { channels } = header;
      const [height, width] = header.shape as [number, number];
      if (info.channels < channels || info.height !== height || info.width !== width) {
        throw corrupt(source.path, 'its pixels are not those of its header');
      }
      const area = height * width;
      const planar = wide ? new Uint16Array(channels * area) : new Uint8Array(channels * area);
      for (let c = 0; c < channels; c++) {
        const band = channels === 2 && c === 1 ? info.channels - 1 : c;
        for (let p = 0, q = band; p < area; p++, q += info.channels) planar[c * area + p] = all[q]!;
      }
      const image = { header, channels, shape: header.shape, data: planar, range: rangeOfType(header.type) };
      return region ? cutRegion(image, region) : image;
    } catch (error) {
      throw error instanceof UserError ? error : corrupt(source.path, error);
    }
  },
};

const ascii = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));
const any = [-1, -1, -1, -1];
/** -1: any byte. */
const magics: readonly (readonly number[])[] = [
  [137, 80, 78, 71, 13, 10, 26, 10],
  [0xff, 0xd8, 0xff],
  [...ascii('RIFF'), ...any, ...ascii('WEBP')],
  [...any, ...ascii('ftypavif')],
  [...any, ...ascii('ftypavis')],
  ascii('GIF8'),
];

async function metadataOf(source: Source): Promise<Metadata> {
  try {
    // Its size is checked below, with an error that says so.
    return await sharp(source.path, { limitInputPixels: false }).metadata();
  } catch (error) {
    throw corrupt(source.path, error);
  }
}

/** sharp's own bound: 2^14 - 1 squared. A picture of more takes gigabytes once it is a network's input. */
const mostPixels = 0x3fff ** 2;

function headerOf({ path }: Source, metadata: Metadata): ImageHeader {
  if (metadata.height * metadata.width > mostPixels) {
    throw new UserError(
      'image-large',
      `${path} holds ${metadata.height}x${metadata.width} pixels: more than ${mostPixels} at once (height x width)`,
      'cut it into smaller pictures',
    );
  }
  const { format, space, depth, channels, hasAlpha, orientation } = metadata;
  if ((metadata.pages ?? 1) > 1) {
    throw new UserError('image-pages', `${path} holds ${metadata.pages} pages`, 'save one image a file');
  }
  if (space === 'cmyk') throw new UserError('image-cmyk', `${path} is a CMYK image`, 'convert it to RGB');
  if (depth !== 'uchar' && depth !== 'ushort') {
    throw new UserError('image-depth', `${path} has samples of type ${depth}`, 'convert it to 8 or 16 bit');
  }
  const grey = space === 'b-w' || space === 'grey16';
  if (!grey && space !== 'srgb' && space !== 'rgb' && space !== 'rgb16') {
    throw unsupported(path, `is in the colour space ${space}`, 'convert it to grey or RGB');
  }
  const type: SampleType = depth === 'ushort' ? 'uint16' : 'uint8';
  const name = format === 'heif' ? 'avif' : (named.find((known) => known === format) ?? 'other');
  return {
    format: name,
    channels,
    shape: [metadata.height, metadata.width],
    type,
    bits: metadata.bitsPerSample ?? (type === 'uint16' ? 16 : 8),
    photometric: grey ? 'black-is-zero' : 'rgb',
    alpha: hasAlpha,
    // WebP may be lossless, which its header does not always tell: a guess on the safe side.
    lossy: name === 'jpeg' || name === 'webp' || name === 'avif' || name === 'jxl',
    ...(orientation !== undefined && orientation >= 2 && orientation <= 8 ? { exif: orientation } : {}),
  };
}
