import { readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { UserError } from '../../../compiler/user-error.js';
import { readImage, readImageHeader, type StoredImage } from '../../../runtime/data/formats/index.js';
import { cases } from '../../cases.js';
import { failure, inFolder } from '../fixtures.js';

const folder = fileURLToPath(new URL('recorded/', import.meta.url));
/** Every recorded file that is an image by itself; of a DICOM series one slice. */
const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !/\.(json|img|raw|zraw)$/.test(entry.name) && !entry.name.includes('htj2k'))
  .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
  .filter((file) => !/^refused|IM[1-9]/.test(file))
  .sort();
const options = { pages: 'depth', placement: 'sform' } as const;
const bytesOf = new Map<string, Buffer>();
const wholes = new Map<string, StoredImage>();
for (const file of files) {
  bytesOf.set(file, await readFile(join(folder, file)));
  wholes.set(file, await readImage(join(folder, file), options));
}
/** Headers beside their data name it: what they name lies there. */
const detached = /\.(hdr|mhd|nhdr)$/;

/** Reads a damaged copy: an image, or the `UserError`. Anything else that is thrown fails the test. */
async function attempt(file: string, bytes: Uint8Array): Promise<StoredImage | UserError> {
  return inFolder(async (place) => {
    const path = join(place, basename(file));
    await writeFile(path, bytes);
    if (detached.test(file)) {
      const stem = file.replace(detached, '');
      for (const name of readdirSync(folder).filter((name) => name.startsWith(stem) && name !== file)) {
        await writeFile(join(place, name), await readFile(join(folder, name)));
      }
    }
    try {
      await readImageHeader(path, options);
      return await readImage(path, options);
    } catch (error) {
      if (error instanceof UserError) return error;
      throw new Error(`${file}: ${(error as Error).stack}`, { cause: error });
    }
  });
}

// geotiff's LZW decoder says on the console where it has to stop.
beforeAll(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
});
afterAll(() => {
  vi.restoreAllMocks();
});

describe('damaged files', () => {
  test('cut off anywhere, a file gives the same voxels or says that it is damaged', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        async (file, part) => {
          const bytes = bytesOf.get(file)!;
          const found = await attempt(file, bytes.subarray(0, Math.floor(part * bytes.length)));
          if (found instanceof UserError) {
            expect(found.message).toContain(basename(file));
            return;
          }
          const whole = wholes.get(file)!;
          expect([found.channels, ...found.shape]).toEqual([whole.channels, ...whole.shape]);
          expect([...found.data]).toEqual([...whole.data]);
        },
      ),
      cases(200),
    );
  });

  const change = fc.oneof(
    fc.record({
      at: fc.double({ min: 0, max: 0.9999, noNaN: true }),
      value: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    }),
    // Headers are where damage does most: half of the changes are there.
    fc.record({
      at: fc.double({ min: 0, max: 0.15, noNaN: true }),
      value: fc.uint8Array({ minLength: 1, maxLength: 4 }),
    }),
    fc.record({
      at: fc.double({ min: 0, max: 0.3, noNaN: true }),
      value: fc.constantFrom(
        Uint8Array.of(0xff, 0xff, 0xff, 0x7f),
        Uint8Array.of(0x7f, 0xff, 0xff, 0xff),
        Uint8Array.of(0, 0, 0, 0),
        Uint8Array.of(0xff, 0xff),
      ),
    }),
  );
  test('changed anywhere, a file is read or refused, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        async (file, changes) => {
          const bytes = Buffer.from(bytesOf.get(file)!);
          for (const { at, value } of changes)
            bytes.set(value.subarray(0, bytes.length - Math.floor(at * bytes.length)), Math.floor(at * bytes.length));
          await attempt(file, bytes);
        },
      ),
      cases(600),
    );
  });
});

