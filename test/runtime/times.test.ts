import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { savingOf, timeRatio, timing } from '../../runtime/evaluation/times.js';

describe('times', () => {
  it('are told by the median and the middle half', () => {
    expect(timing([5, 1, 3, 2, 4])).toEqual({ milliseconds: 3, millisecondsSpread: [2, 4] });
  });

  it('compare by pairs, so that a machine that slows down for a while changes nothing', () => {
    const slow = fc.array(fc.double({ min: 0.5, max: 20, noNaN: true }), { minLength: 5, maxLength: 30 });
    fc.assert(
      fc.property(slow, fc.double({ min: 0.05, max: 0.9, noNaN: true }), (full, share) => {
        const level = full.map((t) => t * share);
        expect(timeRatio(level, full).ratio).toBeCloseTo(share, 9);
        expect(savingOf(timeRatio(level, full))).toBeCloseTo(1 - share, 9);
      }),
    );
  });

  it.each([
    ['too few', [1, 1, 1, 1], [2, 2, 2, 2]],
    ['a spread larger than the difference', [1, 9, 1, 9, 1, 9], [4, 4, 4, 4, 4, 4]],
    ['no difference', [4, 4.1, 3.9, 4, 4.2], [4, 4, 4, 4, 4]],
  ])('say nothing with %s', (_, times, full) => {
    expect(timeRatio(times, full).told).toBe(false);
    expect(savingOf(timeRatio(times, full))).toBeNull();
  });

  it('of a thing against itself are the same', () => {
    const times = [3, 4];
    expect(savingOf(timeRatio(times, times))).toBe(0);
  });
});
