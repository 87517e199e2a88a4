import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Augmentation } from '../../compiler/recipe.js';
import {
  type Batch,
  Batches,
  type BatchRecipe,
  type Dataset,
  mapEach,
  openFolder,
  readNames,
  split,
} from '../../runtime/data/index.js';
import { failure, greyPng, inFolder, writeTree } from './fixtures.js';

let folder = '';
let dataset: Dataset;
let classes: Dataset;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unetc-batches-'));
  for (let k = 0; k < 11; k++) {
    const [height, width] = k % 2 === 0 ? [12, 10] : [9, 14];
    const values = Array.from({ length: height * width }, (_, i) => (i * 7 + k * 31) % 256);
    await writeTree(folder, {
      [`images/${k}.png`]: await greyPng(values, height, width),
      [`masks/${k}.png`]: await greyPng(
        values.map((value) => value % 3),
        height,
        width,
      ),
    });
  }
  dataset = await openFolder(folder, { channels: 1, classes: 1 });
  classes = await openFolder(folder, { channels: 3, classes: 3, exclusive: true });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const augment: readonly Augmentation[] = [
  { name: 'flip', amount: 0 },
  { name: 'rotate90', amount: 0 },
  { name: 'rotate', amount: 15 },
  { name: 'elastic', amount: 1 },
  { name: 'noise', amount: 0.1 },
];
const recipe: BatchRecipe = { batch: 3, augment, normalize: 'unit', seed: 5 };
const size = [8, 8];

async function all(batches: Batches, epoch: number, from = 0): Promise<Batch[]> {
  const out: Batch[] = [];
  for await (const batch of batches.epoch(epoch, from)) out.push(batch);
  return out;
}

describe('an epoch', () => {
  test('is what (seed, epoch) say: made again, out of turn, or from its middle, it is the same', async () => {
    for (const patch of [undefined, size]) {
      const straight = new Batches(dataset, { ...recipe, patch }, { size });
      const wanted = [await all(straight, 0), await all(straight, 1), await all(straight, 2)];
      const resumed = new Batches(dataset, { ...recipe, patch }, { size });
      expect(await all(resumed, 2)).toEqual(wanted[2]);
      expect(await all(resumed, 1, 1)).toEqual(wanted[1]!.slice(1));
      expect(wanted[0]).not.toEqual(wanted[1]);
      const other = new Batches(dataset, { ...recipe, patch, seed: 6 }, { size });
      expect(await all(other, 0)).not.toEqual(wanted[0]);
    }
  });

  test('has its own order, and its own augmentation of the same image', async () => {
    const batches = new Batches(dataset, recipe, { size });
    const orders = [0, 1, 2, 3].map((epoch) => batches.order(epoch).join());
    expect(new Set(orders).size).toBe(4);
    // One image a batch of two: no order to hide behind.
    const one = new Batches(dataset.select([4]), { ...recipe, batch: 2 }, { size });
    const first = (await all(one, 0))[0]!.image;
    const second = (await all(one, 1))[0]!.image;
    expect(first).not.toEqual(second);
    expect(first.slice(0, 64)).not.toEqual(first.slice(64));
  });

  test('does not depend on how much memory there is', async () => {
    const rich = new Batches(dataset, recipe, { size });
    const poor = new Batches(dataset, recipe, { size, memory: 0 });
    await rich.prepare();
    expect(await all(poor, 0)).toEqual(await all(rich, 0));
  });

  test('has each image once, but for those of a last batch that is not full', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 100 }), (batch, epoch) => {
        const batches = new Batches(dataset, { ...recipe, batch }, { size });
        const order = [...batches.order(epoch)];
        const count = dataset.names.length;
        expect(batches.perEpoch).toBe(Math.max(1, Math.floor(count / batch)));
        expect(order.length).toBe(batches.perEpoch * batch);
        // Fewer images than a batch: round after round, each a whole permutation.
        for (let start = 0; start < order.length; start += count) {
          const round = order.slice(start, start + count);
          expect(new Set(round).size).toBe(round.length);
        }
      }),
    );
  });

  test('gives images in range and targets of 0 and 1, one-hot for labels', async () => {
    const batches = new Batches(classes, recipe, { size });
    for (const { image, target } of await all(batches, 0)) {
      expect(image.length).toBe(3 * 3 * 64);
      expect(target.length).toBe(3 * 3 * 64);
      expect(image.every((value) => value >= 0 && value <= 1)).toBe(true);
      expect(new Set(target)).toEqual(new Set([0, 1]));
      for (let n = 0; n < 3; n++) {
        for (let p = 0; p < 64; p++) {
          const at = n * 192 + p;
          expect(target[at]! + target[at + 64]! + target[at + 128]!).toBe(1);
        }
      }
    }
  });

  test('can be left early, and a damaged file ends it with its name', async () => {
    const batches = new Batches(dataset, { ...recipe, batch: 1 }, { size });
    for await (const _ of batches.epoch(0)) break;
    await inFolder(async (other) => {
      const good = await greyPng(new Array<number>(16).fill(0), 4, 4);
      await writeTree(other, { 'images/a.png': good, 'images/b.png': good, 'masks/a.png': good, 'masks/b.png': good });
      const opened = await openFolder(other, { channels: 1, classes: 1 });
      await writeTree(other, { 'images/b.png': good.subarray(0, 50) });
      const broken = new Batches(opened, { ...recipe, batch: 1 }, { size: [4, 4] });
      expect((await failure(all(broken, 0))).message).toContain('b.png');
      expect((await failure(broken.prepare())).message).toContain('b.png');
    });
  });

  test('of three dimensions can not come from a folder of images', async () => {
    expect((await failure(() => new Batches(dataset, recipe, { size: [8, 8, 8] }))).code).toBe('data-dimensions');
    expect((await failure(() => new Batches(dataset.select([]), recipe, { size }))).code).toBe('data-empty');
  });
});

