import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stream } from '../../compiler/random.js';
import type { Augmentation, AugmentationName } from '../../compiler/recipe.js';
import { type AugmentOptions, augmentSample, type Sample } from '../../runtime/data/augment.js';
import { copyImage, copyMask, reflect } from '../../runtime/data/geometry.js';
import { makePicture } from '../../runtime/data/image.js';
import { normalizationOf } from '../../runtime/data/normalize.js';
import { planesOf } from '../../runtime/data/picture.js';
import { smoothField } from '../../runtime/data/smooth-field.js';
import { cases } from '../cases.js';

/** An image whose samples all differ, and a mask that marks where the first channel is high. */
function sampleOf(height: number, width: number, classes = 1, kind: 'planes' | 'labels' = 'planes'): Sample {
  const area = height * width;
  const data = Uint8Array.from({ length: 2 * area }, (_, i) => (i * 97) % 256);
  const planes = kind === 'labels' ? 1 : classes;
  const mask = Uint8Array.from({ length: planes * area }, (_, i) =>
    kind === 'labels' ? data[i % area]! % classes : Number(data[i % area]! > 127),
  );
  const image = makePicture(2, height, width, data);
  return {
    image,
    mask: { kind, classes, height, width, data: mask },
    normalization: normalizationOf(image, 'unit'),
  };
}

function make(
  sample: Sample,
  seed: number,
  options: Omit<AugmentOptions, 'normalize'> & { readonly normalize?: AugmentOptions['normalize'] },
): { image: Float32Array; mask: Uint8Array } {
  const area = options.size.height * options.size.width;
  const image = new Float32Array(sample.image.channels * area).fill(Number.NaN);
  const mask = new Uint8Array(planesOf(sample.mask) * area).fill(99);
  augmentSample(stream(seed, 'test'), sample, { normalize: 'unit', ...options }, image, mask);
  return { image, mask };
}

const only = (name: AugmentationName, amount = 0): Augmentation[] => [{ name, amount }];
const every: Augmentation[] = [
  { name: 'flip', amount: 0 },
  { name: 'rotate90', amount: 0 },
  { name: 'rotate', amount: 30 },
  { name: 'scale', amount: 0.3 },
  { name: 'brightness', amount: 0.2 },
  { name: 'contrast', amount: 0.2 },
  { name: 'noise', amount: 0.05 },
  { name: 'elastic', amount: 3 },
];
const side = fc.integer({ min: 1, max: 12 });

describe('symmetries', () => {
  const symmetry = fc.record({ transpose: fc.boolean(), flipY: fc.boolean(), flipX: fc.boolean() });

  test('each can be undone, to the last bit', () => {
    fc.assert(
      fc.property(symmetry, side, side, (s, height, width) => {
        const { mask } = sampleOf(height, width);
        const from = { height, width };
        const to = s.transpose ? { height: width, width: height } : from;
        const there = new Uint8Array(height * width);
        copyMask(mask.data, 1, from, { ...s, top: 0, left: 0 }, to, there);
        // The inverse of "transpose, then mirror" mirrors first: in these terms, the other axes.
        const inverse = s.transpose ? { transpose: true, flipY: s.flipX, flipX: s.flipY } : s;
        const back = new Uint8Array(height * width);
        copyMask(there, 1, to, { ...inverse, top: 0, left: 0 }, from, back);
        expect(back).toEqual(mask.data);
      }),
    );
  });

  test('image and mask always go the same way', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 3, max: 9 }),
        fc.integer({ min: 3, max: 9 }),
        fc.boolean(),
        (seed, height, width, patch) => {
          const sample = sampleOf(height, width);
          const size = patch ? { height: 5, width: 4 } : { height, width };
          const augment = [...only('flip'), ...only('rotate90')];
          const { image, mask } = make(sample, seed, { augment, patch, size });
          expect([...mask]).toEqual([...image.subarray(0, mask.length)].map((value) => Number(value * 255 > 127.5)));
        },
      ),
    );
  });

  test('flip reaches 4 images, rotate90 4, both 8, and without a square the whole keeps its shape', () => {
    const count = (augment: Augmentation[], height: number, width: number): number => {
      const sample = sampleOf(height, width);
      const size = { height, width };
      const seen = Array.from({ length: 200 }, (_, seed) =>
        make(sample, seed, { augment, patch: false, size }).image.join(),
      );
      return new Set(seen).size;
    };
    expect(count(only('flip'), 5, 5)).toBe(4);
    expect(count(only('rotate90'), 5, 5)).toBe(4);
    expect(count([...only('flip'), ...only('rotate90')], 5, 5)).toBe(8);
    expect(count(only('rotate90'), 5, 7)).toBe(2);
  });
});

