import fc from 'fast-check';
import { expect, it } from 'vitest';
import { alignment, placeBuffers } from '../../compiler/4-schedule/arena.js';
import type { Interval } from '../../compiler/4-schedule/liveness.js';
import { peakOf } from '../../compiler/4-schedule/order.js';
import { num } from '../../compiler/ir/dim.js';
import { nowhere } from '../../grammar/diagnostic.js';
import { cases } from '../cases.js';

const intervals = fc
  .array(fc.record({ from: fc.nat(30), length: fc.nat(10), elements: fc.integer({ min: 1, max: 5000 }) }), {
    maxLength: 40,
  })
  .map((list) =>
    list.map(
      ({ from, length, elements }, id): Interval => ({
        value: { id, type: { dtype: 'f32', shape: [num(elements)] }, origin: { path: `v${id}`, span: nowhere } },
        from,
        to: from + length,
      }),
    ),
  );

it('never overlaps two buffers that are alive at once, and needs no less than the peak', () => {
  fc.assert(
    fc.property(intervals, (list) => {
      const { buffers, arenaBytes } = placeBuffers(list);
      expect(buffers).toHaveLength(list.length);
      for (const [k, a] of buffers.entries()) {
        expect(a.offset % alignment).toBe(0);
        expect(a.offset + a.bytes).toBeLessThanOrEqual(arenaBytes);
        for (const b of buffers.slice(k + 1)) {
          if (a.from > b.to || b.from > a.to) continue;
          expect(a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset).toBe(true);
        }
      }
      expect(arenaBytes).toBeGreaterThanOrEqual(peakOf(list, 42));
    }),
    cases(1000),
  );
});
