import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { type DataFormat, openFolder } from '../../../runtime/data/index.js';
import { failure, inFolder, writeTree } from '../fixtures.js';
import { palettePng, png, tiff, truthOf } from './files.js';

/** An image that shows the truth, stored as it is, with an EXIF orientation. */
const image = (truth: Uint8Array, height: number, width: number, orientation: number): Promise<Buffer> =>
  sharp(Uint8Array.from(truth, (v) => 255 * v), { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .withMetadata({ orientation })
    .png()
    .toBuffer(); // biome-ignore format: short

async function openPair(
  files: Readonly<Record<'image' | 'mask', Buffer>>,
  mask: string,
  format: Partial<DataFormat>,
  check: (open: () => ReturnType<typeof openFolder>) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    await writeTree(folder, { 'images/a.png': files.image, [`masks/${mask}`]: files.mask });
    await check(() => openFolder(folder, { channels: 1, classes: 1, ...format }));
  });
}

/** The mask lies on its image as the truth does: where one is white, the other is foreground. */
async function agree(open: () => ReturnType<typeof openFolder>): Promise<void> {
  const dataset = await open();
  const pair = await dataset.pair(0);
  expect([...pair.mask.data]).toEqual([...pair.image.data].map((v) => Number(v > 127)));
}

describe.each([1, 2, 3, 4, 5, 6, 7, 8])('EXIF orientation %i of image and mask', (orientation) => {
  const [height, width] = [20, 28];
  const truth = truthOf(height, width);
  test.each([
    ['grey PNG', 'a.png', () => image(truth, height, width, orientation), 1],
    ['palette PNG, entries', 'a.png', async () => palettePng(truth, height, width, [0, 0, 0, 9, 0, 0], { orientation }), 2],
    ['interlaced palette PNG', 'a.png', async () => palettePng(truth, height, width, [0, 0, 0, 9, 0, 0], { orientation, interlaced: true }), 2],
    ['TIFF', 'a.tif', async () => tiff(truth, height, width, { orientation }), 1],
  ] as const)('%s is turned as its image is', async (_, name, make, classes) => {
    const files = { image: await image(truth, height, width, orientation), mask: await make() };
    await openPair(files, name, { classes }, agree);
  }); // biome-ignore format: a table
});

describe('an orientation of the image alone', () => {
  const cases = [2, 3, 4, 5, 6, 7, 8].flatMap((orientation) =>
    [[20, 28], [24, 24]].map(([height, width]) => [orientation, height as number, width as number] as const),
  ); // biome-ignore format: short

  test.each(cases)('%i, %ix%i: sizes tell, or it is asked', async (orientation, height, width) => {
    const truth = truthOf(height, width);
    const files = {
      image: await image(truth, height, width, orientation),
      mask: await png(Array.from(truth, (v) => 255 * v), height, width), // biome-ignore format: short
    };
    if (orientation >= 5 && height !== width) {
      await openPair(files, 'a.png', {}, async (open) => {
        await agree(open);
        expect((await open()).masks.warnings.join()).toMatch(/EXIF orientation .* turned with it.*sizes/);
      });
    } else {
      await openPair(files, 'a.png', {}, async (open) => {
        const error = await failure(open());
        expect(error.code).toBe('mask-orientation');
        expect(error.message).toMatch(new RegExp(`images/a.png has EXIF orientation ${orientation} and .*masks/a.png`));
        expect(error.hint).toMatch(/orientation = stored.*orientation = exif.*--orientation/);
      });
    }
    await openPair(files, 'a.png', { orientation: 'stored' }, agree);
  });

  test('masks that were drawn upright are left as they are', async () => {
    const upright = truthOf(20, 28);
    const file = await sharp(Uint8Array.from(upright, (v) => 255 * v), { raw: { width: 28, height: 20, channels: 1 } })
      .rotate(180)
      .toColourspace('b-w')
      .withMetadata({ orientation: 3 })
      .png()
      .toBuffer(); // biome-ignore format: short
    const files = { image: file, mask: await png(upright, 20, 28) };
    await openPair(files, 'a.png', { orientation: 'exif' }, agree);
  });
});