describe('patches', () => {
  test('a patch is a window of the image', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 4, max: 9 }),
        fc.integer({ min: 4, max: 9 }),
        (seed, height, width) => {
          const sample = sampleOf(height, width);
          const { image } = make(sample, seed, { augment: [], patch: true, size: { height: 4, width: 3 } });
          const windows: string[] = [];
          for (let top = 0; top <= height - 4; top++) {
            for (let left = 0; left <= width - 3; left++) {
              const out = new Float32Array(image.length);
              const place = { transpose: false, flipY: false, flipX: false, top, left };
              copyImage(sample.image.data, 2, sample.image, place, sample.normalization, { height: 4, width: 3 }, out);
              windows.push(out.join());
            }
          }
          expect(windows).toContain(image.join());
        },
      ),
    );
  });

  test('an image smaller than the patch is continued by reflection, the border not repeated', () => {
    expect([-3, -2, -1, 0, 1, 2, 3, 4, 5, 6].map((i) => reflect(i, 3))).toEqual([1, 2, 1, 0, 1, 2, 1, 0, 1, 2]);
    expect([-5, 0, 5].map((i) => reflect(i, 1))).toEqual([0, 0, 0]);
    const image = makePicture(1, 1, 3, Uint8Array.of(0, 51, 255));
    const mask = { kind: 'planes', classes: 1, height: 1, width: 3, data: Uint8Array.of(0, 0, 1) } as const;
    const sample = { image, mask, normalization: normalizationOf(image, 'unit') };
    const made = make(sample, 0, { augment: [], patch: true, size: { height: 1, width: 7 } });
    expect([...made.image].map((value) => Math.round(value * 255))).toEqual([255, 51, 0, 51, 255, 51, 0]);
  });
});

