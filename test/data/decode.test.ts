import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import type { Mask } from '../../runtime/data/index.js';
import { readHeader, readPicture } from '../../runtime/data/index.js';
import { decideMasks, examineMasks, readMask } from '../../runtime/data/masks/index.js';
import { cases } from '../cases.js';
import { failure, greyJpeg, greyPng, greyTiff, inFolder, rawPng, rgbPng, writeTree } from './fixtures.js';

/** Writes one file and reads it. */
const withFile = <T>(name: string, content: Uint8Array, read: (file: string) => Promise<T>): Promise<T> =>
  inFolder(async (folder) => {
    await writeTree(folder, { [name]: content });
    return read(join(folder, name));
  });

/** A set of one mask, read by the rule that is found for it. */
async function readAlone(file: string, classes: number): Promise<Mask> {
  const found = await decideMasks(await examineMasks([file]), { classes, folders: false });
  return readMask([file], found, { classes, exclusive: classes > 1, folders: false });
}
const readBinaryMask = (file: string): Promise<Mask> => readAlone(file, 1);
const readLabelMask = readAlone;
const readClassMasks = (files: readonly string[], classes: number, exclusive: boolean): Promise<Mask> =>
  readMask(files, { rule: { kind: 'nonzero', invert: false } }, { classes, exclusive, folders: true });

