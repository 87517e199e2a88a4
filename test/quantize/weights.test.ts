import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantizeBias, quantizeWeights, scaleOf } from '../../compiler/3-transform/quantize/scales.js';

const float = fc.float({ min: -8, max: 8, noNaN: true });
const filters = fc.integer({ min: 1, max: 4 }).chain((channels) =>
  fc.record({
    channels: fc.constant(channels),
    weights: fc
      .array(fc.oneof(float, fc.constantFrom(0, 5, -5, 1e-30)), { minLength: 1, maxLength: 24 })
      .map((row) =>
        Float32Array.from({ length: row.length * channels }, (_, i) => row[i % row.length]! * (1 + (i % 3))),
      ),
    bias: fc.array(float, { minLength: channels, maxLength: channels }).map((b) => Float32Array.from(b)),
    step: fc.constantFrom(1 / 255, 2 ** -10, 3),
  }),
);

describe('weights in whole numbers', () => {
  it('are half a step away at most, and biases half of theirs', () => {
    fc.assert(
      fc.property(filters, ({ channels, weights, bias, step }) => {
        const { levels, scales } = quantizeWeights(weights, channels, bias, step);
        const per = weights.length / channels;
        levels.forEach((q, i) => {
          const scale = scales[Math.floor(i / per)]!;
          expect(Math.abs(q * scale - weights[i]!)).toBeLessThanOrEqual(scale * (0.5 + 1e-4));
        });
        const units = scales.map((s) => Math.fround(s * step));
        quantizeBias(bias, units).forEach((q, c) => {
          expect(Math.abs(q)).toBeLessThan(2 ** 31);
          expect(Math.abs(q * units[c]! - bias[c]!)).toBeLessThanOrEqual(units[c]! / 2 + Math.abs(bias[c]!) * 2 ** -23);
        });
      }),
    );
  });

  it('never overflow 16 bits in pairs, with any bytes beside them', () => {
    fc.assert(
      fc.property(filters, ({ channels, weights, bias, step }) => {
        const { levels } = quantizeWeights(weights, channels, bias, step);
        const per = weights.length / channels;
        for (let c = 0; c < channels; c++) {
          const own = [...levels.subarray(c * per, (c + 1) * per)].sort((a, b) => a - b);
          const largest = 255 * (Math.max(own.at(-1)!, 0) + Math.max(own.at(-2) ?? 0, 0));
          const smallest = 255 * (Math.min(own[0]!, 0) + Math.min(own[1] ?? 0, 0));
          expect(largest).toBeLessThan(2 ** 15);
          expect(smallest).toBeGreaterThanOrEqual(-(2 ** 15));
        }
      }),
    );
  });

  it('has a scale on which 0 is a level, whatever the range', () => {
    fc.assert(
      fc.property(float, float, (a, b) => {
        const range = { low: Math.min(a, b), high: Math.max(a, b) };
        const { scale, zero } = scaleOf(range);
        expect(Math.fround(scale)).toBe(scale);
        const ends = [(0 - zero) * scale, (255 - zero) * scale];
        expect(ends[0]).toBeLessThanOrEqual(Math.min(range.low, 0) + scale * 0.51);
        expect(ends[1]).toBeGreaterThanOrEqual(Math.max(range.high, 0) - scale * 0.51);
      }),
    );
  });
});
