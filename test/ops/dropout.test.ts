import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dropoutHash, dropoutKey } from '../../compiler/ops/dropout.js';
import { kernels, tensor } from '../../testing/reference/index.js';
import { cases } from '../cases.js';

const size = 20_000;

function kept(rate: number, salt: number, seed: number): boolean[] {
  const mask = kernels.dropout_mask({ rate, salt, shape: [size] }, [tensor([], [seed])])[0]!;
  expect(new Set(mask.data)).toEqual(new Set(rate === 0 ? [1] : [0, 1 / (1 - rate)]));
  return Array.from(mask.data, (v) => v !== 0);
}

/** How far the share of places where both agree is from chance, in deviations. */
function agreement(a: readonly boolean[], b: readonly boolean[], rate: number): number {
  const n = Math.min(a.length, b.length);
  const chance = rate ** 2 + (1 - rate) ** 2;
  let same = 0;
  for (let i = 0; i < n; i++) if (a[i] === b[i]) same++;
  return Math.abs(same / n - chance) / Math.sqrt((chance * (1 - chance)) / n);
}

describe('the dropout mask', () => {
  it('drops the share it is asked to', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(500), fc.constantFrom(0.1, 0.25, 0.5, 0.8), (seed, salt, rate) => {
        const share = kept(rate, salt, seed).filter((k) => !k).length / size;
        expect(Math.abs(share - rate)).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / size));
      }),
      { ...cases(40), seed: 1 },
    );
  });

  it('has neighbours, rows, steps and layers that do not follow each other', () => {
    for (const seed of [0, 1, 2, 3, 1000, 2 ** 31, 2 ** 40]) {
      const mask = kept(0.5, 3, seed);
      for (const lag of [1, 2, 3, 7, 16, 32, 64, 96, 128, 1024, 4096]) {
        expect(agreement(mask, mask.slice(lag), 0.5), `seed ${seed}, lag ${lag}`).toBeLessThan(5);
      }
      expect(agreement(mask, kept(0.5, 3, seed + 1), 0.5)).toBeLessThan(5);
      expect(agreement(mask, kept(0.5, 4, seed), 0.5)).toBeLessThan(5);
      expect(agreement(mask, kept(0.5, 4, seed + 1), 0.5)).toBeLessThan(5);
    }
  });

  it('keeps everything at rate 0', () => {
    expect(kept(0, 1, 1).every(Boolean)).toBe(true);
  });

  it('never leaves int64', () => {
    const { modulus: p, multiplier } = dropoutHash;
    const largest = BigInt(p - 1) * BigInt(p - 1) + BigInt(p - 1);
    expect(largest < 2n ** 62n).toBe(true);
    // Tensors of up to 2^31 elements.
    expect(2n ** 31n * BigInt(multiplier) + BigInt(p) < 2n ** 62n).toBe(true);
    expect(dropoutKey({ rate: 0.5, salt: 7 })).toEqual({
      saltKey: 7 * multiplier + dropoutHash.increment,
      threshold: 1073741823,
      keep: 2,
    });
  });
});
