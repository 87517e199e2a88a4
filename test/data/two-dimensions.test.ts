import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { generateNuclei } from '../../runtime/data/generate/nuclei.js';
import { Batches, openFolder, readPicture, resizeMask, resizePicture, toInput } from '../../runtime/data/index.js';
import { readMask } from '../../runtime/data/masks/index.js';
import { inFolder, rawPng } from './fixtures.js';

/**
 * What the data layer made of pictures of two dimensions before it learned of volumes: hashes of pixels, resized pixels,
 * network inputs and batches. They stay the same to the bit. `UPDATE=1` records them anew.
 */
const record = new URL('recorded/two-dimensions.json', import.meta.url);
const recorded: Record<string, string> = existsSync(record) ? JSON.parse(await readFile(record, 'utf8')) : {};
const nuclei = '../shared/data/dsb2018';

const hash = (...parts: (ArrayBufferView | string)[]): string => {
  const sum = createHash('sha256');
  for (const part of parts) {
    sum.update(typeof part === 'string' ? part : new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  }
  return sum.digest('hex').slice(0, 32);
};

async function hold(name: string, found: Record<string, string>): Promise<void> {
  const named = Object.fromEntries(Object.entries(found).map(([key, value]) => [`${name}: ${key}`, value]));
  if (process.env.UPDATE === '1') {
    Object.assign(recorded, named);
    await writeFile(record, `${JSON.stringify(recorded, null, 2)}\n`);
  }
  for (const [key, value] of Object.entries(named)) expect([key, value]).toEqual([key, recorded[key]]);
}

async function picturesOf(files: readonly string[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const file of files) {
    const key = file.split('/').pop() as string;
    for (const channels of [1, 3] as const) {
      const picture = await readPicture(file, channels);
      const smaller = resizePicture(picture, { height: 17, width: 23 });
      const larger = resizePicture(picture, { height: 70, width: 50 });
      found[`${key} ${channels}`] = hash(
        `${picture.height}x${picture.width}`,
        picture.data,
        smaller.data,
        larger.data,
        toInput(picture, 'unit'),
        toInput(picture, 'image'),
      );
    }
  }
  return found;
}

const augment = [
  { name: 'flip', amount: 0 },
  { name: 'rotate90', amount: 0 },
  { name: 'rotate', amount: 20 },
  { name: 'scale', amount: 0.1 },
  { name: 'elastic', amount: 2 },
  { name: 'brightness', amount: 0.1 },
  { name: 'contrast', amount: 0.1 },
  { name: 'noise', amount: 0.02 },
] as const;

async function folderOf(folder: string, rows: readonly number[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const all = await openFolder(folder, { channels: 3, classes: 1 });
  const dataset = all.select(rows);
  Object.assign(found, await picturesOf(dataset.imageFiles));
  for (const [index, name] of dataset.names.entries()) {
    const mask = await dataset.mask(index);
    found[`mask ${name}`] = hash(mask.data, resizeMask(mask, { height: 31, width: 47 }).data);
  }
  for (const [label, patch, few] of [
    ['resized', undefined, augment.slice(0, 2)],
    ['patches', [32, 32], augment.slice(0, 2)],
    ['warped', [32, 32], augment],
  ] as const) {
    const batches = new Batches(
      dataset,
      { batch: 2, augment: few, normalize: 'unit', seed: 7, patch },
      { size: [32, 32] },
    );
    const parts: Float32Array[] = [];
    for await (const { image, target } of batches.epoch(1)) parts.push(image, target);
    found[`batches ${label}`] = hash(...parts);
  }
  return found;
}

describe('what is right in two dimensions stays the same to the bit', () => {
  test('generated pictures', async () => {
    await inFolder(async (folder) => {
      await generateNuclei(folder, { count: 4, size: 40, seed: 3, histology: 0.5 });
      await hold('generated', await folderOf(folder, [0, 1, 2, 3]));
    });
  });

  test('a picture of each kind of file', async () => {
    await inFolder(async (folder) => {
      const noise = (n: number): number[] => Array.from({ length: n }, (_, i) => (i * i * 31 + (i >> 3)) % 251);
      const grey = sharp(Uint8Array.from(noise(20 * 24)), { raw: { width: 24, height: 20, channels: 1 } });
      const colour = sharp(Uint8Array.from(noise(20 * 24 * 3)), { raw: { width: 24, height: 20, channels: 3 } });
      const wide = sharp(
        Uint16Array.from(noise(20 * 24 * 3), (v) => v * 257 + 3),
        {
          raw: { width: 24, height: 20, channels: 3 },
        },
      ).toColourspace('rgb16');
      const files: Record<string, Buffer> = {
        'grey.png': await grey.clone().toColourspace('b-w').png().toBuffer(),
        'colour.png': await colour.clone().png().toBuffer(),
        'palette.png': await colour.clone().png({ palette: true, colours: 16 }).toBuffer(),
        'interlaced.png': await colour.clone().png({ progressive: true }).toBuffer(),
        'wide.png': await wide.clone().png().toBuffer(),
        'lzw.tif': await colour.clone().tiff({ compression: 'lzw' }).toBuffer(),
        'deflate.tif': await wide.clone().tiff({ compression: 'deflate', predictor: 'horizontal' }).toBuffer(),
        'tiled.tif': await grey
          .clone()
          .toColourspace('b-w')
          .tiff({ compression: 'none', tile: true, tileWidth: 16, tileHeight: 16 })
          .toBuffer(),
        'white-is-zero.tif': await grey
          .clone()
          .toColourspace('b-w')
          .threshold(100)
          .tiff({ bitdepth: 1, miniswhite: true, compression: 'none' })
          .toBuffer(),
        'bits.png': rawPng({
          width: 4,
          height: 2,
          bits: 2,
          colour: 0,
          rows: [
            [0, 27],
            [1, 228],
          ],
        }),
      };
      for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
      const names = Object.keys(files);
      // JPEG's pixels depend on the encoder: its bytes are kept.
      const kept = new URL('recorded/kept/', import.meta.url).pathname;
      const jpegs = readdirSync(kept).map((name) => join(kept, name));
      const found = await picturesOf([...names.map((name) => join(folder, name)), ...jpegs]);
      const target = { classes: 1, exclusive: false, folders: false };
      for (const name of names) {
        const mask = await readMask([join(folder, name)], { rule: { kind: 'nonzero', invert: false } }, target);
        // A white-is-zero mask was inverted, which was wrong.
        if (name !== 'white-is-zero.tif') found[`mask ${name}`] = hash(mask.data);
      }
      await hold('kinds', found);
    });
  });

  test.skipIf(!existsSync(nuclei))(`20 pictures of nuclei (skipped where ${nuclei} is missing)`, async () => {
    await hold(
      'nuclei',
      await folderOf(
        nuclei,
        Array.from({ length: 20 }, (_, k) => k * 26),
      ),
    );
  });
});