describe('images', () => {
  test('8-bit grey is repeated over 3 channels, planar', async () => {
    for (const content of [await greyPng([1, 2, 3, 4, 5, 6], 2, 3), await greyTiff([1, 2, 3, 4, 5, 6], 2, 3)]) {
      const picture = await withFile('a.png', content, (file) => readPicture(file, 3));
      expect(picture).toMatchObject({ channels: 3, height: 2, width: 3, shape: [2, 3], range: [0, 255] });
      expect([...picture.data]).toEqual([1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6]);
    }
  });

  test('colour becomes luminance (BT.601), and grey pixels stay what they are', async () => {
    const content = await rgbPng([255, 0, 0, 0, 255, 0, 0, 0, 255, 77, 77, 77], 1, 4);
    expect([...(await withFile('a.png', content, (file) => readPicture(file, 1))).data]).toEqual([76, 150, 29, 77]);
    expect([...(await withFile('a.png', content, (file) => readPicture(file, 3))).data]).toEqual([
      255, 0, 0, 77, 0, 255, 0, 77, 0, 0, 255, 77,
    ]);
  });

  test('alpha is dropped and does not darken', async () => {
    const rgba = await rgbPng([10, 20, 30, 0, 40, 50, 60, 128], 1, 2, 4);
    expect([...(await withFile('a.png', rgba, (file) => readPicture(file, 3))).data]).toEqual([10, 40, 20, 50, 30, 60]);
    const greyAlpha = rawPng({ width: 2, height: 1, bits: 8, colour: 4, rows: [[0, 10, 0, 200, 128]] });
    expect([...(await withFile('a.png', greyAlpha, (file) => readPicture(file, 1))).data]).toEqual([10, 200]);
  });

  test('16 bits stay 16 bits: grey, RGB and RGBA', async () => {
    const grey = rawPng({ width: 4, height: 1, bits: 16, colour: 0, rows: [[0, 0, 1, 0, 2, 1, 0, 255, 255]] });
    const picture = await withFile('a.png', grey, (file) => readPicture(file, 1));
    expect([picture.range[1], ...picture.data]).toEqual([65535, 1, 2, 256, 65535]);
    const rgb = rawPng({ width: 1, height: 1, bits: 16, colour: 2, rows: [[0, 0, 1, 1, 0, 255, 255]] });
    expect([...(await withFile('a.png', rgb, (file) => readPicture(file, 3))).data]).toEqual([1, 256, 65535]);
    const rgba = rawPng({ width: 1, height: 1, bits: 16, colour: 6, rows: [[0, 0, 1, 1, 0, 255, 255, 0, 0]] });
    expect([...(await withFile('a.png', rgba, (file) => readPicture(file, 3))).data]).toEqual([1, 256, 65535]);
    expect([...(await withFile('a.png', rgb, (file) => readPicture(file, 1))).data]).toEqual([
      Math.floor((1 * 19595 + 256 * 38470 + 65535 * 7471 + 32768) / 65536),
    ]);
  });

  test('a photograph that says how it was held is turned upright, and so is its header', async () => {
    const flat = sharp(new Uint8Array(3 * 6 * 4).fill(90), { raw: { width: 6, height: 4, channels: 3 } });
    const content = await flat.withMetadata({ orientation: 6 }).jpeg().toBuffer();
    expect(await withFile('a.jpg', content, readHeader)).toMatchObject({ shape: [6, 4], format: 'jpeg' });
    expect(await withFile('a.jpg', content, (file) => readPicture(file, 3))).toMatchObject({ height: 6, width: 4 });
  });

  test.each([
    ['png', greyPng],
    ['jpg', greyJpeg],
    ['tif', greyTiff],
  ] as const)('a .%s cut off anywhere is a damaged file, never a grey rest', async (extension, encode) => {
    const noise = Array.from({ length: 60 * 60 }, (_, i) => (i * i * 31) % 251);
    const content = await encode(noise, 60, 60);
    const name = `a.${extension}`;
    const whole = await withFile(name, content, (file) => readPicture(file, 1));
    for (let length = 0; length < content.length; length += 41) {
      try {
        // What still decodes lacks only what carries no pixels: checksums, end marks.
        const picture = await withFile(name, content.subarray(0, length), (file) => readPicture(file, 1));
        expect(picture.data).toEqual(whole.data);
      } catch (error) {
        expect(error).toMatchObject({
          code: length === 0 ? 'image-empty' : 'image-corrupt',
          message: expect.stringContaining(name),
        });
      }
    }
    const half = content.subarray(0, content.length >> 1);
    expect((await failure(withFile(name, half, (file) => readPicture(file, 1)))).code).toBe('image-corrupt');
  });

  test('a missing file is named with its reason', async () => {
    const readers: ((file: string) => Promise<unknown>)[] = [readHeader, (file) => readPicture(file, 1)];
    for (const read of readers) {
      const error = await failure(inFolder((folder) => read(join(folder, 'none.png'))));
      expect(error.message).toMatch(/can't read .*none\.png: there is no such file or folder/);
    }
  });
});

describe('binary masks', () => {
  test('any value but 0 is foreground, in 1, 8 and 16 bits, grey or coloured', async () => {
    const read = async (content: Uint8Array): Promise<number[]> => [
      ...(await withFile('a.png', content, readBinaryMask)).data,
    ];
    expect(await read(await greyPng([0, 1, 2, 9], 1, 4))).toEqual([0, 1, 1, 1]);
    expect(await read(rawPng({ width: 4, height: 1, bits: 1, colour: 0, rows: [[0, 0b01100000]] }))).toEqual([
      0, 1, 1, 0,
    ]);
    expect(await read(rawPng({ width: 2, height: 1, bits: 16, colour: 0, rows: [[0, 0, 0, 0, 1]] }))).toEqual([0, 1]);
    expect(await read(await rgbPng([0, 0, 0, 0, 0, 9], 1, 2))).toEqual([0, 1]);
    // Opaque black is still background.
    expect(await read(await rgbPng([0, 0, 0, 255, 5, 0, 0, 255], 1, 2, 4))).toEqual([0, 1]);
  });

  test('the ringing of JPEG is not foreground', async () => {
    const wanted = Array.from({ length: 32 * 32 }, (_, p) => Number(Math.hypot((p >> 5) - 16, (p & 31) - 16) < 9));
    const content = await greyJpeg(
      wanted.map((value) => 255 * value),
      32,
      32,
    );
    const mask = await withFile('a.jpg', content, readBinaryMask);
    expect(mask.data.filter((value, p) => value !== wanted[p]).length).toBeLessThan(20);
  });
});

describe('class masks', () => {
  const read = (content: Uint8Array, classes: number): Promise<number[]> =>
    withFile('a.png', content, async (file) => [...(await readLabelMask(file, classes)).data]);

  test('grey values are class numbers, in 1, 2, 4, 8 and 16 bits', async () => {
    expect(await read(await greyPng([0, 1, 2, 3], 1, 4), 4)).toEqual([0, 1, 2, 3]);
    expect(await read(rawPng({ width: 4, height: 1, bits: 1, colour: 0, rows: [[0, 0b01010000]] }), 2)).toEqual([
      0, 1, 0, 1,
    ]);
    expect(await read(rawPng({ width: 4, height: 1, bits: 2, colour: 0, rows: [[0, 0b00011011]] }), 4)).toEqual([
      0, 1, 2, 3,
    ]);
    expect(await read(rawPng({ width: 3, height: 1, bits: 4, colour: 0, rows: [[0, 0x0b, 0xf0]] }), 16)).toEqual([
      0, 11, 15,
    ]);
    expect(await read(rawPng({ width: 2, height: 1, bits: 16, colour: 0, rows: [[0, 0, 2, 0, 0]] }), 3)).toEqual([
      2, 0,
    ]);
  });

  test('of a coloured palette the entries are the classes: through any row filters, those whose colours libpng decodes', async () => {
    const palette = Array.from({ length: 256 }, (_, k) => [k, 255 - k, (k * 7) % 256]);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 9 }).chain((width) =>
          fc.record({
            width: fc.constant(width),
            rows: fc.array(
              fc.tuple(
                fc.integer({ min: 0, max: 4 }),
                fc.array(fc.integer({ min: 0, max: 255 }), { minLength: width, maxLength: width }),
              ),
              { minLength: 1, maxLength: 8 },
            ),
          }),
        ),
        async ({ width, rows }) => {
          const bytes = rows.map(([filter, row]) => [filter, ...row]);
          const content = rawPng({
            width,
            height: rows.length,
            bits: 8,
            colour: 3,
            palette: palette.flat(),
            rows: bytes,
          });
          const colours = await sharp(content).removeAlpha().raw().toBuffer();
          // The red of entry k is k.
          const wanted = Array.from({ length: width * rows.length }, (_, p) => colours[3 * p]!);
          expect(await read(content, 256)).toEqual(wanted);
        },
      ),
      cases(60),
    );
  });

  test('entries of a palette of few colours are packed', async () => {
    const palette = [0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0];
    const packed = rawPng({ width: 5, height: 1, bits: 2, colour: 3, palette, rows: [[0, 0b11100100, 0b01000000]] });
    expect(await read(packed, 4)).toEqual([3, 2, 1, 0, 1]);
  });

  test('one file a class may overlap; exclusively, what none covers is background', async () => {
    await inFolder(async (folder) => {
      await writeTree(folder, {
        'p.png': await greyPng([255, 255, 0], 1, 3),
        'q.png': await greyPng([0, 255, 0], 1, 3),
        'r.png': await greyPng([0, 0, 1], 1, 3),
        'small.png': await greyPng([0, 1], 1, 2),
      });
      const paths = (...names: string[]): string[] => names.map((name) => join(folder, name));
      expect([...(await readClassMasks(paths('p.png', 'q.png'), 2, false)).data]).toEqual([1, 1, 0, 0, 1, 0]);
      expect([...(await readClassMasks(paths('q.png', 'r.png'), 3, true)).data]).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
      expect((await failure(readClassMasks(paths('p.png', 'q.png'), 2, true))).message).toContain('row 0, column 1');
      expect((await failure(readClassMasks(paths('q.png', 'r.png'), 2, true))).message).toContain('no class');
      expect((await failure(readClassMasks(paths('p.png', 'small.png'), 2, false))).code).toBe('mask-size');
    });
  });
});
