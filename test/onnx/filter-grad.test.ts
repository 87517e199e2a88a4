import { expect, test } from 'vitest';
import { arrangement, byFlatShifts, canShift } from '../../compiler/5-emit/onnx/lowerings/filter-grad-shifts.js';
import { expectFilterGradients } from './any-filter-grad.js';

test('every arrangement of a filter gradient computes the same', () =>
  expectFilterGradients(1, (d, window) => {
    const chosen = { onX: window.kernel.map(() => d.pick(true, false)), folded: d.pick(true, false) };
    if (!canShift(window)) return null;
    return { chosen, write: (to, shape) => byFlatShifts(to, shape, window, chosen) };
  }));

test('copies the side that makes the fewest rows', () => {
  expect(arrangement([4, 3, 128, 128], 16, [3, 3])).toEqual({ onX: [true, true], folded: false });
  expect(arrangement([4, 96, 128, 128], 16, [3, 3])).toEqual({ onX: [false, false], folded: false });
  expect(new Set(arrangement([4, 16, 128, 128], 16, [3, 3]).onX)).toEqual(new Set([true, false]));
  expect(arrangement([4, 256, 8, 8], 256, [3, 3]).folded).toBe(true);
  expect(arrangement([1, 256, 8, 8], 256, [3, 3]).folded).toBe(false);
});
