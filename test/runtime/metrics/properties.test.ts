import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bootstrap, bootstrapMean } from '../../../runtime/evaluation/metrics/bootstrap.js';
import { Calibration } from '../../../runtime/evaluation/metrics/calibration.js';
import { components } from '../../../runtime/evaluation/metrics/components.js';
import { confusion } from '../../../runtime/evaluation/metrics/confusion.js';
import { squaredDistances } from '../../../runtime/evaluation/metrics/distance.js';
import { sizeOf, stridesOf } from '../../../runtime/evaluation/metrics/grid.js';
import {
  averagePrecision,
  instanceThresholds,
  matchInstances,
  panopticQuality,
} from '../../../runtime/evaluation/metrics/instances.js';
import { lesionCounts, lesionF1 } from '../../../runtime/evaluation/metrics/lesions.js';
import { absentRules, overlap } from '../../../runtime/evaluation/metrics/overlap.js';
import { surfaceDistances } from '../../../runtime/evaluation/metrics/surface.js';
import { cases } from '../../cases.js';

const shapes = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })),
  fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
);
const spacingOf = (shape: readonly number[]) =>
  fc.tuple(...shape.map(() => fc.double({ min: 0.1, max: 5, noNaN: true })));
const maskOf = (shape: readonly number[]) =>
  fc
    .tuple(fc.constantFrom(0.05, 0.3, 0.9), fc.array(fc.double({ min: 0, max: 1, noNaN: true }), sized(shape)))
    .map(([share, draws]) => Uint8Array.from(draws, (d) => Number(d < share)));
const sized = (shape: readonly number[]) => ({ minLength: sizeOf(shape), maxLength: sizeOf(shape) });
const pairs = shapes.chain((shape) =>
  fc.record({ shape: fc.constant(shape), spacing: spacingOf(shape), a: maskOf(shape), b: maskOf(shape) }),
);

const coordinates = (k: number, shape: readonly number[]): number[] => {
  const strides = stridesOf(shape);
  return shape.map((n, a) => Math.floor(k / (strides[a] as number)) % n);
};

/** The mask in a larger image, moved. */
function moved(mask: Uint8Array, shape: readonly number[], by: readonly number[], margin: number) {
  const larger = shape.map((n) => n + margin);
  const strides = stridesOf(larger);
  const out = new Uint8Array(sizeOf(larger));
  for (let k = 0; k < mask.length; k++) {
    const at = coordinates(k, shape);
    out[at.reduce((sum, x, a) => sum + (x + (by[a] as number)) * (strides[a] as number), 0)] = mask[k] as number;
  }
  return { mask: out, shape: larger };
}

describe('overlap', () => {
  it('has dice = 2 iou / (1 + iou), bounds, and precision that is recall with the sides exchanged', () => {
    fc.assert(
      fc.property(pairs, fc.constantFrom(...absentRules), ({ a, b }, rule) => {
        const there = overlap(confusion(a, b), rule);
        const back = overlap(confusion(b, a), rule);
        if (!Number.isNaN(there.iou)) expect(there.dice).toBeCloseTo((2 * there.iou) / (1 + there.iou), 12);
        for (const v of Object.values(there)) expect(Number.isNaN(v) || (v >= 0 && v <= 1)).toBe(true);
        if (rule === 'leave-out-truth') return;
        expect(back.iou).toBe(there.iou);
        expect(back.precision).toBe(there.recall);
        expect(back.accuracy).toBe(there.accuracy);
      }),
    );
  });

  it('does not see pixels that are to be left out', () => {
    fc.assert(
      fc.property(pairs, ({ a, b }) => {
        const truth = Float32Array.from(b, (v, k) => (k % 3 === 0 ? -1 : v));
        const kept = (mask: Uint8Array) => mask.filter((_, k) => k % 3 !== 0);
        expect(confusion(a, truth)).toEqual(confusion(kept(a), kept(b)));
      }),
    );
  });

  it.each([
    ['absent in both', [0, 0, 0, 9], { 'leave-out': Number.NaN, 'leave-out-truth': Number.NaN, one: 1, zero: 0 }],
    ['predicted alone', [0, 2, 0, 7], { 'leave-out': 0, 'leave-out-truth': Number.NaN, one: 0, zero: 0 }],
    ['true alone', [0, 0, 2, 7], { 'leave-out': 0, 'leave-out-truth': 0, one: 0, zero: 0 }],
  ])('a class %s follows the rule', (_, [tp = 0, fp = 0, fn = 0, tn = 0], due) => {
    for (const rule of absentRules) {
      expect(overlap({ tp, fp, fn, tn }, rule).iou, rule).toBe(due[rule]);
      expect(overlap({ tp, fp, fn, tn }, rule).dice, rule).toBe(due[rule]);
    }
  });
});

