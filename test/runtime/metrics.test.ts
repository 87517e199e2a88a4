import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Scores } from '../../runtime/evaluation/metrics.js';

const binary = () => new Scores({ classes: ['mask'], exclusive: false });
const f32 = (...values: number[]) => new Float32Array(values);

describe('Scores', () => {
  it.each<[string, number[], number[], number, number]>([
    ['equal', [0.9, 0.1], [1, 0], 1, 1],
    ['disjoint', [0.9, 0.1], [0, 1], 0, 0],
    ['half', [0.9, 0.9, 0.1], [1, 0, 0], 1 / 2, 2 / 3],
    ['a third', [0.9, 0.9, 0.1], [1, 0, 1], 1 / 3, 1 / 2],
    ['both empty', [0.1, 0.2], [0, 0], 1, 1],
    ['empty truth', [0.9, 0.2], [0, 0], 0, 0],
    ['exactly 0.5 is not foreground', [0.5, 0.1], [0, 0], 1, 1],
  ])('%s', (_, prediction, truth, iou, dice) => {
    const scores = binary();
    expect(scores.add(f32(...prediction), f32(...truth))).toBeCloseTo(iou, 12);
    expect(scores.quality().iou).toBeCloseTo(iou, 12);
    expect(scores.quality().dice).toBeCloseTo(dice, 12);
  });

  it('tells the mean over images from the pooled ratio', () => {
    const scores = binary();
    scores.add(f32(0.9, 0.1), f32(1, 0)); // 1 of 1
    scores.add(f32(0.9, 0.9, 0.9, 0.1), f32(1, 0, 0, 0)); // 1 of 3
    expect(scores.quality().iou).toBeCloseTo((1 + 1 / 3) / 2, 12);
    expect(scores.quality().iouPooled).toBeCloseTo(2 / 4, 12);
    expect(scores.quality().classes).toBeUndefined();
  });

  it('measures cross-entropy, finite at certain mistakes', () => {
    const scores = binary();
    scores.add(f32(0.25, 0.5), f32(1, 0));
    expect(scores.quality().bce).toBeCloseTo((-Math.log(0.25) - Math.log(0.5)) / 2, 6);
    scores.add(f32(0, 1), f32(1, 0));
    expect(Number.isFinite(scores.quality().bce)).toBe(true);
  });

  it('takes the most probable of exclusive classes, and cuts overlapping ones apart', () => {
    const prediction = f32(0.3, 0.1, 0.4, 0.2, 0.3, 0.7); // 3 classes, 2 pixels: classes 1 and 2
    const truth = f32(0, 0, 1, 0, 0, 1);
    const exclusive = new Scores({ classes: ['a', 'b', 'c'], exclusive: true });
    exclusive.add(prediction, truth);
    expect(exclusive.quality()).toMatchObject({ iou: 1, dice: 1, classes: [{ name: 'a', iou: 1 }, {}, {}] });
    expect(exclusive.quality().bce).toBeCloseTo(-(Math.log(0.4) + Math.log(0.7)) / 2, 6);
    const overlapping = new Scores({ classes: ['a', 'b', 'c'], exclusive: false });
    overlapping.add(prediction, truth);
    expect(overlapping.quality().classes?.map((c) => c.iou)).toEqual([1, 0, 1]);
    expect(overlapping.quality().iou).toBeCloseTo(2 / 3, 12);
  });

  it('keeps dice = 2 iou / (1 + iou) on any image', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 1, maxLength: 40 }), (pixels) => {
        const scores = binary();
        const iou = scores.add(f32(...pixels.map((p) => Number(p[0]))), f32(...pixels.map((p) => Number(p[1]))));
        expect(scores.quality().dice).toBeCloseTo((2 * iou) / (1 + iou), 12);
        expect(scores.quality().iouPooled).toBeCloseTo(iou, 12);
      }),
    );
  });
});