describe('free transformations', () => {
  test('of no amount they are exactly the copy', () => {
    const nothing = [...only('rotate', 0), ...only('scale', 0), ...only('elastic', 0)];
    fc.assert(
      fc.property(fc.integer(), side, side, fc.boolean(), (seed, height, width, patch) => {
        const sample = sampleOf(height, width);
        const size = patch ? { height: 5, width: 6 } : { height, width };
        const augment = [...only('flip'), ...only('rotate90')];
        const copied = make(sample, seed, { augment, patch, size });
        const warped = make(sample, seed, { augment: [...augment, ...nothing], patch, size });
        expect(warped.mask).toEqual(copied.mask);
        for (let i = 0; i < copied.image.length; i++) expect(warped.image[i]).toBeCloseTo(copied.image[i]!, 4);
      }),
    );
  });

  test('a disc in the middle stays in the middle, and grows as the scale says', () => {
    const n = 65;
    const data = Uint8Array.from({ length: n * n }, (_, p) => {
      const inside = Math.hypot(Math.floor(p / n) - 32, (p % n) - 32) < 14;
      return inside ? 255 : 0;
    });
    const image = makePicture(1, n, n, data);
    const mask = { kind: 'planes', classes: 1, height: n, width: n, data: data.map((v) => Number(v > 0)) } as const;
    const sample = { image, mask, normalization: normalizationOf(image, 'unit') };
    const area = (seed: number, augment: Augmentation[]): number =>
      make(sample, seed, { augment, patch: false, size: image }).mask.reduce((a, b) => a + b, 0);
    const whole = Math.PI * 14 * 14;
    for (let seed = 0; seed < 20; seed++) {
      expect(Math.abs(area(seed, only('rotate', 180)) / whole - 1)).toBeLessThan(0.04);
      const share = area(seed, only('scale', 0.3)) / whole;
      expect(share).toBeGreaterThan(0.7 ** 2 * 0.95);
      expect(share).toBeLessThan(1.3 ** 2 * 1.05);
    }
    const shares = Array.from({ length: 20 }, (_, seed) => area(seed, only('scale', 0.3)) / whole);
    expect(Math.max(...shares)).toBeGreaterThan(1.2);
    expect(Math.min(...shares)).toBeLessThan(0.8);
  });

  test('every augmentation together makes no mask value that was not there, and only finite numbers', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        side,
        side,
        fc.boolean(),
        fc.constantFrom('planes', 'labels'),
        (seed, height, width, patch, kind) => {
          const sample = sampleOf(height, width, 3, kind);
          const size = patch ? { height: 7, width: 6 } : { height, width };
          const { image, mask } = make(sample, seed, { augment: every, patch, size });
          const allowed = new Set(sample.mask.data);
          for (const value of mask) expect(allowed).toContain(value);
          for (const value of image) expect(value >= 0 && value <= 1).toBe(true);
        },
      ),
    );
  });
});

describe('smooth field', () => {
  test('is finite for every size, spacing and phase', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.double({ min: 1, max: 50, noNaN: true }),
        (seed, height, width, spacing) => {
          expect(smoothField(stream(seed), height, width, spacing).every(Number.isFinite)).toBe(true);
        },
      ),
      cases(500),
    );
  });

  test('has root mean square 1 and no jumps', () => {
    const field = smoothField(stream(5), 512, 512, 8);
    expect(Math.sqrt(field.reduce((sum, value) => sum + value * value, 0) / field.length)).toBeCloseTo(1, 1);
    let step = 0;
    for (let p = 1; p < field.length; p++)
      if (p % 512 !== 0) step = Math.max(step, Math.abs(field[p]! - field[p - 1]!));
    expect(step).toBeLessThan(0.8);
  });
});

describe('intensity', () => {
  test('leaves the mask alone, stays in range under unit, and differs from seed to seed', () => {
    const sample = sampleOf(8, 8);
    for (const name of ['brightness', 'contrast', 'noise'] as const) {
      const made = [1, 2].map((seed) =>
        make(sample, seed, { augment: only(name, 0.4), patch: false, size: sample.image }),
      );
      expect(made[0]!.mask).toEqual(sample.mask.data);
      expect(made[0]!.image).not.toEqual(made[1]!.image);
      for (const value of made[0]!.image) expect(value >= 0 && value <= 1).toBe(true);
    }
  });

  test('brightness shifts, contrast keeps the mean: in deviations under image normalization', () => {
    const { image, mask } = sampleOf(16, 16);
    const sample = { image, mask, normalization: normalizationOf(image, 'image') };
    const mean = (values: Float32Array): number => values.reduce((a, b) => a + b, 0) / values.length;
    const size = image;
    const bright = make(sample, 3, { augment: only('brightness', 0.5), patch: false, size, normalize: 'image' });
    expect(Math.abs(mean(bright.image))).toBeGreaterThan(0.001);
    expect(Math.abs(mean(bright.image))).toBeLessThanOrEqual(0.5);
    const contrast = make(sample, 3, { augment: only('contrast', 0.5), patch: false, size, normalize: 'image' });
    expect(mean(contrast.image)).toBeCloseTo(0, 4);
  });
});
