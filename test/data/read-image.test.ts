import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { openFolder, readHeader, readImage, readInput, readPicture } from '../../runtime/data/index.js';
import { cases } from '../cases.js';
import { failure, greyPng, inFolder, writeTree } from './fixtures.js';

const metaImage = (spacing: string, values: readonly number[], more = ''): Buffer =>
  Buffer.concat([
    Buffer.from(
      `ObjectType = Image\nNDims = 2\nElementSpacing = ${spacing}\nTransformMatrix = 1 0 0 1\nOffset = 1 2\n${more}DimSize = 2 2\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n`,
    ),
    Buffer.from(values),
  ]);

describe('a picture that says how it was held', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'is turned upright as by libvips: EXIF orientation %i, in PNG, JPEG and TIFF',
    async (orientation) => {
      const raw = Uint8Array.from({ length: 5 * 7 * 3 }, (_, i) => (i * 37) % 251);
      const flat = sharp(raw, { raw: { width: 7, height: 5, channels: 3 } }).withMetadata({ orientation });
      await inFolder(async (folder) => {
        for (const [name, bytes] of [
          ['a.png', await flat.clone().png().toBuffer()],
          ['a.jpg', await flat.clone().jpeg().toBuffer()],
          ['a.tif', await flat.clone().tiff({ compression: 'lzw' }).toBuffer()],
        ] as const) {
          await writeFile(join(folder, name), bytes);
          const wanted = await sharp(bytes).autoOrient().raw().toBuffer({ resolveWithObject: true });
          const picture = await readPicture(join(folder, name), 3);
          expect([name, picture.height, picture.width]).toEqual([name, wanted.info.height, wanted.info.width]);
          const area = picture.height * picture.width;
          const interleaved = Array.from(
            { length: 3 * area },
            (_, i) => picture.data[(i % 3) * area + Math.floor(i / 3)],
          );
          expect(interleaved).toEqual([...wanted.data]);
          expect((await readHeader(join(folder, name))).shape).toEqual(picture.shape);
          // As it is stored, it is not turned, and says so.
          const stored = await readImage(join(folder, name));
          expect([stored.shape, stored.header.exif]).toEqual([[5, 7], orientation === 1 ? undefined : orientation]);
        }
      });
    },
  );
});

describe('what viewers show of greys', () => {
  test('an inverted grey is turned, and few bits are stretched over 0 to 255, as by libvips', async () => {
    const raw = Uint8Array.from({ length: 8 * 9 }, (_, i) => (i * 37) % 251);
    const grey = sharp(raw, { raw: { width: 8, height: 9, channels: 1 } }).toColourspace('b-w');
    await inFolder(async (folder) => {
      for (const [name, bytes] of [
        ['one-bit.tif', await grey.clone().threshold(99).tiff({ bitdepth: 1, compression: 'none' }).toBuffer()],
        ['fax.tif', await grey.clone().threshold(99).tiff({ bitdepth: 1, compression: 'ccittfax4' }).toBuffer()],
        [
          'inverted.tif',
          await grey.clone().threshold(99).tiff({ bitdepth: 1, miniswhite: true, compression: 'none' }).toBuffer(),
        ],
      ] as const) {
        await writeFile(join(folder, name), bytes);
        const wanted = await sharp(bytes).toColourspace('b-w').raw().toBuffer();
        expect([name, ...(await readPicture(join(folder, name), 1)).data]).toEqual([name, ...wanted]);
      }
    });
  });
});

describe('images and masks in space', () => {
  test('a mask, or a channel, that lies elsewhere is refused with both values', async () => {
    await inFolder(async (folder) => {
      await writeTree(folder, {
        'images/a.mha': metaImage('0.5 0.5', [1, 2, 3, 4]),
        'masks/a.mha': metaImage('0.5 0.502', [0, 1, 0, 1]),
      });
      const format = { channels: 1, classes: 1 };
      const error = await failure(openFolder(folder, format));
      expect(error.code).toBe('mask-space');
      expect(error.message).toMatch(/spacing \[0\.502, 0\.5\] against \[0\.5, 0\.5\] mm/);
      await writeTree(folder, { 'masks/a.mha': metaImage('0.5 0.5005', [0, 1, 0, 1]) });
      expect((await openFolder(folder, format)).names).toEqual(['a']);
      const files = [join(folder, 'images/a.mha'), join(folder, 'b.mha')];
      await writeTree(folder, {
        'b.mha': metaImage('0.5 0.5', [9, 9, 9, 9]).toString('latin1').replace('Offset = 1 2', 'Offset = 1 3'),
      });
      const apart = await failure(readInput(files, 2));
      expect([apart.code, /origin \[-1, -3, 0\] against \[-1, -2, 0\] mm/.test(apart.message)]).toEqual([
        'image-space',
        true,
      ]);
    });
  });

  test('a mask without any place goes with any image', async () => {
    await inFolder(async (folder) => {
      await writeTree(folder, {
        'images/a.mha': metaImage('0.5 0.5', [1, 2, 3, 4]),
        'masks/a.png': await greyPng([0, 0, 1, 1], 2, 2),
      });
      const { image } = await (await openFolder(folder, { channels: 1, classes: 1 })).pair(0);
      expect([image.spacing, [...image.data]]).toEqual([
        [0.5, 0.5],
        [1, 2, 3, 4],
      ]);
    });
  });
});

describe('a region', () => {
  test('of a file of 2 GiB reads its slabs alone', async () => {
    await inFolder(async (folder) => {
      const header = Buffer.alloc(352);
      header.writeInt32LE(348, 0);
      for (const [k, n] of [3, 1024, 1024, 1024].entries()) header.writeInt16LE(n, 40 + 2 * k);
      header.writeInt16LE(4, 70);
      header.writeInt16LE(16, 72);
      header.writeFloatLE(352, 108);
      header.write('n+1\0', 344, 'latin1');
      const file = await open(join(folder, 'a.nii'), 'w');
      await file.write(header);
      await file.write(Buffer.from([7, 0, 8, 0]), 0, 4, 352 + 2 * (900 * 2 ** 20 + 5 * 1024 + 6));
      await file.truncate(352 + 2 ** 31);
      await file.close();
      const before = process.memoryUsage().arrayBuffers;
      const part = await readImage(join(folder, 'a.nii'), {}, { start: [900, 5, 6], shape: [1, 1, 3] });
      expect([...part.data]).toEqual([7, 8, 0]);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
    });
  });
});

describe('channels', () => {
  test('of several files become one image, whatever types they have', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 4 }),
        async (parts) => {
          await inFolder(async (folder) => {
            const files: string[] = [];
            for (const [k, values] of parts.entries()) {
              files.push(join(folder, `${k}.png`));
              await writeFile(files[k]!, await greyPng([...values], 2, 2));
            }
            const image = await readInput(files, parts.length);
            expect([...image.data]).toEqual(parts.flatMap((values) => [...values]));
          });
        },
      ),
      cases(10),
    );
  });
});
