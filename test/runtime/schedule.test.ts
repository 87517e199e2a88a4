import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultRecipe, type Schedule } from '../../compiler/recipe.js';
import { learningRate } from '../../runtime/schedule.js';

const of = (s: Partial<Schedule>): Schedule => ({ ...defaultRecipe.schedule, ...s });

describe('learningRate', () => {
  // 10 epochs of 4 steps, base 1.
  it.each<[string, Partial<Schedule>, number, number]>([
    ['constant', { name: 'constant' }, 39, 1],
    ['warm-up starts above zero', { name: 'constant', warmup: 2 }, 0, 1 / 8],
    ['warm-up ends at the full rate', { name: 'constant', warmup: 2 }, 7, 1],
    ['warm-up may be part of an epoch', { name: 'constant', warmup: 0.5 }, 0, 0.5],
    ['step, before the first drop', { name: 'step', every: 3, gamma: 0.1 }, 11, 1],
    ['step, after the first drop', { name: 'step', every: 3, gamma: 0.1 }, 12, 0.1],
    ['step, after the third drop', { name: 'step', every: 3, gamma: 0.1 }, 36, 0.001],
    ['cosine starts full', { name: 'cosine' }, 0, 1],
    ['cosine half way', { name: 'cosine' }, 20, 0.5],
    ['cosine three quarters', { name: 'cosine' }, 30, (1 - Math.SQRT1_2) / 2],
    ['cosine half way to a floor', { name: 'cosine', floor: 0.2 }, 20, 0.6],
    ['cosine begins after warm-up', { name: 'cosine', warmup: 1 }, 4, 1],
    ['cosine half way after warm-up', { name: 'cosine', warmup: 2 }, 24, 0.5],
    ['poly half way', { name: 'poly', power: 0.9 }, 20, 0.5 ** 0.9],
    ['poly to a floor', { name: 'poly', power: 2, floor: 0.1 }, 20, 0.1 + 0.9 / 4],
  ])('%s', (_, schedule, step, expected) => {
    expect(learningRate(of(schedule), 1, { step, total: 40, stepsPerEpoch: 4 })).toBeCloseTo(expected, 12);
  });

  it('stays within (0, base], and falls once warm', () => {
    const schedules = fc.record({
      name: fc.constantFrom('constant', 'step', 'cosine', 'poly'),
      warmup: fc.integer({ min: 0, max: 5 }),
      every: fc.integer({ min: 1, max: 9 }),
      gamma: fc.double({ min: 0.1, max: 1, noNaN: true }),
      power: fc.double({ min: 0.5, max: 3, noNaN: true }),
      floor: fc.double({ min: 0.001, max: 1, noNaN: true }),
    }) satisfies fc.Arbitrary<Schedule>;
    fc.assert(
      fc.property(schedules, fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 9 }), (s, epochs, per) => {
        const rates = Array.from({ length: epochs * per }, (_, step) =>
          learningRate(s, 3e-4, { step, total: epochs * per, stepsPerEpoch: per }),
        );
        expect(rates.every((r) => r > 0 && r <= 3e-4 * (1 + 1e-12))).toBe(true);
        const warm = rates.slice(s.warmup * per);
        expect(warm.every((r, k) => k === 0 || r <= (warm[k - 1] as number) * (1 + 1e-12))).toBe(true);
      }),
    );
  });
});
