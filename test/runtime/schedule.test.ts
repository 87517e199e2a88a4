import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultRecipe, type Schedule } from '../../compiler/recipe.js';
import { learningRate } from '../../runtime/training/lr-schedule.js';
import type { EpochLine } from '../../runtime/training/position.js';
import { recordedJson } from '../parity/recorded.js';

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
      name: fc.constantFrom('constant', 'step', 'cosine', 'poly', 'plateau'),
      warmup: fc.integer({ min: 0, max: 5 }),
      every: fc.integer({ min: 1, max: 9 }),
      gamma: fc.double({ min: 0.1, max: 1, noNaN: true }),
      power: fc.double({ min: 0.5, max: 3, noNaN: true }),
      floor: fc.double({ min: 0.001, max: 1, noNaN: true }),
      factor: fc.constant(0.5),
      patience: fc.integer({ min: 0, max: 3 }),
      threshold: fc.constant(1e-4),
      cooldown: fc.integer({ min: 0, max: 2 }),
    }) satisfies fc.Arbitrary<Schedule>;
    fc.assert(
      fc.property(schedules, fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 9 }), (s, epochs, per) => {
        const rates = Array.from({ length: epochs * per }, (_, step) =>
          learningRate(s, 3e-4, {
            ...{ step, total: epochs * per, stepsPerEpoch: per },
            lines: Array.from({ length: Math.floor(step / per) }, (_, k) => ({
              epoch: k + 1,
              loss: 1 / (k % 4),
              output: null,
            })),
          }),
        );
        expect(rates.every((r) => r > 0 && r <= 3e-4 * (1 + 1e-12))).toBe(true);
        const warm = rates.slice(s.warmup * per);
        expect(warm.every((r, k) => k === 0 || r <= (warm[k - 1] as number) * (1 + 1e-12))).toBe(true);
      }),
    );
  });
});

interface RecordedPlateau {
  readonly mode: 'min' | 'max';
  readonly factor: number;
  readonly patience: number;
  readonly threshold: number;
  readonly cooldown: number;
  readonly min_lr: number;
  readonly metrics: readonly number[];
  /** In each epoch, from a base of 1. */
  readonly rates: readonly number[];
}

describe('plateau', () => {
  const line = (epoch: number, mode: 'min' | 'max', metric: number): EpochLine => ({
    ...{ epoch, lr: 0, seconds: 0, heads: [], average: null },
    loss: mode === 'min' ? metric : 0,
    output: mode === 'max' ? { mode: 'fast', iou: metric, dice: 0, bce: 0 } : null,
  });

  it.each(recordedJson<RecordedPlateau[]>('plateau.json').map((r, k) => [k, r] as const))(
    'is PyTorch’s ReduceLROnPlateau, case %i',
    (_, { mode, metrics, rates, min_lr: floor, ...knobs }) => {
      const schedule = of({ name: 'plateau', floor, ...knobs });
      const lines = metrics.map((metric, k) => line(k + 1, mode, metric));
      rates.forEach((rate, epoch) => {
        const at = { step: 3 * epoch + 1, total: 3 * rates.length, stepsPerEpoch: 3 };
        expect(learningRate(schedule, 1, { ...at, lines: lines.slice(0, epoch) })).toBeCloseTo(rate, 12);
      });
    },
  );

  it('does not count the epochs of the warm-up', () => {
    const schedule = of({ name: 'plateau', warmup: 2, patience: 0, factor: 0.5 });
    const lines = [5, 6, 7, 8].map((loss, k) => line(k + 1, 'min', loss));
    const rate = (epoch: number): number =>
      learningRate(schedule, 1, { step: epoch, total: 9, stepsPerEpoch: 1, lines: lines.slice(0, epoch) });
    expect([0, 1, 2, 3, 4].map(rate)).toEqual([0.5, 1, 1, 1, 0.5]);
  });
});