describe('claims that a file can not keep', () => {
  const nifti = (shape: readonly number[]): Buffer => {
    const header = Buffer.alloc(352);
    header.writeInt32LE(348, 0);
    header.writeInt16LE(shape.length, 40);
    for (const [k, length] of shape.entries()) header.writeInt16LE(length, 42 + 2 * k);
    header.writeInt16LE(16, 70);
    header.writeInt16LE(32, 72);
    header.writeFloatLE(352, 108);
    header.write('n+1\0', 344, 'latin1');
    return header;
  };

  test('a header of gigabytes allocates nothing, plain or gzipped', async () => {
    const before = process.memoryUsage().arrayBuffers;
    await inFolder(async (place) => {
      for (const [name, bytes] of [
        ['a.nii', nifti([32767, 32767, 32767])],
        ['a.nii.gz', gzipSync(nifti([32767, 32767, 8]))],
        ['a.nrrd', Buffer.from('NRRD0004\ntype: float\ndimension: 3\nsizes: 60000 60000 60000\nencoding: gzip\n\nx')],
        [
          'a.mha',
          Buffer.from(
            'ObjectType = Image\nNDims = 2\nDimSize = 60000 60000\nElementType = MET_FLOAT\nCompressedData = True\nElementDataFile = LOCAL\nx',
          ),
        ],
      ] as const) {
        await writeFile(join(place, name), bytes);
        const error = await failure(readImage(join(place, name)));
        expect(error.code).toBe('image-corrupt');
        expect(error.message).toContain(name);
      }
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 26);
  });

  test('what is decompressed ends where the image ends, though a gzip goes on', async () => {
    await inFolder(async (place) => {
      const file = join(place, 'a.nii.gz');
      // 64 MB of zeros behind an image of 4 voxels.
      await writeFile(file, gzipSync(Buffer.concat([nifti([2, 2]), Buffer.alloc(2 ** 26)])));
      const before = process.memoryUsage().arrayBuffers;
      const image = await readImage(file);
      expect([...image.data]).toEqual([0, 0, 0, 0]);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 23);
    });
  });

  test('an empty file says so; a pipe, a folder and a text are no images', async () => {
    await inFolder(async (place) => {
      await writeFile(join(place, 'a.png'), '');
      expect((await failure(readImage(join(place, 'a.png')))).message).toMatch(/a\.png is empty \(0 bytes\)/);
      await writeFile(join(place, 'a.txt'), 'hello');
      expect((await failure(readImage(join(place, 'a.txt')))).code).toBe('image-format');
      await mkdir(join(place, 'none'));
      expect((await failure(readImage(join(place, 'none')))).code).toBe('dicom-empty');
      expect((await failure(readImage(place))).message).toMatch(/is empty|is no DICOM file/);
      expect((await failure(readImage('/dev/zero'))).code).toBe('file-special');
    });
  });

  test('a header that names a file elsewhere gets the one beside it', async () => {
    await inFolder(async (place) => {
      await writeFile(
        join(place, 'a.mhd'),
        'ObjectType = Image\nNDims = 2\nDimSize = 2 2\nElementType = MET_UCHAR\nElementDataFile = ../../../etc/passwd\n',
      );
      expect((await failure(readImage(join(place, 'a.mhd')))).message).toContain(join(place, 'passwd'));
    });
  });

  test('two placements that differ are both printed', async () => {
    const error = await failure(readImage(join(folder, 'nifti1-two-placements.nii.gz')));
    expect(error.code).toBe('image-placement');
    expect(error.message).toMatch(/sform \[.*\], qform \[/);
  });

  test('pages that nobody has named are refused with the ways out', async () => {
    const error = await failure(readImage(join(folder, 'tiff-pages.tif')));
    expect(error.code).toBe('image-pages');
    expect(error.hint).toMatch(/depth.*channels/);
  });
});

describe('series that make no regular grid, and what is not decoded, are refused by name', () => {
  test.each([
    [
      'refused-missing',
      'dicom-geometry',
      /a slice is missing between IM\d\.dcm and IM\d\.dcm: 5 mm, where slices are 2\.5 mm/,
    ],
    ['refused-doubled', 'dicom-geometry', /(IM\d|more)\.dcm and (IM\d|more)\.dcm lie at the same place/],
    ['refused-uneven', 'dicom-geometry', /not evenly apart: between IM\d\.dcm and more\.dcm 1 mm/],
    ['refused-tilted', 'dicom-geometry', /gantry tilted by 13\.5 degrees/],
    ['refused-turned', 'dicom-geometry', /scout\.dcm is turned otherwise/],
    ['refused-two-series', 'dicom-series', /holds 2 series: 4 from IM0\.dcm on, 1 from more\.dcm on/],
    ['refused-size', 'dicom-series', /more\.dcm has rows 5, but IM0\.dcm of the same series has 6/],
    ['refused-lerc.tif', 'image-unsupported', /compressed by TIFF's method LERC/],
    ['refused-htj2k.dcm', 'dicom-syntax', /compressed as HTJ2K \(transfer syntax 1\.2\.840\.10008\.1\.2\.4\.201\)/],
  ] as const)('%s', async (name, code, says) => {
    for (const read of [readImageHeader, readImage]) {
      const error = await failure(read(join(folder, name)));
      expect(error.message).toMatch(says);
      expect(error.code).toBe(code);
      expect(error.hint).toMatch(/\w/);
    }
  });
});
