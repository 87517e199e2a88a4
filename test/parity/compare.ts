import { expect } from 'vitest';
import type { ArenaSlot } from '../../compiler/3-transform/training-plan.js';

export const norm = (x: ArrayLike<number>): number => Math.hypot(...Array.from(x));

const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.hypot(...Array.from(a, (value, k) => value - (b[k] ?? Number.NaN)));

/**
 * Every parameter's gradient, each by its own norm: a small layer may not hide behind a large one. Where the true
 * gradient is 0 (a bias before batch norm) what is left is rounding, measured against the whole gradient.
 */
export function expectGradients(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  slots: readonly ArenaSlot[],
  tolerance: number,
): void {
  expect(actual.length).toBe(expected.length);
  const whole = norm(expected);
  const wrong = slots.flatMap(({ path, offset, length }) => {
    const [a, b] = [actual, expected].map((x) => Array.prototype.slice.call(x, offset, offset + length) as number[]);
    const off = distance(a!, b!);
    return off <= tolerance * (norm(b!) + 0.01 * whole) ? [] : [`${path}: off by ${off} of ${norm(b!)}`];
  });
  expect(wrong).toEqual([]);
}

/** Relative distance of two vectors. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  expect(distance(actual, expected) / Math.max(norm(expected), 1e-12)).toBeLessThanOrEqual(tolerance);
}
