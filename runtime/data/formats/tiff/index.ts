import type { GeoTIFF as File, GeoTIFFImage } from 'geotiff';
import { UserError } from '../../../../compiler/user-error.js';
import { type SampleArray, volumeOf } from '../../image.js';
import { corrupt, unsupported } from '../damage.js';
import type { Format, ImageHeader, Photometric, ReadOptions, Region, SampleType, StoredImage } from '../format.js';
import { bytesOf, checkRegion, checkSize, inexact, rangeOfType } from '../samples.js';
import type { Source } from '../source.js';
import { type Stack, stackOf } from './axes.js';
import { type Page, readPages } from './directory.js';
import { readByLibtiff } from './libtiff.js';

/**
 * TIFF as microscopes and ImageJ write it: BigTIFF, strips or tiles, planes together or apart, several pages, OME-XML.
 * Samples are given as they are stored; what inverts or colours them is in the header.
 */
export const tiffFormat: Format = {
  name: 'TIFF',
  extensions: ['.tif', '.tiff', '.btf', '.tf8', '.lsm'],
  sniff: (head) => {
    const mark = String.fromCharCode(...head.subarray(0, 2));
    const number = mark === 'II' ? head[2]! + 256 * head[3]! : mark === 'MM' ? 256 * head[2]! + head[3]! : 0;
    return number === 42 || number === 43;
  },
  header: async (source, options) => (await open(source, options)).header,
  read,
};

interface Opened {
  readonly header: ImageHeader;
  readonly pages: readonly Page[];
  readonly stack: Stack;
}

/** By compression: the most bytes that one can become. Packbits repeats 128 times; a code of LZW stands for 4096 at most. */
const growth: Readonly<Record<number, number>> = {
  1: 1,
  5: 2731,
  8: 1032,
  32946: 1032,
  32773: 64,
  50000: 40000,
};
/** JPEG and fax, which libtiff reads: a block of 64 samples may take a few bits. */
const growthElsewhere = 4096;
const compressions: Readonly<Record<number, string>> = {
  // geotiff gives wrong samples for tifffile's LERC in several strips.
  34887: 'LERC',
  33003: 'JPEG 2000',
  33005: 'JPEG 2000',
  34712: 'JPEG 2000',
  50001: 'WebP',
  50002: 'JPEG XL',
};

async function open(source: Source, options: ReadOptions): Promise<Opened> {
  const { path } = source;
  const found = await readPages(source);
  const pages = found.pages.filter((page) => !page.secondary);
  const first = pages[0];
  if (!first) throw corrupt(path, 'every page is a smaller copy of another');
  for (const page of pages) checkPage(path, page, first);
  const stack = stackOf(path, pages, options);
  const photometric = photometricOf(path, first);
  const grey = first.photometric === 6 ? 3 : first.samples;
  const type = typeOf(path, first);
  const colours = photometric === 'rgb' ? 3 : 1;
  const extra = first.extra.at(-1);
  const header: ImageHeader = {
    format: 'tiff',
    channels: stack.channels * grey,
    shape: stack.depth > 0 ? [stack.depth, first.height, first.width] : [first.height, first.width],
    type,
    bits: first.bits,
    photometric,
    alpha: stack.channels === 1 && first.samples === colours + 1 && (extra === 1 || extra === 2),
    lossy: first.compression === 6 || first.compression === 7,
    ...(stack.spacing ? { spacing: stack.spacing } : {}),
    ...(first.orientation >= 2 && first.orientation <= 8 ? { exif: first.orientation } : {}),
    ...(photometric === 'palette' && first.palette ? { palette: first.palette } : {}),
  };
  checkSize(path, header.shape, header.channels, 1, Number.MAX_SAFE_INTEGER);
  return { header, pages, stack };
}

/** What only libtiff decodes, behind sharp: JPEG and fax, bits in reverse order, YCbCr. */
const needsLibtiff = (page: Page): boolean =>
  [2, 3, 4, 6, 7].includes(page.compression) || page.fillOrder === 2 || page.photometric === 6 || !page.bitsStated;

/** What both decode alike: greys and RGB of 8 and 16 bits, which libtiff does ten times faster where they are compressed. */
function isPlain({ compression, sampleFormat, bits, photometric, samples, extra }: Page): boolean {
  if (![1, 5, 8, 32946, 32773].includes(compression) || sampleFormat !== 1 || (bits !== 8 && bits !== 16)) return false;
  if (photometric === 2) return samples === 3 || (samples === 4 && extra[0] === 2);
  return photometric <= 1 && samples === 1;
}

function checkPage(path: string, page: Page, first: Page): void {
  const { width, height, samples, bits } = page;
  if (width !== first.width || height !== first.height || samples !== first.samples || bits !== first.bits) {
    const sizes = `${first.height}x${first.width} and ${height}x${width}`;
    throw new UserError('image-pages', `${path} holds pages that differ: ${sizes}`, 'save one image a file');
  }
  const known = growth[page.compression] ?? (needsLibtiff(page) ? growthElsewhere : undefined);
  if (known === undefined) {
    const name = compressions[page.compression] ?? `number ${page.compression}`;
    throw unsupported(path, `is compressed by TIFF's method ${name}`, 'save it with LZW, deflate or zstd, or without');
  }
  const bytes = bits / 8;
  checkSize(path, [height, width], samples, bytes, page.stored * known);
  const block = page.block[0] * page.block[1] * (page.planar === 2 ? 1 : samples) * bytes;
  // A strip's last rows and a tile's padding may be left out of a file that is damaged, never a whole block.
  if (block > page.largestBlock * known * 2 + 64)
    throw corrupt(path, 'a strip or tile is larger than its bytes can hold');
}

