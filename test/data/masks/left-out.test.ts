import { describe, expect, test } from 'vitest';
import { type Batch, Batches, openFolder, targetOf } from '../../../runtime/data/index.js';
import { resizeMask } from '../../../runtime/data/resize.js';
import { inFolder, writeTree } from '../fixtures.js';
import { png } from './files.js';

const [height, width] = [12, 16];
/** Quarters: 0, 1, left out, 0. */
const quarters = Array.from({ length: height * width }, (_, p) => {
  const [lower, right] = [p >= (height / 2) * width, p % width >= width / 2];
  return lower ? (right ? 0 : 255) : Number(right);
});

/** A folder of images that show the left-out quarter white, all else black. */
const withData = <T>(classes: number, work: (open: () => ReturnType<typeof openFolder>) => Promise<T>): Promise<T> =>
  inFolder(async (folder) => {
    const files: Record<string, Buffer> = {};
    for (let k = 0; k < 3; k++) {
      const shown = quarters.map((v) => (v === 255 ? 255 : 0));
      files[`images/${k}.png`] = await png(shown, height, width);
      files[`masks/${k}.png`] = await png(quarters, height, width);
    }
    await writeTree(folder, files);
    return work(() => openFolder(folder, { channels: 1, classes, exclusive: classes > 1, ignore: 255 }));
  });

describe.each([1, 2])('pixels that are left out, %i classes', (classes) => {
  test('are -1 in every channel of the target, and nowhere else', async () => {
    await withData(classes, async (open) => {
      const target = targetOf(await (await open()).mask(0));
      const area = height * width;
      for (let p = 0; p < area; p++) {
        const due =
          quarters[p] === 255 ? [-1, -1] : classes === 1 ? [quarters[p]] : [1 - (quarters[p] ?? 0), quarters[p]];
        for (let k = 0; k < classes; k++) expect(target[k * area + p]).toBe(due[k]);
      }
    });
  });

  test('stay where they are in the image through flips, turns, warps and resizing', async () => {
    await withData(classes, async (open) => {
      const dataset = await open();
      const augment = ['flip', 'rotate90', 'rotate', 'scale', 'elastic'] as const;
      const recipe = {
        batch: 3,
        augment: augment.map((name) => ({ name, amount: name === 'rotate' ? 15 : name === 'scale' ? 0.2 : name === 'elastic' ? 1 : 0 })),
        normalize: 'unit' as const,
        seed: 3,
        patch: [10, 10],
      }; // biome-ignore format: short
      let seen = 0;
      for await (const { image, target } of new Batches(dataset, recipe, { size: [10, 10] }).epoch(
        1,
      ) as AsyncIterable<Batch>) {
        for (let b = 0; b < 3; b++) {
          for (let p = 0; p < 100; p++) {
            const white = image[b * 100 + p] as number;
            // Bilinear edges of the image are between.
            if (white > 0.1 && white < 0.9) continue;
            for (let k = 0; k < classes; k++) expect(target[(b * classes + k) * 100 + p] === -1).toBe(white >= 0.9);
            seen += Number(white >= 0.9);
          }
        }
      }
      expect(seen).toBeGreaterThan(0);
      const small = resizeMask(await dataset.mask(0), { height: 6, width: 8 });
      expect(targetOf(small).filter((v) => v === -1).length).toBe(classes * 12);
    });
  });
});

test('batches say what they repeat, and which images are of one value; epochs leave out what fills no batch', async () => {
  await inFolder(async (folder) => {
    const mask = await png(quarters.map((v) => v % 2), height, width); // biome-ignore format: short
    const files: Record<string, Buffer> = {};
    for (let k = 0; k < 5; k++) {
      files[`images/${k}.png`] = await png(k === 3 ? quarters.map(() => 7) : quarters, height, width);
      files[`masks/${k}.png`] = mask;
    }
    await writeTree(folder, files);
    const dataset = await openFolder(folder, { channels: 1, classes: 1 });
    const recipe = { augment: [], normalize: 'unit' as const, seed: 0 };
    const two = new Batches(dataset, { ...recipe, batch: 2 }, { size: [height, width] });
    await two.prepare();
    expect(two.leftOut).toBe(1);
    expect(two.warnings()).toEqual([expect.stringMatching(/^1 of 5 images is of one value throughout: .*3\.png$/)]);
    const eight = new Batches(dataset, { ...recipe, batch: 8 }, { size: [height, width] });
    expect(eight.leftOut).toBe(0);
    expect(eight.warnings()[0]).toMatch(/^5 images fill a batch of 8 by being taken again/);
  });
});
