import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AbsentRule } from '../../runtime/evaluation/metrics/overlap.js';
import { Scores } from '../../runtime/evaluation/scores.js';

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
    expect(exclusive.quality()).toMatchObject({
      iou: 1,
      dice: 1,
      classes: [{ name: 'b', iou: 1 }, { name: 'c' }],
      absentClasses: ['a'],
    });
    expect(exclusive.quality().bce).toBeCloseTo(-(Math.log(0.4) + Math.log(0.7)) / 2, 6);
    const overlapping = new Scores({ classes: ['a', 'b', 'c'], exclusive: false });
    overlapping.add(prediction, truth);
    expect(overlapping.quality().classes?.map((c) => c.iou)).toEqual([0, 1]);
    expect(overlapping.quality().iou).toBeCloseTo(1 / 2, 12);
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

  /** One-hot [classes, pixels] of labels; -1 is a pixel to leave out. */
  const hot = (labels: number[], classes: number): Float32Array =>
    Float32Array.from({ length: classes * labels.length }, (_, k) => {
      const label = labels[k % labels.length] as number;
      return label < 0 ? -1 : Number(label === Math.floor(k / labels.length));
    });
  const three = (absent?: AbsentRule) => new Scores({ classes: ['0', '1', '2'], exclusive: true, absent });
  const of = (scores: Scores, ...images: [number[], number[]][]) => {
    for (const [p, t] of images) scores.add(hot(p, 3), hot(t, 3));
    return scores.quality();
  };

  it.each<[AbsentRule, number, number]>([
    // Image 1: background 3 of 4, class 1 missed, class 2 nowhere. Image 2: class 2 predicted where the background is.
    ['leave-out', ((3 / 4 + 0) / 2 + (3 / 4 + 0) / 2) / 2, (6 / 8 + 0 + 0) / 3],
    ['leave-out-truth', ((3 / 4 + 0) / 2 + 3 / 4) / 2, (6 / 8 + 0) / 2],
    ['one', ((3 / 4 + 0 + 1) / 3 + (3 / 4 + 1 + 0) / 3) / 2, (6 / 8 + 0 + 0) / 3],
    ['zero', ((3 / 4 + 0 + 0) / 3 + (3 / 4 + 0 + 0) / 3) / 2, (6 / 8 + 0 + 0) / 3],
  ])('counts absent classes by the rule %s', (rule, iou, pooled) => {
    const found = of(
      three(rule),
      [
        [0, 0, 0, 0],
        [0, 0, 0, 1],
      ],
      [
        [0, 0, 0, 2],
        [0, 0, 0, 0],
      ],
    );
    expect(found.absent).toBe(rule);
    expect(found.iou).toBeCloseTo(iou, 12);
    expect(found.iouPooled).toBeCloseTo(pooled, 12);
  });

  it('flags the background and gives the mean without it', () => {
    const found = of(three(), [
      [0, 0, 1, 2],
      [0, 1, 1, 2],
    ]);
    expect(found.classes?.map((c) => [c.name, c.background])).toEqual([
      ['0', true],
      ['1', undefined],
      ['2', undefined],
    ]);
    expect(found.iou).toBeCloseTo((1 / 2 + 1 / 2 + 1) / 3, 12);
    expect(found.iouForeground).toBeCloseTo((1 / 2 + 1) / 2, 12);
    expect(found.foreground?.dice).toBeCloseTo((2 / 3 + 1) / 2, 12);
    expect(found.accuracy).toBeCloseTo(3 / 4, 12);
    expect(new Scores({ classes: ['a', 'b'], exclusive: false }).quality().foreground).toBeUndefined();
  });

  it('leaves pixels out that are -1 in every class, from every figure', () => {
    const with_ = of(three(), [
      [0, 1, 2, 1, 0],
      [0, 1, 1, -1, -1],
    ]);
    const without = of(three(), [
      [0, 1, 2],
      [0, 1, 1],
    ]);
    expect(with_).toEqual(without);
    const scores = binary();
    scores.add(f32(0.9, 0.9, 0.2), f32(1, -1, 0));
    expect(scores.quality()).toMatchObject({ iou: 1, dice: 1, accuracy: 1 });
    expect(scores.quality().bce).toBeCloseTo((-Math.log(0.9) - Math.log(0.8)) / 2, 6);
  });

  it('is not a number where no image has any class, and one where a single class is rightly left empty', () => {
    const layered = new Scores({ classes: ['a', 'b'], exclusive: false });
    expect(layered.add(f32(0, 0), f32(0, 0))).toBeNaN();
    expect(layered.quality()).toMatchObject({ iou: Number.NaN, classes: [], absentClasses: ['a', 'b'] });
    expect(binary().absent).toBe('one');
  });

  it('measures surfaces, lesions and instances without the background, a missed one at the image’s diagonal', () => {
    const scores = new Scores({
      classes: ['0', '1', '2'],
      exclusive: true,
      objects: { surface: { tolerance: 1 }, lesions: true, instances: true },
    });
    const add = (p: number[], t: number[]) => scores.add(hot(p, 3), hot(t, 3), [3, 4]);
    add([0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    expect(scores.quality()).toMatchObject({
      surface: { hd95: 0, assd: 0, nsd: 1, missed: 0 },
      lesions: { f1: 1, tp: 1, fp: 0, fn: 0 },
      instances: { ap: 1, ap50: 1, pq: 1 },
    });
    add([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    const { surface, lesions, instances } = scores.quality();
    expect(surface).toMatchObject({ hd95: 2.5, nsd: 0.5, missed: 1 });
    expect(lesions).toMatchObject({ f1: 0.5, tp: 1, fn: 1 });
    expect(instances).toMatchObject({ ap: 0.5, pq: 0.5 });
  });
});
