import { deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';

/** A binary truth of a few discs and a bar, [height, width] of 0 and 1. */
export function truthOf(height: number, width: number, seed = 0): Uint8Array {
  const out = new Uint8Array(height * width);
  const discs = [
    [0.3, 0.3 + 0.05 * (seed % 5), 0.17],
    [0.7, 0.62, 0.13 + 0.02 * (seed % 3)],
  ] as const;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = discs.some(([v, u, r]) => Math.hypot(y / height - v, x / width - u) < r);
      if (inside || (x > 0.45 * width && x < 0.53 * width && y > 0.8 * height && y < 0.95 * height))
        out[y * width + x] = 1;
    }
  }
  return out;
}

/** Numbers of the connected discs: 0 outside, then 1, 2, ... by the row of their centre. */
export function instancesOf(height: number, width: number, first = 1): number[] {
  return Array.from(truthOf(height, width), (v, p) => {
    if (v === 0) return 0;
    const y = Math.floor(p / width) / height;
    return y < 0.5 ? first : y < 0.8 || p % width > 0.53 * width ? first + 1 : first + 2;
  });
}

const grey = (values: ArrayLike<number>, height: number, width: number): Sharp =>
  sharp(Uint8Array.from(values), { raw: { width, height, channels: 1 } }).toColourspace('b-w');

export const png = (values: ArrayLike<number>, height: number, width: number): Promise<Buffer> =>
  grey(values, height, width).png().toBuffer();

export const jpeg = (values: ArrayLike<number>, height: number, width: number, quality: number): Promise<Buffer> =>
  grey(values, height, width).jpeg({ quality }).toBuffer();

/** What JPEG makes of a mask, in a file that does not say so. */
export const pngOfJpeg = async (values: ArrayLike<number>, height: number, width: number, quality: number) =>
  sharp(await jpeg(values, height, width, quality))
    .toColourspace('b-w')
    .png()
    .toBuffer();

/** A truth that is drawn `factor` times as large and made small, so that edges are soft. */
export const softPng = (
  height: number,
  width: number,
  kernel: 'linear' | 'cubic' | 'lanczos3' | 'nearest',
  high = 255,
  factor = 4,
): Promise<Buffer> =>
  grey(Array.from(truthOf(height * factor, width * factor), (v) => v * high), height * factor, width * factor)
    .resize(width, height, { kernel, fit: 'fill' })
    .png()
    .toBuffer(); // biome-ignore format: short

/** Interleaved RGB or RGBA. */
export const colorPng = (values: readonly number[], height: number, width: number, channels: 3 | 4): Promise<Buffer> =>
  sharp(Uint8Array.from(values), { raw: { width, height, channels } }).png().toBuffer();

function crc(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let k = 0; k < 8; k++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  }
  return (value ^ 0xffffffff) >>> 0;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, 'latin1');
  out.set(data, 8);
  out.writeUInt32BE(crc(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

/** EXIF of one tag, as in PNG's eXIf chunk. */
const exif = (orientation: number): Uint8Array =>
  Uint8Array.from([0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 1, 18, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]);

export interface PngOptions {
  readonly bits?: 1 | 2 | 4 | 8;
  readonly orientation?: number;
  /** Alpha of each palette entry. */
  readonly alphas?: readonly number[];
  /** Adam7. */
  readonly interlaced?: boolean;
}

/** A palette PNG, or a grey one where `palette` is null, with exactly these entries. */
export function palettePng(
  entries: ArrayLike<number>,
  height: number,
  width: number,
  palette: readonly number[] | null,
  options: PngOptions = {},
): Buffer {
  const bits = options.bits ?? 8;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = bits;
  header[9] = palette ? 3 : 0;
  header[12] = options.interlaced ? 1 : 0;
  // Adam7's seven passes: first column and row, and the steps between.
  const passes = options.interlaced
    ? [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]]
    : [[0, 0, 1, 1]]; // biome-ignore format: a table
  const bytes: number[] = [];
  for (const [x0, y0, dx, dy] of passes as [number, number, number, number][]) {
    if (x0 >= width || y0 >= height) continue;
    for (let y = y0; y < height; y += dy) {
      const row: number[] = [];
      let at = 0;
      for (let x = x0; x < width; x += dx, at += bits) {
        row[at >> 3] = (row[at >> 3] ?? 0) | ((entries[y * width + x] as number) << (8 - bits - (at & 7)));
      }
      bytes.push(0, ...row);
    }
  }
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', header),
    ...(palette ? [chunk('PLTE', Uint8Array.from(palette))] : []),
    ...(options.alphas ? [chunk('tRNS', Uint8Array.from(options.alphas))] : []),
    ...(options.orientation ? [chunk('eXIf', exif(options.orientation))] : []),
    chunk('IDAT', deflateSync(Uint8Array.from(bytes))),
    chunk('IEND', new Uint8Array()),
  ]);
}

