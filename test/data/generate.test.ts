import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stream } from '../../compiler/random.js';
import { drawImage, generateNuclei } from '../../runtime/data/generate/nuclei.js';
import { openFolder } from '../../runtime/data/index.js';
import { failure, inFolder } from './fixtures.js';

/** Mean of the grey values where the mask is `value`, and how many there are. */
function level(rgb: Uint8Array, mask: Uint8Array, value: number): { mean: number; count: number } {
  let sum = 0;
  let count = 0;
  for (let p = 0; p < mask.length; p++) {
    if (mask[p] !== value) continue;
    sum += (rgb[3 * p]! + rgb[3 * p + 1]! + rgb[3 * p + 2]!) / 3;
    count++;
  }
  return { mean: sum / count, count };
}

describe('generated nuclei', () => {
  test('open as a data folder, the same for the same seed, image k whatever the count', async () => {
    await inFolder(async (folder) => {
      const [a, b, c] = ['a', 'b', 'c'].map((name) => join(folder, name)) as [string, string, string];
      await generateNuclei(a, { count: 3, size: 48, seed: 1 });
      await generateNuclei(b, { count: 2, size: 48, seed: 1 });
      await generateNuclei(c, { count: 2, size: 48, seed: 2 });
      const dataset = await openFolder(a, { channels: 3, classes: 1 });
      expect(dataset.names).toEqual(['nuclei-0001', 'nuclei-0002', 'nuclei-0003']);
      expect((await dataset.pair(0)).image).toMatchObject({ channels: 3, height: 48, width: 48, range: [0, 255] });
      const file = 'images/nuclei-0002.png';
      expect(await readFile(join(a, file))).toEqual(await readFile(join(b, file)));
      expect(await readFile(join(a, file))).not.toEqual(await readFile(join(c, file)));
      expect(await readdir(join(a, 'masks'))).toHaveLength(3);
    });
  });

  test('are brighter than their ground in fluorescence and darker in a section, at every size', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 32, max: 130 }), fc.boolean(), (seed, size, stained) => {
        const { rgb, mask } = drawImage(stream(seed), size, stained ? 1 : 0);
        expect(new Set(mask)).toEqual(new Set([0, 255]));
        const [ground, nuclei] = [level(rgb, mask, 0), level(rgb, mask, 255)];
        expect(stained ? ground.mean - nuclei.mean : nuclei.mean - ground.mean).toBeGreaterThan(4);
        // No stretch of pure black in a section: every pixel was painted.
        if (stained) expect(Math.min(...rgb)).toBeGreaterThan(0);
      }),
      // The first: a nucleus so dark that noise took a channel below 0.
      { numRuns: 40, examples: [[-1674848983, 98, true]] },
    );
  });

  test('refuse a count or size out of range', async () => {
    expect((await failure(generateNuclei('x', { count: 0, size: 64, seed: 0 }))).code).toBe('generate-count');
    expect((await failure(generateNuclei('x', { count: 1, size: 8, seed: 0 }))).code).toBe('generate-size');
  });
});
