import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { halfBits, largestHalf, smallestHalf } from '../../compiler/ir/half.js';
import { float16 } from '../../testing/reference/elementwise.js';

/** What the bits of a float16 mean, by IEEE 754. */
function meaning(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

const halved = (v: number): number => meaning(halfBits(Float32Array.of(v))[0]!);
const all = Array.from({ length: 0x10000 }, (_, bits) => bits).filter((bits) => !Number.isNaN(meaning(bits)));

describe('halves', () => {
  it('are kept as they are, every one of them', () => {
    const bits = halfBits(Float32Array.from(all, meaning));
    expect([...bits]).toEqual(all);
    expect(all.filter((b) => !Object.is(float16(meaning(b)), meaning(b)))).toEqual([]);
    const finite = all.map(meaning).filter(Number.isFinite);
    expect(Math.max(...finite)).toBe(largestHalf);
    expect(meaning(0x0400)).toBe(smallestHalf);
  });

  it('are the nearest, and of two the even one: between any two neighbours', () => {
    const positive = all.filter((b) => b < 0x7c00);
    for (const bits of positive.slice(0, -1)) {
      const [low, high] = [meaning(bits), meaning(bits + 1)];
      const middle = (low + high) / 2;
      const nextTo = (v: number, by: number): number => {
        const words = new Uint32Array(Float32Array.of(v).buffer);
        words[0] = words[0]! + by;
        return new Float32Array(words.buffer)[0]!;
      };
      const even = bits % 2 === 0 ? low : high;
      expect([halved(nextTo(middle, -1)), halved(middle), halved(nextTo(middle, 1))]).toEqual([low, even, high]);
    }
    expect([65519, 65520, -65520, 1e30].map(halved)).toEqual([65504, Infinity, -Infinity, Infinity]);
    expect(halved(Number.NaN)).toBeNaN();
  });

  it('are the reference’s, of any float', () => {
    fc.assert(
      fc.property(fc.float(), (v) => {
        expect(halved(v)).toBe(float16(v));
      }),
      { numRuns: 20_000 },
    );
  });
});
