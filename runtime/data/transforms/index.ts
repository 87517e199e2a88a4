import { UserError } from '../../../compiler/user-error.js';
import type { Grid, SampleArray } from '../image.js';
import { applyCrop, type Crop, invertCrop } from './crop.js';
import { applyNormalize, invertNormalize, type Normalize } from './normalize.js';
import { applyOrient, invertOrient, type Orient } from './orient.js';
import { applyResample, invertResample, type Resample } from './resample.js';

export { type Crop, nonzeroCrop } from './crop.js';
export { type Normalize, standardized, windowed } from './normalize.js';
export { canonical, type Orient } from './orient.js';
export { type Resample, toSpacing } from './resample.js';
export { Blend, cropsOf, type Tiles, tiled } from './tiles.js';

/**
 * A change of a grid as a value: made once, of an image, and then applied to the image and its mask alike, stored as JSON,
 * and undone on what was predicted. The same for two and three dimensions.
 */
export type Transform = Orient | Resample | Crop | Normalize;

/** What a grid holds: values between which others lie, or labels. */
export type Content = 'image' | 'labels';

/**
 * Applies transforms in their order; labels are never mixed nor normalized. Spacing and orientation follow, so that a
 * sample keeps its place in space.
 */
export function apply(transforms: readonly Transform[], grid: Grid, what: Content): Grid {
  let out: Grid<SampleArray> = grid;
  for (const transform of transforms) out = applyOne(transform, out, what);
  return out;
}

function applyOne(transform: Transform, grid: Grid, what: Content): Grid {
  switch (transform.kind) {
    case 'orient':
      return applyOrient(grid, transform);
    case 'crop':
      return applyCrop(grid, transform);
    case 'resample':
      return applyResample(grid, transform, what);
    case 'normalize':
      return what === 'labels' ? grid : applyNormalize(grid, transform);
  }
}

/** What undoes the transforms, as far as it can be undone: samples outside a crop come back as 0, and detail lost stays lost. */
export const invert = (transforms: readonly Transform[]): Transform[] => [...transforms].reverse().map(invertOne);

function invertOne(transform: Transform): Transform {
  switch (transform.kind) {
    case 'orient':
      return invertOrient(transform);
    case 'crop':
      return invertCrop(transform);
    case 'resample':
      return invertResample(transform);
    case 'normalize':
      return invertNormalize(transform);
  }
}

/** Reads transforms that were stored. @throws UserError when they are none */
export function parseTransforms(value: unknown): Transform[] {
  if (Array.isArray(value) && value.every(isTransform)) return value;
  throw new UserError('transforms', 'the stored transforms are none', 'make the file anew');
}

function isTransform(value: unknown): value is Transform {
  if (typeof value !== 'object' || value === null) return false;
  const t = value as Record<string, unknown>;
  const list = (key: string, test: (item: unknown) => boolean): boolean => Array.isArray(t[key]) && t[key].every(test);
  const whole = (item: unknown): boolean => Number.isInteger(item);
  const length = (item: unknown): boolean => whole(item) && (item as number) > 0;
  const alike = (...keys: string[]): boolean => new Set(keys.map((key) => (t[key] as unknown[]).length)).size === 1;
  switch (t.kind) {
    case 'orient': {
      if (!list('axes', whole) || !list('flip', (item) => typeof item === 'boolean') || !alike('axes', 'flip'))
        return false;
      return [...(t.axes as number[])].sort((a, b) => a - b).every((axis, k) => axis === k);
    }
    case 'resample':
      return list('from', length) && list('to', length) && alike('from', 'to');
    case 'crop': {
      const lists = list('from', length) && list('shape', length) && list('start', whole);
      return lists && alike('from', 'shape', 'start') && (t.fill === 'reflect' || t.fill === 'zero');
    }
    case 'normalize': {
      const lists = list('gain', Number.isFinite) && list('bias', Number.isFinite);
      return lists && list('constant', (c) => c === null || Number.isFinite(c)) && alike('gain', 'bias', 'constant');
    }
    default:
      return false;
  }
}