function photometricOf(path: string, page: Page): Photometric {
  switch (page.photometric) {
    case 0:
      return 'white-is-zero';
    case 1:
      return 'black-is-zero';
    case 2:
    case 6:
      return 'rgb';
    case 3:
      return 'palette';
    case 5:
      throw new UserError('image-cmyk', `${path} is a CMYK image`, 'convert it to RGB');
    default:
      throw unsupported(path, `has TIFF's colour space ${page.photometric}`, 'convert it to grey or RGB');
  }
}

function typeOf(path: string, { bits, sampleFormat, samples }: Page): SampleType {
  const kind = sampleFormat === 2 ? 'int' : sampleFormat === 3 ? 'float' : 'uint';
  const whole = bits < 8 ? 8 : bits;
  const small = bits < 8 && (kind !== 'uint' || samples > 1 || ![1, 2, 4].includes(bits));
  const type = `${kind}${whole}` as SampleType;
  if (!small && type in bytesOf && type !== 'uint64' && type !== 'int64') return type;
  throw unsupported(path, `has samples of ${bits} bits of the type ${kind}`, 'convert it to 8, 16 or 32 bits');
}

async function read(source: Source, options: ReadOptions, region?: Region): Promise<StoredImage> {
  const { header, pages, stack } = await open(source, options);
  const { path } = source;
  const { shape, channels, type } = header;
  const box = region ?? { start: shape.map(() => 0), shape };
  checkRegion(box, shape);
  const deep = stack.depth > 0;
  const [depth, height, width] = deep
    ? (box.shape as [number, number, number])
    : [1, ...(box.shape as [number, number])];
  const [front, top, left] = deep ? (box.start as [number, number, number]) : [0, ...(box.start as [number, number])];
  const window = { top, left, height: height!, width: width! };
  const area = window.height * window.width;
  const each = channels / stack.channels;
  const data = storage(type, channels * volumeOf(box.shape));
  const decode = await decoder(source, pages);
  for (let d = 0; d < depth!; d++) {
    for (let c = 0; c < stack.channels; c++) {
      const page = pages[stack.order[(front! + d) * stack.channels + c]!]!;
      for (const [s, plane] of (await decode(page, window)).entries()) {
        if (plane.length !== area) throw corrupt(path, 'a page is smaller than it says');
        put(path, plane, data, ((c * each + s) * depth! + d) * area);
      }
    }
  }
  const small = header.bits < 8 ? ([0, 2 ** header.bits - 1] as const) : rangeOfType(type);
  const { spacing } = header;
  return { header, channels, shape: box.shape, data, range: small, ...(spacing ? { spacing } : {}) };
}

interface Window {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** Decodes a page's window into a plane for each sample. */
type Decoder = (page: Page, window: Window) => Promise<readonly ArrayLike<number>[]>;

async function decoder(source: Source, pages: readonly Page[]): Promise<Decoder> {
  const { path, size } = source;
  const byLibtiff = (page: Page): boolean => needsLibtiff(page) || isPlain(page);
  if (pages.every(byLibtiff)) return (page, window) => readByLibtiff(path, page, window);
  const { GeoTIFF } = await import('./geotiff.js');
  // Asked for more than there is, as for a page's directory of unknown length, it gets what there is.
  const fetch = (slices: readonly { offset: number; length: number }[]): Promise<ArrayBuffer[]> =>
    Promise.all(
      slices.map(
        async ({ offset, length }) => (await source.read(offset, Math.min(length, Math.max(0, size - offset)))).buffer,
      ),
    );
  let file: File;
  try {
    file = await GeoTIFF.fromSource({ fetch } as unknown as Parameters<typeof GeoTIFF.fromSource>[0]);
  } catch (error) {
    throw damaged(path, error);
  }
  return async (page, window) => {
    if (byLibtiff(page)) return readByLibtiff(path, page, window);
    const { top, left, height, width } = window;
    try {
      const image: GeoTIFFImage = await file.getImage(page.index);
      const planes = await image.readRasters({ window: [left, top, left + width, top + height], interleave: false });
      return planes as unknown as ArrayLike<number>[];
    } catch (error) {
      throw damaged(path, error);
    }
  };
}

const damaged = (path: string, error: unknown): unknown => (error instanceof UserError ? error : corrupt(path, error));

function storage(type: SampleType, length: number): SampleArray {
  if (type === 'uint8') return new Uint8Array(length);
  if (type === 'uint16') return new Uint16Array(length);
  return type === 'int8' || type === 'int16' ? new Int16Array(length) : new Float32Array(length);
}

function put(path: string, plane: ArrayLike<number>, data: SampleArray, at: number): void {
  if (plane instanceof Uint32Array || plane instanceof Int32Array) {
    for (const value of plane) if (value > 2 ** 24 || value < -(2 ** 24)) throw inexact(path, value);
  }
  data.set(plane as never, at);
}
