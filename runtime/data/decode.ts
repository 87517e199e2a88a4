import { readFile } from 'node:fs/promises';
import sharp, { type Metadata } from 'sharp';
import { UserError } from '../../compiler/user-error.js';
import { fileFailure } from '../support/files/failure.js';
import type { Size } from './picture.js';

// Every file is decoded once; a cache keyed by path would only serve stale pixels of a file that was replaced.
sharp.cache(false);

/** What a file's header says; `samples` are its channels without alpha. */
export interface Header extends Size {
  readonly format: 'png' | 'jpeg' | 'tiff';
  readonly samples: 1 | 3;
  readonly sixteen: boolean;
  /** Bits a sample has in the file, 1 to 16. */
  readonly bits: number;
  readonly palette: boolean;
}

/** Decoded samples, interleaved, alpha dropped. */
export interface Samples extends Header {
  readonly data: Uint8Array | Uint16Array;
}

/**
 * Decodes a file to its own samples: no colour management, since a network is trained on numbers and not on a display's
 * colours. A photograph that says how it was held (EXIF orientation) is turned upright, as a person annotating it saw it.
 *
 * @throws UserError when the file can't be read, its pixels are damaged, or it is not 8 or 16 bit grey, RGB or RGBA in PNG, JPEG or TIFF
 */
export async function readSamples(file: string): Promise<Samples> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw fileFailure('read', file, error);
  }
  try {
    const source = sharp(bytes, { ignoreIcc: true, failOn: 'error' });
    const header = headerOf(file, await source.metadata());
    const upright = source.autoOrient();
    const space = header.samples === 1 ? (header.sixteen ? 'grey16' : 'b-w') : header.sixteen ? 'rgb16' : 'srgb';
    const { data, info } = await upright
      .toColourspace(space)
      .raw({ depth: header.sixteen ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { ...header, data: dropAlpha(data, info.channels, header), height: info.height, width: info.width };
  } catch (error) {
    throw unreadable(file, error);
  }
}

const formats: readonly string[] = ['png', 'jpeg', 'tiff'] satisfies Header['format'][];

function headerOf(file: string, metadata: Metadata): Header {
  const { format, space, depth, channels, bitsPerSample } = metadata;
  if (!formats.includes(format)) {
    throw new UserError(
      'image-format',
      `${file} holds ${format.toUpperCase()} data`,
      'convert it to PNG, JPEG or TIFF',
    );
  }
  if ((metadata.pages ?? 1) > 1) {
    throw new UserError('image-pages', `${file} holds ${metadata.pages} pages`, 'save one image a file');
  }
  if (space === 'cmyk') throw new UserError('image-cmyk', `${file} is a CMYK image`, 'convert it to RGB');
  if (depth !== 'uchar' && depth !== 'ushort') {
    throw new UserError('image-depth', `${file} has samples of type ${depth}`, 'convert it to 8 or 16 bit');
  }
  const grey = space === 'b-w' || space === 'grey16';
  if ((!grey && space !== 'srgb' && space !== 'rgb' && space !== 'rgb16') || channels > (grey ? 2 : 4)) {
    throw new UserError(
      'image-channels',
      `${file} has ${channels} channels in the colour space ${space}`,
      'convert it to grey, RGB or RGBA',
    );
  }
  // autoOrient: the size after the image has been turned upright.
  const { height, width } = metadata.autoOrient;
  return {
    format: format as Header['format'],
    height,
    width,
    samples: grey ? 1 : 3,
    sixteen: depth === 'ushort',
    bits: bitsPerSample ?? (depth === 'ushort' ? 16 : 8),
    palette: metadata.isPalette === true,
  };
}

function dropAlpha(bytes: Buffer, channels: number, header: Header): Uint8Array | Uint16Array {
  const all = header.sixteen
    ? new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  if (channels === header.samples) return all;
  const pixels = all.length / channels;
  const kept = header.sixteen ? new Uint16Array(pixels * header.samples) : new Uint8Array(pixels * header.samples);
  for (let p = 0; p < pixels; p++) {
    for (let s = 0; s < header.samples; s++) kept[p * header.samples + s] = all[p * channels + s]!;
  }
  return kept;
}

function unreadable(file: string, error: unknown): unknown {
  if (error instanceof UserError) return error;
  const failure = fileFailure('read', file, error);
  if (failure instanceof UserError) return failure;
  const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  return new UserError(
    'image-corrupt',
    `${file} can't be decoded (${reason.replace(/[\s:.]+$/, '')})`,
    'replace it with an intact copy, or remove it and its partner',
    { cause: error },
  );
}
