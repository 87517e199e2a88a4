import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Batches, openFolder, split } from '../../runtime/data/index.js';

const folder = '../shared/data/dsb2018';

describe.skipIf(!existsSync(folder))(
  `the nuclei of the 2018 Data Science Bowl (skipped where ${folder} is missing)`,
  () => {
    test('open, split and make batches', async () => {
      const dataset = await openFolder(folder, { channels: 3, classes: 1 });
      expect(dataset.names).toHaveLength(532);
      expect(dataset.unusedMasks).toEqual([]);
      const { train, held } = split(dataset, { holdout: 0.2, seed: 0 });
      expect([train.names.length, held.names.length]).toEqual([426, 106]);

      const few = train.select(Array.from({ length: 32 }, (_, k) => k * 13));
      const augment = [
        { name: 'flip', amount: 0 },
        { name: 'rotate90', amount: 0 },
      ] as const;
      const recipe = { batch: 16, augment, normalize: 'unit', seed: 0 } as const;
      for (const patch of [undefined, [96, 96]]) {
        const batches = new Batches(few, { ...recipe, patch }, { size: [96, 96] });
        for await (const { image, target } of batches.epoch(0)) {
          expect(image.every((value) => value >= 0 && value <= 1)).toBe(true);
          const share = target.reduce((a, b) => a + b, 0) / target.length;
          expect(share).toBeGreaterThan(0.02);
          expect(share).toBeLessThan(0.6);
          expect(new Set(target)).toEqual(new Set([0, 1]));
        }
      }
    });
  },
);