describe('distances', () => {
  it('are those of a search over all pairs of places', () => {
    fc.assert(
      fc.property(pairs, ({ a, shape, spacing }) => {
        const found = squaredDistances(a, shape, spacing);
        const set = Array.from(a.keys()).filter((k) => a[k]);
        for (let k = 0; k < a.length; k++) {
          const here = coordinates(k, shape);
          const due = Math.min(
            ...set.map((s) =>
              coordinates(s, shape).reduce((sum, x, i) => sum + ((x - here[i]!) * (spacing[i] as number)) ** 2, 0),
            ),
          );
          if (due === Number.POSITIVE_INFINITY) expect(found[k]).toBe(due);
          else expect(found[k]).toBeCloseTo(due, 9);
        }
      }),
    );
  });

  it('of surfaces are symmetric, bounded, 0 for the same mask, and do not change when both are moved', () => {
    fc.assert(
      fc.property(pairs, fc.integer({ min: 0, max: 3 }), ({ a, b, shape, spacing }, by) => {
        const options = { shape, spacing, tolerance: 1 };
        const found = surfaceDistances(a, b, options);
        const back = surfaceDistances(b, a, options);
        const close = (x: number, y: number) => (Number.isFinite(x) ? expect(y).toBeCloseTo(x, 9) : expect(y).toBe(x));
        for (const key of ['hd', 'hd95', 'assd', 'nsd'] as const) close(found[key], back[key]);
        if (a.some(Boolean)) expect(surfaceDistances(a, a, options)).toEqual({ hd: 0, hd95: 0, assd: 0, nsd: 1 });
        if (!Number.isFinite(found.hd)) return;
        expect(found.hd95).toBeLessThanOrEqual(found.hd);
        expect(found.assd).toBeLessThanOrEqual(found.hd + 1e-12);
        expect(found.nsd).toBeGreaterThanOrEqual(0);
        expect(found.nsd).toBeLessThanOrEqual(1);
        const shift = shape.map((_, k) => (by + k) % 4);
        const [left, right] = [moved(a, shape, shift, 4), moved(b, shape, shift, 4)];
        const there = surfaceDistances(left.mask, right.mask, { ...options, shape: left.shape });
        for (const key of ['hd', 'hd95', 'assd', 'nsd'] as const) close(found[key], there[key]);
      }),
    );
  });

  it('grow with the spacing, and the tolerance counts more', () => {
    fc.assert(
      fc.property(pairs, ({ a, b, shape, spacing }) => {
        const near = surfaceDistances(a, b, { shape, spacing, tolerance: 1 });
        const doubled = surfaceDistances(a, b, { shape, spacing: spacing.map((s) => 2 * s), tolerance: 2 });
        const wide = surfaceDistances(a, b, { shape, spacing, tolerance: 3 });
        if (!Number.isFinite(near.hd)) return;
        expect(doubled.hd95).toBeCloseTo(2 * near.hd95, 9);
        expect(doubled.nsd).toBeCloseTo(near.nsd, 12);
        expect(wide.nsd).toBeGreaterThanOrEqual(near.nsd);
      }),
    );
  });
});

