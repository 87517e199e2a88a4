import { readFile } from 'node:fs/promises';
import { UserError } from '../../../compiler/user-error.js';
import { corrupt } from '../formats/damage.js';
import { type ImageHeader, type ReadOptions, readImage, type StoredImage } from '../formats/index.js';
import { type SampleArray, volumeOf } from '../image.js';
import type { Size } from '../picture.js';
import { upright } from '../upright.js';
import { readPalettePng } from './palette.js';

/**
 * A mask file's pixels before any rule: each plane is [slices, height, width], upright, in the file's own numbers. Which plane
 * holds the mask is for a `MaskRule` to say.
 */
export interface StoredMask extends Size {
  readonly file: string;
  /** 1 for a picture; of a volume its depth. */
  readonly slices: number;
  readonly header: ImageHeader;
  /** Grey, or the largest of red, green and blue: 0 for black alone. Grey of fewer than 8 bits is not stretched. */
  readonly values: SampleArray;
  /** The largest number that `values` can hold; of floats 1. */
  readonly peak: number;
  /** `0xrrggbb`; absent where every pixel is grey. */
  readonly colors?: Uint32Array;
  /** Of a palette file. */
  readonly entries?: Uint8Array | Uint16Array;
  /** 0 transparent to 255 opaque; absent where the file has no alpha channel. */
  readonly alpha?: Uint8Array;
}

/**
 * Decodes a mask file.
 * @param exif the orientation to turn it by, 1 to 8; default: its own
 *
 * @throws UserError when it can't be decoded, or is no single image of grey, RGB or palette samples
 */
export async function readStoredMask(file: string, read: ReadOptions = {}, exif?: number): Promise<StoredMask> {
  const stored = await readImage(file, read);
  const { header } = stored;
  const turn = (image: StoredImage): StoredImage =>
    upright(exif === undefined ? image : { ...image, header: { ...image.header, exif } });
  const image = turn(stored);
  const { channels, data } = image;
  const [height = 1, width = 1] = image.shape.slice(-2);
  const area = volumeOf(image.shape);
  const slices = area / (height * width);
  const plane = (c: number): SampleArray => data.subarray(c * area, (c + 1) * area) as SampleArray;
  const colored = header.photometric === 'rgb' ? 3 : 1;
  if (channels !== colored + (header.alpha ? 1 : 0)) {
    throw new UserError(
      'mask-channels',
      `${file} has ${channels} channels, and a mask has one, or three of a color, with or without alpha`,
      'save one mask a class in masks/<class>/, or class numbers as grey',
    );
  }
  if (data instanceof Float32Array && !data.every(Number.isFinite)) {
    throw new UserError('mask-value', `${file} holds numbers that are none (NaN or infinite)`, 'replace them by 0');
  }
  const planes =
    header.format === 'png'
      ? await pngPlanes(file, header, plane, (entries) => {
          const turned = turn({ ...stored, channels: 1, data: entries });
          return turned.data as Uint8Array;
        })
      : tiffPlanes(header, plane);
  const alpha = planes.alpha ?? (header.alpha ? eightBits(plane(channels - 1), header) : undefined);
  const colors = planes.rgb && packed(planes.rgb);
  return {
    file,
    header,
    slices,
    height,
    width,
    values: planes.rgb ? largest(planes.rgb) : planes.grey,
    peak: planes.peak,
    ...(colors ? { colors } : {}),
    ...(planes.entries ? { entries: planes.entries } : {}),
    ...(alpha ? { alpha } : {}),
  };
}

type Rgb = readonly [SampleArray, SampleArray, SampleArray];

interface Planes {
  readonly grey: SampleArray;
  readonly rgb?: Rgb;
  readonly entries?: Uint8Array | Uint16Array;
  readonly alpha?: Uint8Array;
  readonly peak: number;
}

