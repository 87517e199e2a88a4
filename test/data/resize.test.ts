import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normalizationOf, resizeMask, resizePicture, resizePlanes, toInput } from '../../runtime/data/index.js';

const size = fc.record({ height: fc.integer({ min: 1, max: 40 }), width: fc.integer({ min: 1, max: 40 }) });

describe('resize', () => {
  test('is within one level of what Pillow 13 makes of the same pixels (which rounds between its two passes)', () => {
    // Image.fromarray(a).resize((4, 3), Image.BILINEAR), with a = default_rng(0).integers(0, 256, (5, 7), uint8)
    const data = Uint8Array.from([
      95, 130, 194, 217, 207, 235, 15, 163, 33, 215, 217, 130, 248, 189, 16, 69, 184, 232, 205, 78, 169, 61, 125, 10,
      29, 240, 66, 19, 182, 39, 59, 4, 59, 81, 222,
    ]);
    const wanted = [113, 184, 199, 158, 70, 145, 176, 131, 103, 39, 90, 109];
    const made = resizePicture({ channels: 1, height: 5, width: 7, data, peak: 255 }, { height: 3, width: 4 });
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
        const flat = { channels: 2, ...from, data: new Uint16Array(2 * area).fill(level), peak: 65535 };
        expect([...new Set(resizePicture(flat, to).data)]).toEqual([level]);
        const noise = Float32Array.from({ length: area }, (_, i) => Math.sin(i * 12.9898));
        const resized = resizePlanes(noise, 1, from, to);
        expect(Math.max(...resized)).toBeLessThanOrEqual(Math.max(...noise) + 1e-5);
        expect(Math.min(...resized)).toBeGreaterThanOrEqual(Math.min(...noise) - 1e-5);
        const picture = { channels: 1, ...from, data: new Uint8Array(area), peak: 255 };
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
    const eight = { channels: 1, height: 1, width: 3, data: Uint8Array.of(0, 51, 255), peak: 255 };
    const sixteen = { channels: 1, height: 1, width: 3, data: Uint16Array.of(0, 13107, 65535), peak: 65535 };
    for (const picture of [eight, sixteen]) {
      expect([...toInput(picture, 'unit')].map((value) => Math.round(value * 1e6) / 1e6)).toEqual([0, 0.2, 1]);
    }
  });

  test('image gives each channel mean 0 and deviation 1, and a flat channel 0', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 64 }), (data) => {
        const width = data.length;
        const picture = {
          channels: 2,
          height: 1,
          width,
          data: Uint8Array.from([...data, ...data.map(() => 7)]),
          peak: 255,
        };
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
