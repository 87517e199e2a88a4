import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ReceptiveAxis, readThrough, type Span } from '../../compiler/4-schedule/receptive-axis.js';
import { cases } from '../cases.js';

const span = fc.option(
  fc.record({ from: fc.integer({ min: -9, max: 9 }), length: fc.nat(9) }).map(({ from, length }) => ({
    from,
    to: from + length,
  })),
);
const axis = fc.record({
  spans: fc.array(span, { minLength: 1, maxLength: 6 }),
  shift: fc.integer({ min: 1, max: 5 }),
  longest: fc.constant(1 << 16),
});

/** What one element sees, by the definition of an axis. */
function at({ spans, shift }: ReceptiveAxis, p: number): Span | null {
  const times = Math.floor(p / spans.length);
  const found = spans[p - times * spans.length] ?? null;
  return found && { from: found.from + times * shift, to: found.to + times * shift };
}

test('a window sees what its elements see, one by one', () => {
  const window = fc.record({
    stride: fc.integer({ min: 1, max: 4 }),
    step: fc.integer({ min: 1, max: 7 }),
    begin: fc.integer({ min: -8, max: 8 }),
    length: fc.nat(40),
  });
  fc.assert(
    fc.property(axis, window, fc.integer({ min: -20, max: 20 }), (x, { stride, step, begin, length }, p) => {
      const reads = (q: number) => ({ first: stride * q - begin, length });
      const found = at(readThrough(x, { grow: 1, shrink: stride }, reads, step) as ReceptiveAxis, p);
      const seen = Array.from({ length }, (_, t) => at(x, stride * p - begin + step * t)).filter((s) => s !== null);
      const hull = { from: Math.min(...seen.map((s) => s.from)), to: Math.max(...seen.map((s) => s.to)) };
      expect(found).toEqual(seen.length === 0 ? null : hull);
    }),
    cases(500),
  );
});
