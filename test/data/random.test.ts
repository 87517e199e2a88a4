import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Random, stream } from '../../compiler/random.js';

const draws = (random: Random, count = 8): number[] => Array.from({ length: count }, () => random.uint32());

describe('stream', () => {
  const label = fc.oneof(fc.maxSafeInteger(), fc.string({ maxLength: 6 }));

  test('the same labels give the same numbers, other labels others', () => {
    fc.assert(
      fc.property(
        fc.array(label, { maxLength: 4 }),
        fc.array(label, { maxLength: 4 }),
        fc.maxSafeInteger(),
        (a, b, seed) => {
          expect(draws(stream(seed, ...a))).toEqual(draws(stream(seed, ...a)));
          const same = a.length === b.length && a.every((item, i) => Object.is(item, b[i]) || item === b[i]);
          if (!same) expect(draws(stream(seed, ...a))).not.toEqual(draws(stream(seed, ...b)));
        },
      ),
    );
  });

  test.each([
    [['a', 'b'], ['ab']],
    [[1], ['1']],
    [[1], [-1]],
    [[1], [2 ** 32 + 1]],
    [[0], []],
    [
      [1, 2],
      [2, 1],
    ],
  ] as const)('%j is not %j', (a, b) => {
    expect(draws(stream(0, ...a))).not.toEqual(draws(stream(0, ...b)));
  });

  test('keeps its numbers: a checkpoint of an older version resumes with the same batches', () => {
    expect(draws(stream(42, 'augment', 3, 7), 4)).toMatchInlineSnapshot(`
      [
        3649272114,
        2100678874,
        2311129914,
        1880085563,
      ]
    `);
  });

  test('a label that is no safe integer is a mistake of ours', () => {
    expect(() => stream(0.5)).toThrow(RangeError);
    expect(() => stream(0, Number.NaN)).toThrow(RangeError);
  });
});

describe('distributions', () => {
  const count = 40_000;
  const sample = (draw: (random: Random) => number): number[] => {
    const random = stream(1, 'distribution');
    return Array.from({ length: count }, () => draw(random));
  };
  const moments = (values: readonly number[]): { mean: number; deviation: number } => {
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    return { mean, deviation: Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length) };
  };

  test('uniform lies in [low, high) and fills it evenly', () => {
    const values = sample((random) => random.uniform(-2, 3));
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-2);
    expect(Math.max(...values)).toBeLessThan(3);
    const { mean, deviation } = moments(values);
    expect(mean).toBeCloseTo(0.5, 1);
    expect(deviation).toBeCloseTo(5 / Math.sqrt(12), 1);
  });

  test('normal has its mean and deviation, and the share within one deviation', () => {
    const values = sample((random) => random.normal(2, 3));
    const { mean, deviation } = moments(values);
    expect(mean).toBeCloseTo(2, 1);
    expect(deviation).toBeCloseTo(3, 1);
    expect(values.filter((value) => Math.abs(value - 2) < 3).length / count).toBeCloseTo(0.6827, 2);
  });

  test('a truncated normal stays within its limit and keeps the deviation that is left, 0.8796', () => {
    const values = sample((random) => random.truncatedNormal());
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(2);
    expect(moments(values).deviation).toBeCloseTo(0.8796, 2);
  });

  test('int takes each value equally often', () => {
    const seen = new Array<number>(7).fill(0);
    for (const value of sample((random) => random.int(7))) seen[value]! += 1;
    // Chi-square with 6 degrees of freedom: above 22.5 once in a thousand seeds.
    expect(seen.reduce((sum, n) => sum + (n - count / 7) ** 2 / (count / 7), 0)).toBeLessThan(22.5);
    expect(() => stream(0).int(0)).toThrow(RangeError);
  });

  test('shuffle keeps what it shuffles, and reaches every order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer(), (items, seed) => {
        const numeric = (a: number, b: number): number => a - b;
        expect([...stream(seed).shuffle([...items])].sort(numeric)).toEqual([...items].sort(numeric));
      }),
    );
    const orders = new Set(Array.from({ length: 200 }, (_, seed) => stream(seed).shuffle([1, 2, 3]).join('')));
    expect(orders.size).toBe(6);
  });
});