async function pngPlanes(
  file: string,
  header: ImageHeader,
  plane: (c: number) => SampleArray,
  turn: (entries: Uint8Array) => Uint8Array,
): Promise<Planes> {
  const indexed = await readPalettePng(await readFile(file)).catch((error: unknown) => {
    throw corrupt(file, error);
  });
  if (indexed) return palettePlanes(turn(indexed.entries), indexed.palette, indexed.alpha);
  const { bits } = header;
  const grey = plane(0);
  if (header.photometric === 'rgb' || bits >= 8) return tiffPlanes(header, plane);
  // The decoder stretches 1, 2 and 4 bits over 0 to 255.
  const peak = 2 ** bits - 1;
  return { grey: Uint8Array.from(grey, (value) => Math.round((value * peak) / 255)), peak };
}

function tiffPlanes(header: ImageHeader, plane: (c: number) => SampleArray): Planes {
  const { photometric, type, bits } = header;
  const peak = type.startsWith('float') ? 1 : type.startsWith('int') ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
  if (photometric === 'palette' && header.palette) {
    const map = header.palette;
    // Colors have 16 bits; writers that store 8 are as many as those that do not.
    const shift = map.some((value) => value > 255) ? 8 : 0;
    const entries = plane(0);
    if (entries instanceof Uint8Array || entries instanceof Uint16Array) {
      return palettePlanes(
        entries,
        Uint8Array.from(map, (value) => value >> shift),
      );
    }
  }
  const grey = plane(0);
  return photometric === 'rgb' ? { grey, rgb: [grey, plane(1), plane(2)], peak } : { grey, peak };
}

function palettePlanes(entries: Uint8Array | Uint16Array, palette: Uint8Array, alphas?: Uint8Array): Planes {
  const of = (channel: number): Uint8Array =>
    Uint8Array.from(entries, (entry: number) => palette[3 * entry + channel] ?? 0);
  const rgb: Rgb = [of(0), of(1), of(2)];
  const alpha = alphas && { alpha: Uint8Array.from(entries, (entry: number) => alphas[entry] ?? 255) };
  return { grey: rgb[0], rgb, entries, peak: 255, ...alpha };
}

function largest([red, green, blue]: Rgb): SampleArray {
  const out = red.slice();
  for (let p = 0; p < out.length; p++) out[p] = Math.max(red[p]!, green[p]!, blue[p]!);
  return out;
}

/** `0xrrggbb` of each pixel; undefined where all are grey. Colors of 16 bits are named by their upper 8. */
function packed([red, green, blue]: Rgb): Uint32Array | undefined {
  let grey = true;
  for (let p = 0; p < red.length && grey; p++) grey = red[p] === green[p] && red[p] === blue[p];
  if (grey) return undefined;
  const shift = red instanceof Uint16Array ? 8 : 0;
  const out = new Uint32Array(red.length);
  for (let p = 0; p < out.length; p++) {
    out[p] = ((red[p]! >> shift) << 16) | ((green[p]! >> shift) << 8) | (blue[p]! >> shift);
  }
  return out;
}

function eightBits(alpha: SampleArray, header: ImageHeader): Uint8Array {
  if (alpha instanceof Uint8Array) return alpha;
  const peak = header.type.startsWith('float') ? 1 : 2 ** header.bits - 1;
  return Uint8Array.from(alpha, (value) => Math.round((value * 255) / peak));
}

/** `#ff0000` of `0xff0000`. */
export const colorName = (color: number): string => `#${color.toString(16).padStart(6, '0')}`;

/** Of a pixel: its color, grey ones included. */
export const colorAt = (mask: StoredMask, p: number): number =>
  mask.colors ? mask.colors[p]! : greyColor(mask.values[p]!, mask.peak);

/** Grey as a color of 8 bits each; numbers of other than 8 bits by their share of the range. */
const greyColor = (value: number, peak: number): number => {
  const grey = Math.round((value * 255) / peak) & 255;
  return (grey << 16) | (grey << 8) | grey;
};
