import { describe, expect, it } from 'vitest';
import { defaultRecipe } from '../../compiler/recipe.js';
import { type BestMetric, bestOf, scoreOf } from '../../runtime/training/best.js';
import { reductions } from '../../runtime/training/lr-schedule.js';

const line = (
  epoch: number,
  loss: number,
  output: Partial<Record<'iou' | 'dice' | 'bce' | 'iouForeground', number>>,
) => ({
  epoch,
  loss,
  output: { mode: 'accurate', iou: 0, dice: 0, bce: 0, ...output },
});
const lines = [
  line(1, 0.1, { iou: 0.5, dice: 0.7, bce: 0.3, iouForeground: 0.2 }),
  line(2, 0.3, { iou: 0.6, dice: 0.6, bce: 0.2, iouForeground: 0.1 }),
  line(3, 0.2, { iou: 0.4, dice: 0.8, bce: 0.1, iouForeground: 0.3 }),
];

describe('the best epoch', () => {
  it.each<[BestMetric, number]>([
    ['iou', 2],
    ['dice', 3],
    ['iou-foreground', 3],
    ['bce', 3],
    ['loss', 1],
  ])('by %s', (metric, epoch) => {
    expect(bestOf(lines, metric)?.epoch).toBe(epoch);
  });

  it('is by loss where nothing is held out, and the first of equals', () => {
    const trained = [3, 1, 1].map((loss, k) => ({ epoch: k + 1, loss, output: null }));
    expect(bestOf(trained, 'dice')).toEqual({ epoch: 2, score: -1 });
    expect(bestOf([])).toBeNull();
  });

  it('is never one without a figure, as long as another has one', () => {
    const nothing = {
      ...line(1, 1, {}),
      output: { mode: 'accurate', iou: null as unknown as number, dice: 0, bce: 0 },
    };
    expect(scoreOf(nothing)).toBeNaN();
    expect(bestOf([nothing, line(2, 1, { iou: 0.1 })])?.epoch).toBe(2);
    expect(bestOf([line(1, 1, { iou: 0.1 }), nothing])?.epoch).toBe(1);
  });

  it('is what a plateau is seen by', () => {
    const schedule = {
      ...defaultRecipe.schedule,
      name: 'plateau' as const,
      patience: 0,
      threshold: 0,
      cooldown: 0,
      warmup: 0,
    };
    // IoU falls in epoch 3; Dice in epoch 2.
    expect(reductions(schedule, lines.slice(0, 2), 'iou')).toBe(0);
    expect(reductions(schedule, lines.slice(0, 2), 'dice')).toBe(1);
  });
});