export interface TiffOptions {
  readonly bits?: 1 | 8 | 16 | 32;
  /** 0 white is zero, 1 black is zero, 3 palette. */
  readonly photometric?: 0 | 1 | 3;
  /** 3: floats. */
  readonly sampleFormat?: 1 | 2 | 3;
  /** Reds, greens and blues, 16 bits each. */
  readonly palette?: readonly number[];
  readonly orientation?: number;
}

/** A little-endian TIFF of one strip and one sample a pixel. */
export function tiff(values: ArrayLike<number>, height: number, width: number, options: TiffOptions = {}): Buffer {
  const { bits = 8, photometric = 1, sampleFormat = 1, palette, orientation } = options;
  const all = Array.from(values);
  const pixels =
    bits === 1
      ? Buffer.from(
          Array.from({ length: height }, (_, y) =>
            Array.from({ length: Math.ceil(width / 8) }, (_, b) => {
              let byte = 0;
              for (let k = 0; k < 8; k++) if (8 * b + k < width && all[y * width + 8 * b + k]) byte |= 128 >> k;
              return byte;
            }),
          ).flat(),
        )
      : bits === 8
        ? Buffer.from(all)
        : bits === 16
          ? Buffer.from(Uint16Array.from(all).buffer)
          : Buffer.from((sampleFormat === 3 ? Float32Array.from(all) : Uint32Array.from(all)).buffer);
  const map = palette ? Buffer.from(Uint16Array.from(palette).buffer) : Buffer.alloc(0);
  const tags: [tag: number, type: 3 | 4, count: number, value: number][] = [
    [256, 3, 1, width],
    [257, 3, 1, height],
    [258, 3, 1, bits],
    [259, 3, 1, 1],
    [262, 3, 1, photometric],
    [273, 4, 1, 8],
    ...(orientation ? [[274, 3, 1, orientation] as [number, 3, number, number]] : []),
    [277, 3, 1, 1],
    [278, 3, 1, height],
    [279, 4, 1, pixels.length],
    ...(palette
      ? [[320, 3, palette.length, 8 + pixels.length + (pixels.length % 2)] as [number, 3, number, number]]
      : []),
    [339, 3, 1, sampleFormat],
  ];
  const pad = Buffer.alloc(pixels.length % 2);
  const first = 8 + pixels.length + pad.length + map.length;
  const head = Buffer.alloc(8);
  head.write('II', 0, 'latin1');
  head.writeUInt16LE(42, 2);
  head.writeUInt32LE(first, 4);
  const directory = Buffer.alloc(2 + 12 * tags.length + 4);
  directory.writeUInt16LE(tags.length, 0);
  for (const [k, [tag, type, count, value]] of tags.entries()) {
    const at = 2 + 12 * k;
    directory.writeUInt16LE(tag, at);
    directory.writeUInt16LE(type, at + 2);
    directory.writeUInt32LE(count, at + 4);
    if (type === 3 && count === 1) directory.writeUInt16LE(value, at + 8);
    else directory.writeUInt32LE(value, at + 8);
  }
  return Buffer.concat([head, pixels, pad, map, directory]);
}
