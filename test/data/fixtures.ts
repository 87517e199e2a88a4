import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { expect } from 'vitest';
import { UserError } from '../../compiler/user-error.js';

/** Runs with a folder of its own, removed afterwards. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'unetc-data-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes files by relative path, folders included. */
export async function writeTree(folder: string, files: Readonly<Record<string, Uint8Array | string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

/** The `UserError` something fails with; fails the test when it succeeds, or fails with anything else. */
export async function failure(work: Promise<unknown> | (() => unknown)): Promise<UserError> {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return error as UserError;
  }
  throw new Error('it did not fail');
}

const grey = (values: Uint8Array, height: number, width: number) =>
  sharp(values, { raw: { width, height, channels: 1 } }).toColourspace('b-w');

export const greyPng = (values: readonly number[], height: number, width: number): Promise<Buffer> =>
  grey(Uint8Array.from(values), height, width).png().toBuffer();

export const greyJpeg = (values: readonly number[], height: number, width: number): Promise<Buffer> =>
  grey(Uint8Array.from(values), height, width).jpeg({ quality: 60 }).toBuffer();

export const greyTiff = (values: readonly number[], height: number, width: number): Promise<Buffer> =>
  grey(Uint8Array.from(values), height, width).tiff({ compression: 'lzw' }).toBuffer();

export const rgbPng = (
  values: readonly number[],
  height: number,
  width: number,
  channels: 3 | 4 = 3,
): Promise<Buffer> => sharp(Uint8Array.from(values), { raw: { width, height, channels } }).png().toBuffer();

/** PNG's checksum: CRC-32, polynomial 0xEDB88320. */
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

/** A PNG written by hand, for what the image library will not write. `rows`: the bytes of each row, filter byte first. */
export function rawPng(options: {
  readonly width: number;
  readonly height: number;
  readonly bits: 1 | 2 | 4 | 8 | 16;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA. */
  readonly colour: 0 | 2 | 3 | 4 | 6;
  readonly rows: readonly (readonly number[])[];
  readonly palette?: readonly number[];
}): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(options.width, 0);
  header.writeUInt32BE(options.height, 4);
  header[8] = options.bits;
  header[9] = options.colour;
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', header),
    ...(options.palette === undefined ? [] : [chunk('PLTE', Uint8Array.from(options.palette))]),
    chunk('IDAT', deflateSync(Buffer.from(options.rows.flat()))),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

/** A TIFF of one strip, little endian: 32-bit float samples, or `pages` pages of 8-bit grey. */
export function rawTiff(kind: 'float' | { readonly pages: number }): Buffer {
  const pages = kind === 'float' ? 1 : kind.pages;
  const data = kind === 'float' ? Buffer.from(Float32Array.of(0, 0.25, 0.5, 1).buffer) : Buffer.from([0, 64, 128, 255]);
  const entries: [tag: number, type: 3 | 4, value: number][] = [
    [256, 3, 2],
    [257, 3, 2],
    [258, 3, kind === 'float' ? 32 : 8],
    [259, 3, 1],
    [262, 3, 1],
    [273, 4, 8],
    [277, 3, 1],
    [278, 3, 2],
    [279, 4, data.length],
    [339, 3, kind === 'float' ? 3 : 1],
  ];
  const directory = 2 + 12 * entries.length + 4;
  const first = 8 + data.length;
  const out = Buffer.alloc(first + pages * directory);
  out.write('II', 0, 'latin1');
  out.writeUInt16LE(42, 2);
  out.writeUInt32LE(first, 4);
  out.set(data, 8);
  for (let page = 0; page < pages; page++) {
    let at = first + page * directory;
    out.writeUInt16LE(entries.length, at);
    at += 2;
    for (const [tag, type, value] of entries) {
      out.writeUInt16LE(tag, at);
      out.writeUInt16LE(type, at + 2);
      out.writeUInt32LE(1, at + 4);
      if (type === 3) out.writeUInt16LE(value, at + 8);
      else out.writeUInt32LE(value, at + 8);
      at += 12;
    }
    out.writeUInt32LE(page + 1 < pages ? first + (page + 1) * directory : 0, at);
  }
  return out;
}
