import { components } from './metrics/components.js';
import type { Region } from './metrics/grid.js';
import {
  averagePrecision,
  type InstanceMatches,
  matchInstances,
  meanAveragePrecision,
  panopticQuality,
} from './metrics/instances.js';
import { type LesionCounts, lesionCounts, lesionF1 } from './metrics/lesions.js';
import type { AbsentRule } from './metrics/overlap.js';
import { meanOf } from './metrics/statistics.js';
import { diagonal, type SurfaceDistances, surfaceDistances } from './metrics/surface.js';

/** Which measures of shapes and objects are wanted. */
export interface ObjectOptions {
  readonly surface?: { readonly tolerance: number };
  readonly lesions?: boolean;
  readonly instances?: boolean;
}

/** Of one class in one image. */
export interface ObjectCase {
  readonly surface?: SurfaceDistances & { readonly diagonal: number; readonly unit: 'mm' | 'px' };
  readonly lesions?: LesionCounts;
  readonly instances?: InstanceMatches;
}

/** Means over images, then over classes but the background. */
export interface ObjectMeasures {
  /** In millimetres where the images have a spacing, else in pixels. */
  readonly surface?: {
    readonly hd95: number;
    readonly assd: number;
    readonly nsd: number;
    readonly tolerance: number;
    /** `mm` where every image has a spacing. */
    readonly unit: 'mm' | 'px';
    /** Cases in which one of the two masks was empty: their distances count as the image's diagonal. */
    readonly missed: number;
  };
  readonly lesions?: { readonly f1: number; readonly tp: number; readonly fp: number; readonly fn: number };
  readonly instances?: {
    /** Mean over thresholds 0.5, 0.55, ..., 0.95. */
    readonly ap: number;
    readonly ap50: number;
    readonly ap75: number;
    readonly pq: number;
    readonly sq: number;
    readonly rq: number;
  };
}

/**
 * Shapes and objects of one class in one image.
 * @param truth above 0.5 is the class; below 0 is left out: background on both sides
 */
export function objectCase(
  predicted: Region,
  truth: Float32Array,
  options: ObjectOptions & { readonly shape: readonly number[]; readonly spacing: readonly number[] | undefined },
): ObjectCase {
  const { shape, spacing, surface, lesions, instances } = options;
  const real = new Uint8Array(truth.length);
  const found = new Uint8Array(truth.length);
  for (let k = 0; k < truth.length; k++) {
    const t = truth[k] as number;
    if (t > 0.5) real[k] = 1;
    if (t >= 0 && predicted[k]) found[k] = 1;
  }
  const objects = (mask: Region): Int32Array => components(mask, shape, 'faces').labels;
  return {
    ...(surface
      ? {
          surface: {
            ...surfaceDistances(found, real, { shape, ...(spacing ? { spacing } : {}), tolerance: surface.tolerance }),
            diagonal: diagonal(shape, spacing),
            unit: spacing ? ('mm' as const) : ('px' as const),
          },
        }
      : {}),
    ...(lesions ? { lesions: lesionCounts(found, real, shape) } : {}),
    ...(instances ? { instances: matchInstances(objects(found), objects(real)) } : {}),
  };
}

/** The value of a measure in an image that has nothing to measure. */
const nothing = (rule: AbsentRule, best: number, worst: number): number =>
  rule === 'one' ? best : rule === 'zero' ? worst : Number.NaN;

/** @param classes of each class its cases, an image each */
export function summarizeObjects(
  classes: readonly (readonly ObjectCase[])[],
  rule: AbsentRule,
  options: ObjectOptions,
): ObjectMeasures {
  const mean = (of: (one: ObjectCase) => number): number => meanOf(classes.map((cases) => meanOf(cases.map(of))));
  return {
    ...(options.surface ? { surface: surfaceOf(classes, mean, rule, options.surface.tolerance) } : {}),
    ...(options.lesions ? { lesions: lesionsOf(classes, mean, rule) } : {}),
    ...(options.instances ? { instances: instancesOf(classes, mean, rule) } : {}),
  };
}

type Mean = (of: (one: ObjectCase) => number) => number;

/** A distance, where one mask is empty the image's diagonal; for two empty masks what the rule says. */
function distanceOf({ surface }: ObjectCase, key: 'hd95' | 'assd', rule: AbsentRule): number {
  if (!surface) return Number.NaN;
  if (Number.isNaN(surface[key])) return nothing(rule, 0, surface.diagonal);
  return Number.isFinite(surface[key]) ? surface[key] : surface.diagonal;
}

const surfaceOf = (
  classes: readonly (readonly ObjectCase[])[],
  mean: Mean,
  rule: AbsentRule,
  tolerance: number,
): NonNullable<ObjectMeasures['surface']> => ({
  hd95: mean((one) => distanceOf(one, 'hd95', rule)),
  assd: mean((one) => distanceOf(one, 'assd', rule)),
  nsd: mean(({ surface }) => or(surface?.nsd, nothing(rule, 1, 0))),
  tolerance,
  unit: classes.flat().every(({ surface }) => surface?.unit === 'mm') ? 'mm' : 'px',
  missed: classes.flat().filter(({ surface }) => surface?.hd === Number.POSITIVE_INFINITY).length,
});

function lesionsOf(
  classes: readonly (readonly ObjectCase[])[],
  mean: Mean,
  rule: AbsentRule,
): NonNullable<ObjectMeasures['lesions']> {
  const total = (key: keyof LesionCounts): number =>
    classes.flat().reduce((sum, { lesions }) => sum + (lesions?.[key] ?? 0), 0);
  return {
    f1: mean(({ lesions }) => or(lesions && lesionF1(lesions), nothing(rule, 1, 0))),
    tp: total('tp'),
    fp: total('fp'),
    fn: total('fn'),
  };
}

function instancesOf(
  classes: readonly (readonly ObjectCase[])[],
  mean: Mean,
  rule: AbsentRule,
): NonNullable<ObjectMeasures['instances']> {
  const of = (measure: (matches: InstanceMatches) => number): number =>
    mean(({ instances }) => or(instances && measure(instances), nothing(rule, 1, 0)));
  const panoptic = classes.map((cases) => panopticQuality(cases.flatMap((c) => (c.instances ? [c.instances] : []))));
  return {
    ap: of(meanAveragePrecision),
    ap50: of((matches) => averagePrecision(matches, 0.5)),
    ap75: of((matches) => averagePrecision(matches, 0.75)),
    pq: meanOf(panoptic.map((p) => p.pq)),
    sq: meanOf(panoptic.map((p) => p.sq)),
    rq: meanOf(panoptic.map((p) => p.rq)),
  };
}

const or = (value: number | undefined, otherwise: number): number =>
  value === undefined || Number.isNaN(value) ? otherwise : value;