describe('split', () => {
  /** A data set of names alone. */
  const named = (names: readonly string[]): Dataset => ({
    ...dataset,
    names,
    select: (indices) => named(indices.map((index) => names[index]!)),
  });
  const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 60 });
  const share = fc.double({ min: 0, max: 0.99, noNaN: true });

  test('is disjoint and whole, of the share asked for, and the same in any listing order', () => {
    fc.assert(
      fc.property(names, share, fc.integer(), (all, holdout, seed) => {
        const { train, held } = split(named(all), { holdout, seed });
        expect([...train.names, ...held.names].sort()).toEqual([...all].sort());
        expect(train.names.length).toBeGreaterThan(0);
        const wanted = holdout === 0 || all.length < 2 ? 0 : Math.max(1, Math.round(holdout * all.length));
        expect(held.names.length).toBe(Math.min(wanted, all.length - 1));
        const turned = split(named([...all].reverse()), { holdout, seed });
        expect([...turned.held.names].sort()).toEqual([...held.names].sort());
      }),
    );
  });

  test('changes little when an image is added', () => {
    const all = Array.from({ length: 100 }, (_, k) => `image ${k}`);
    const before = new Set(split(named(all), { holdout: 0.2, seed: 1 }).held.names);
    const after = split(named([...all, 'one more']), { holdout: 0.2, seed: 1 }).held.names;
    expect(after.filter((name) => !before.has(name)).length).toBeLessThanOrEqual(1);
  });

  test('by names, with or without extension; comments, blank lines and line ends do not matter', async () => {
    await inFolder(async (other) => {
      await writeTree(other, { 'split.txt': '\uFEFF# held out\r\n3.png\r\n\r\n 10 \n' });
      const { held, train } = split(dataset, { names: await readNames(join(other, 'split.txt')) });
      expect(held.names).toEqual(['10', '3']);
      expect(train.names).toHaveLength(9);
      expect((await failure(readNames(join(other, 'none.txt')))).message).toMatch(/can't read .*none\.txt/);
    });
    const unknown = await failure(() => split(dataset, { names: ['3', 'x.png', 'y'] }));
    expect(unknown.message).toMatch(/names 2 images that .* does not have: x\.png, y$/);
    expect((await failure(() => split(dataset, { names: dataset.names }))).code).toBe('split-empty');
    expect((await failure(() => split(dataset, { holdout: 1, seed: 0 }))).code).toBe('split-share');
  });
});

describe('mapEach', () => {
  test('keeps the order, runs no more than it may at once, and stops at the first failure', async () => {
    let running = 0;
    let most = 0;
    const results = await mapEach(
      Array.from({ length: 20 }, (_, k) => k),
      async (k) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, (k * 7) % 5));
        running--;
        return k * k;
      },
      3,
    );
    expect(results).toEqual(Array.from({ length: 20 }, (_, k) => k * k));
    expect(most).toBe(3);
    let started = 0;
    const work = mapEach(
      [0, 1, 2, 3, 4, 5, 6, 7],
      async (k) => {
        started++;
        if (k === 1) throw new Error('one');
      },
      2,
    );
    await expect(work).rejects.toThrow('one');
    expect(started).toBeLessThan(8);
  });
});
