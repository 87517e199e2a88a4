import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bootstrapMean } from '../../../runtime/evaluation/metrics/bootstrap.js';
import { Calibration } from '../../../runtime/evaluation/metrics/calibration.js';
import { components } from '../../../runtime/evaluation/metrics/components.js';
import { addCounts, confusion, noCounts } from '../../../runtime/evaluation/metrics/confusion.js';
import {
  averagePrecision,
  instanceThresholds,
  matchInstances,
  panopticQuality,
} from '../../../runtime/evaluation/metrics/instances.js';
import { lesionCounts } from '../../../runtime/evaluation/metrics/lesions.js';
import { type AbsentRule, meanOverlap, overlap } from '../../../runtime/evaluation/metrics/overlap.js';
import { meanOf } from '../../../runtime/evaluation/metrics/statistics.js';
import { surfaceDistances } from '../../../runtime/evaluation/metrics/surface.js';

/** What other libraries say: record.py wrote it. null is NaN, "inf" infinity. */
type Recorded = number | null | 'inf';
type Figures = Record<string, Recorded>;

interface BinaryCase {
  name: string;
  shape: number[];
  spacing: number[];
  tolerance: number;
  predicted: string;
  truth: string;
  sklearn: Figures;
  scipy: Figures | null;
  monai: Figures;
  sitk: Figures | null;
  faces: number;
  full: number;
  sitkFull: number;
  lesions: { tp: number; fp: number; fn: number };
}

const expected = JSON.parse(readFileSync(new URL('./recorded/expected.json', import.meta.url), 'utf8')) as {
  binary: BinaryCase[];
  classes: (Record<'leaveOut' | 'leaveOutTruth' | 'one', Figures> & {
    classes: number;
    shape: number[];
    predicted: string;
    truth: string;
  })[];
  instances: { predicted: string; truth: string; ap: Recorded[]; pq: Recorded }[];
  calibration: { probability: number[]; truth: string; ece: number; classwise: number; monai: number };
  bootstrap: { values: number[]; low: number; high: number; error: number };
};

const digits = (text: string): Uint8Array => Uint8Array.from(text, Number);
const figureOf = (recorded: Recorded | undefined): number =>
  recorded === null ? Number.NaN : recorded === 'inf' ? Number.POSITIVE_INFINITY : (recorded as number);

/** Each figure that a library gives, to `places` decimals. */
function same(found: object, due: Figures, places = 9): void {
  const figures = new Map<string, number>(Object.entries(found));
  for (const [key, recorded] of Object.entries(due)) {
    const value = figures.get(key);
    const wanted = figureOf(recorded);
    if (Number.isFinite(wanted)) expect(value, key).toBeCloseTo(wanted, places);
    else expect(value, key).toBe(wanted);
  }
}

describe.each(
  expected.binary.map((c, k) => ({ ...c, title: `${k} ${c.name}, ${c.shape.join('x')} at ${c.spacing.join(', ')}` })),
)('$title', (c) => {
  const predicted = digits(c.predicted);
  const truth = digits(c.truth);
  const overlaps = overlap(confusion(predicted, truth), 'leave-out');
  const surface = surfaceDistances(predicted, truth, c);

  it('overlaps as scikit-learn says', () => {
    const { precision, recall, accuracy, ...ratios } = c.sklearn as Record<string, number>;
    same(overlaps, ratios);
    // Without zero_division for a class that is nowhere, scikit-learn has only one value for all of its zero denominators.
    if (c.sklearn.iou === null) return;
    same(overlaps, { precision, recall, accuracy } as Figures);
  });

  it('has boundaries as far apart as SciPy, MONAI and SimpleITK say', () => {
    if (c.scipy) same(surface, c.scipy);
    // MONAI measures in float32.
    if (c.scipy) same(surface, c.monai, 4);
    if (c.sitk) same({ ...overlaps, hd: surface.hd }, c.sitk, 5);
    // Where a mask is empty MONAI gives NaN or infinity by which of the two it is; the share within tolerance is 0.
    if (!c.scipy) expect(surface.nsd).toEqual(figureOf(c.monai.nsd));
  });

  it('falls into as many components as SciPy and SimpleITK say', () => {
    expect(components(predicted, c.shape, 'faces').count).toBe(c.faces);
    expect(components(predicted, c.shape, 'full').count).toBe(c.full);
    expect(c.sitkFull).toBe(c.full);
    expect(lesionCounts(predicted, truth, c.shape)).toEqual(c.lesions);
  });
});

describe.each(expected.classes.map((c, k) => ({ ...c, k })))('classes $k', (c) => {
  const [images = 0] = c.shape;
  const area = c.predicted.length / images;
  const perClass = Array.from({ length: images }, (_, i) => {
    const p = digits(c.predicted.slice(i * area, (i + 1) * area));
    const t = digits(c.truth.slice(i * area, (i + 1) * area));
    return Array.from({ length: c.classes }, (_, k) =>
      confusion(
        p.map((v) => Number(v === k)),
        t.map((v) => Number(v === k)),
      ),
    );
  });
  const means = (rule: AbsentRule) => {
    const rows = perClass.map((row) => meanOverlap(row.map((counts) => overlap(counts, rule))));
    const pooled = Array.from({ length: c.classes }, (_, k) =>
      perClass.map((row) => row[k] ?? noCounts).reduce(addCounts),
    );
    return {
      ...meanOverlap(rows),
      iouPooled: meanOf(pooled.map((counts) => overlap(counts, rule).iou)),
      accuracy: meanOf(perClass.map((row) => row.reduce((sum, { tp }) => sum + tp, 0) / area)),
    };
  };

  it('are averaged as scikit-learn and MONAI do', () => {
    same(means('leave-out'), c.leaveOut);
    // MONAI counts in float32.
    same(means('leave-out-truth'), c.leaveOutTruth, 5);
    same(means('one'), c.one, 5);
  });
});

it.each(expected.instances.map((c, k) => ({ ...c, k })))('objects $k match as SciPy and MONAI say', (c) => {
  const matches = matchInstances(digits(c.predicted), digits(c.truth));
  for (const [k, threshold] of instanceThresholds.entries()) {
    same({ ap: averagePrecision(matches, threshold) }, { ap: c.ap[k] as Recorded });
  }
  if (c.pq !== null) same({ pq: panopticQuality([matches]).pq }, { pq: c.pq }, 5);
});

it('calibration is off by as much as NumPy and MONAI say', () => {
  const { probability, truth, ece, classwise, monai } = expected.calibration;
  const decision = new Calibration();
  const one = new Calibration();
  for (const [k, p] of probability.entries()) {
    const yes = truth[k] === '1';
    decision.add(Math.max(p, 1 - p), p > 0.5 === yes);
    one.add(p, yes);
  }
  expect(decision.error()).toBeCloseTo(ece, 6);
  expect(one.error()).toBeCloseTo(classwise, 6);
  expect(one.error()).toBeCloseTo(monai, 5);
});

it('an interval is that of scipy.stats.bootstrap, but for chance', () => {
  const { values, low, high, error } = expected.bootstrap;
  const found = bootstrapMean(values, { resamples: 20_000 });
  expect(Math.abs((found?.[0] ?? 0) - low)).toBeLessThan(error / 20);
  expect(Math.abs((found?.[1] ?? 0) - high)).toBeLessThan(error / 20);
});
