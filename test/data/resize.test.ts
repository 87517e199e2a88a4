import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makePicture } from '../../runtime/data/image.js';
import { normalizationOf, resizeMask, resizePicture, resizePlanes, toInput } from '../../runtime/data/index.js';
import { failure } from './fixtures.js';

const size = fc.record({ height: fc.integer({ min: 1, max: 40 }), width: fc.integer({ min: 1, max: 40 }) });

describe('resize', () => {
  test('is within one level of what Pillow 13 makes of the same pixels (which rounds between its two passes)', () => {
    // Image.fromarray(a).resize((4, 3), Image.BILINEAR), with a = default_rng(0).integers(0, 256, (5, 7), uint8)
    const data = Uint8Array.from([
      95, 130, 194, 217, 207, 235, 15, 163, 33, 215, 217, 130, 248, 189, 16, 69, 184, 232, 205, 78, 169, 61, 125, 10,
      29, 240, 66, 19, 182, 39, 59, 4, 59, 81, 222,
    ]);
    const wanted = [113, 184, 199, 158, 70, 145, 176, 131, 103, 39, 90, 109];
    const made = resizePicture(makePicture(1, 5, 7, data), { height: 3, width: 4 });
    expect(made.data.length).toBe(12);
    for (const [i, value] of made.data.entries()) expect(Math.abs(value - wanted[i]!)).toBeLessThanOrEqual(1);
    const mask = { kind: 'labels', classes: 256, height: 5, width: 7, data } as const;
    expect([...resizeMask(mask, { height: 3, width: 4 }).data]).toEqual([
      95, 194, 207, 15, 16, 184, 205, 169, 182, 59, 59, 222,
    ]);
  });

  test('keeps a constant constant, stays within its range, and its own size is itself', () => {
    fc.assert(
      fc.property(size, size, fc.integer({ min: 0, max: 65535 }), (from, to, level) => {
        const area = from.height * from.width;
        const flat = makePicture(2, from.height, from.width, new Uint16Array(2 * area).fill(level));
        expect([...new Set(resizePicture(flat, to).data)]).toEqual([level]);
        const noise = Float32Array.from({ length: area }, (_, i) => Math.sin(i * 12.9898));
        const resized = resizePlanes(noise, 1, from, to);
        expect(Math.max(...resized)).toBeLessThanOrEqual(Math.max(...noise) + 1e-5);
        expect(Math.min(...resized)).toBeGreaterThanOrEqual(Math.min(...noise) - 1e-5);
        const picture = makePicture(1, from.height, from.width, new Uint8Array(area));
        expect(resizePicture(picture, from)).toBe(picture);
      }),
    );
  });

  test('a mask keeps its values, and enlarged by a whole factor each pixel becomes a block', () => {
    fc.assert(
      fc.property(size, size, (from, to) => {
        const data = Uint8Array.from({ length: from.height * from.width }, (_, i) => (i * 31) % 5);
        const mask = { kind: 'labels', classes: 5, ...from, data } as const;
        const values = new Set(data);
        expect([...new Set(resizeMask(mask, to).data)].filter((value) => !values.has(value))).toEqual([]);
      }),
    );
    const mask = { kind: 'planes', classes: 2, height: 1, width: 2, data: Uint8Array.of(1, 0, 0, 1) } as const;
    expect([...resizeMask(mask, { height: 2, width: 4 }).data]).toEqual([
      1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1,
    ]);
  });
});

describe('normalize', () => {
  test('unit divides by the range of the samples', () => {
    const eight = makePicture(1, 1, 3, Uint8Array.of(0, 51, 255));
    const sixteen = makePicture(1, 1, 3, Uint16Array.of(0, 13107, 65535));
    for (const picture of [eight, sixteen]) {
      expect([...toInput(picture, 'unit')].map((value) => Math.round(value * 1e6) / 1e6)).toEqual([0, 0.2, 1]);
    }
  });

  test('signed and float samples have no range that becomes 0 to 1, unless floats lie in it', async () => {
    const hounsfield = makePicture(1, 1, 2, Int16Array.of(-1000, 400));
    expect((await failure(() => toInput(hounsfield, 'unit'))).code).toBe('normalize-range');
    expect([...toInput(makePicture(1, 1, 3, Float32Array.of(0, 0.5, 1)), 'unit')]).toEqual([0, 0.5, 1]);
    for (const value of [1.5, -0.1, Number.NaN]) {
      const error = await failure(() => toInput(makePicture(1, 1, 1, Float32Array.of(value)), 'unit'));
      expect(error.hint).toContain('normalize = image');
    }
    expect([...toInput(hounsfield, 'image')]).toEqual([-1, 1]);
  });

  test('image gives each channel mean 0 and deviation 1, and a flat channel 0', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 64 }), (data) => {
        const width = data.length;
        const picture = makePicture(2, 1, width, Uint8Array.from([...data, ...data.map(() => 7)]));
        const values = toInput(picture, 'image');
        const first = values.subarray(0, width);
        const mean = first.reduce((a, b) => a + b, 0) / width;
        const deviation = Math.sqrt(first.reduce((a, b) => a + (b - mean) ** 2, 0) / width);
        expect(mean).toBeCloseTo(0, 3);
        expect(deviation).toBeCloseTo(new Set(data).size > 1 ? 1 : 0, 3);
        expect(Math.max(...values.subarray(width).map(Math.abs))).toBe(0);
        expect(normalizationOf(picture, 'image').gain.every(Number.isFinite)).toBe(true);
      }),
    );
  });
});
