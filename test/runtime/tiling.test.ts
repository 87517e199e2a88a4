import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Blender, blendWeights, cut, planTiles, tileStarts } from '../../runtime/prediction/tiling.js';
import { cases } from '../cases.js';

const size = fc.integer({ min: 1, max: 70 });
const multipleOf = (m: number) => (n: number) => Math.ceil(n / m) * m;

describe('tiles', () => {
  it('cover every position, in order, none beyond the end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 90 }), size, (length, tile, stride) => {
        const step = Math.min(stride, tile);
        const starts = tileStarts(length, tile, step);
        expect(starts[0]).toBe(0);
        expect((starts.at(-1) as number) + tile).toBe(Math.max(length, tile));
        starts.slice(1).forEach((s, k) => {
          const gap = s - (starts[k] as number);
          expect(gap).toBeGreaterThan(0);
          expect(gap).toBeLessThanOrEqual(step);
        });
      }),
    );
  });

  it.each(['gaussian', 'linear'] as const)('%s weights are positive and symmetric', (blending) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), (tile) => {
        const w = [...blendWeights(tile, blending)];
        expect(w.every((v) => v > 0 && v <= 1)).toBe(true);
        w.forEach((v, k) => void expect(v).toBeCloseTo(w[tile - 1 - k] as number, 12));
      }),
    );
  });

  it('reproduce any image of any size: the shares of the tiles over a pixel sum to 1', () => {
    fc.assert(
      fc.property(
        size,
        size,
        fc.option(fc.tuple(size, size), { nil: null }),
        fc.constantFrom(1, 4, 16),
        fc.constantFrom<'gaussian' | 'linear'>('gaussian', 'linear'),
        fc.constantFrom(0, 0.25, 0.5),
        (height, width, tile, multiple, blending, overlap) => {
          const data = Float32Array.from({ length: 2 * height * width }, (_, k) => Math.sin(k * 12.9898));
          const image = { data, channels: 2, height, width };
          const plan = planTiles(height, width, tile, multipleOf(multiple), overlap);
          expect(plan.height % multiple).toBe(0);
          expect(plan.width % multiple).toBe(0);
          const blender = new Blender(2, height, width, plan, blending);
          for (const top of plan.tops) {
            for (const left of plan.lefts) blender.add(cut(image, top, left, plan.height, plan.width).data, top, left);
          }
          const whole = blender.finish();
          expect(whole.data.length).toBe(data.length);
          whole.data.forEach((v, k) => {
            if (Math.abs(v - (data[k] as number)) > 1e-5) throw new Error(`pixel ${k}: ${v} for ${data[k]}`);
          });
        },
      ),
      cases(150),
    );
  });

  it('use one tile where the image fits', () => {
    expect(planTiles(30, 20, null, multipleOf(16))).toEqual({ height: 32, width: 32, tops: [-1], lefts: [-6] });
    expect(planTiles(30, 100, [64, 64], multipleOf(16))).toEqual({
      height: 32,
      width: 64,
      tops: [-1],
      lefts: [0, 18, 36],
    });
  });
});