describe('objects', () => {
  it('fall apart by the definition of what touches', () => {
    fc.assert(
      fc.property(pairs, fc.constantFrom('faces' as const, 'full' as const), ({ a, shape }, connectivity) => {
        const { labels, count } = components(a, shape, connectivity);
        const flooded = flood(a, shape, connectivity);
        expect(count).toBe(Math.max(0, ...flooded));
        expect(Array.from(labels)).toEqual(flooded);
      }),
    );
  });

  it('are found no more often at a higher threshold', () => {
    fc.assert(
      fc.property(pairs, ({ a, b, shape }) => {
        const objects = (mask: Uint8Array) => components(mask, shape, 'faces').labels;
        const matches = matchInstances(objects(a), objects(b));
        const ap = instanceThresholds.map((t) => averagePrecision(matches, t));
        if (a.some(Boolean) || b.some(Boolean)) {
          for (let k = 1; k < ap.length; k++) expect(ap[k]).toBeLessThanOrEqual(ap[k - 1] as number);
          const { pq, sq, rq } = panopticQuality([matches]);
          expect(pq).toBeCloseTo(sq * rq, 12);
        } else expect(ap.every(Number.isNaN)).toBe(true);
        if (a.some(Boolean)) {
          expect(averagePrecision(matchInstances(objects(a), objects(a)), 0.95)).toBe(1);
          expect(lesionF1(lesionCounts(a, a, shape))).toBe(1);
        }
        const f1 = lesionF1(lesionCounts(a, b, shape));
        expect(Number.isNaN(f1) || (f1 >= 0 && f1 <= 1)).toBe(true);
      }),
    );
  });
});

/** Components by flooding from each place, numbered in scan order. */
function flood(mask: Uint8Array, shape: readonly number[], connectivity: 'faces' | 'full'): number[] {
  const labels = Array.from(mask, () => 0);
  let count = 0;
  for (let start = 0; start < mask.length; start++) {
    if (!mask[start] || labels[start]) continue;
    count++;
    const stack = [start];
    labels[start] = count;
    while (stack.length > 0) {
      const here = coordinates(stack.pop() as number, shape);
      for (let k = 0; k < mask.length; k++) {
        const steps = coordinates(k, shape).map((x, a) => Math.abs(x - (here[a] as number)));
        const near = steps.every((d) => d <= 1) && (connectivity === 'full' || steps.filter((d) => d > 0).length <= 1);
        if (!mask[k] || labels[k] || !near) continue;
        labels[k] = count;
        stack.push(k);
      }
    }
  }
  return labels;
}

describe('calibration', () => {
  it('is perfect where confidence is the share of right answers, and off by the difference elsewhere', () => {
    const of = (confidence: number, right: number, all: number) => {
      const calibration = new Calibration();
      for (let k = 0; k < all; k++) calibration.add(confidence, k < right);
      return calibration.error();
    };
    expect(of(0.75, 75, 100)).toBeCloseTo(0, 12);
    expect(of(0.75, 25, 100)).toBeCloseTo(0.5, 12);
    expect(of(1, 100, 100)).toBeCloseTo(0, 12);
    expect(of(0, 0, 0)).toBeNaN();
  });
});

describe('bootstrap', () => {
  it('lies around the mean, within the values, and is the same each time', () => {
    const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(values, (list) => {
        const [low, high] = bootstrapMean(list) as [number, number];
        expect(low).toBeLessThanOrEqual(high);
        expect(low).toBeGreaterThanOrEqual(Math.min(...list) - 1e-12);
        expect(high).toBeLessThanOrEqual(Math.max(...list) + 1e-12);
        expect(bootstrapMean([...list, Number.NaN])).toEqual([low, high]);
      }),
      cases(20),
    );
  });

  it('says nothing of one case, or of none', () => {
    expect(bootstrapMean([0.5])).toBeNull();
    expect(bootstrapMean([])).toBeNull();
    expect(bootstrap(3, () => Number.NaN)).toBeNull();
  });
});
