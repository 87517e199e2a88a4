import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { num, over, type Shape, sameDim, sym } from '../../compiler/ir/dim.js';
import { oddOneOut } from '../../compiler/ops/refusal.js';
import { cases } from '../cases.js';

const agree = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((d, k) => sameDim(d, b[k]!) || sameDim(d, num(1)) || sameDim(b[k]!, num(1)));

/** As it is defined: every input against every other. */
function pairwise(shapes: readonly Shape[]): { odd: number; against: number } | null {
  let odd = -1;
  let fewest = shapes.length;
  shapes.forEach((shape, i) => {
    const friends = shapes.filter((other, j) => j !== i && agree(shape, other)).length;
    if (friends < shapes.length - 1 && friends <= fewest) [odd, fewest] = [i, friends];
  });
  return odd < 0 ? null : { odd, against: shapes.findIndex((o, j) => j !== odd && !agree(shapes[odd]!, o)) };
}

const dim = fc.constantFrom(num(1), num(2), num(8), sym('H'), over(sym('H'), 2), sym('W'));

describe('oddOneOut', () => {
  it('is what comparing every input with every other finds', () => {
    fc.assert(
      fc.property(fc.array(fc.array(dim, { minLength: 1, maxLength: 3 }), { maxLength: 8 }), (shapes) => {
        expect(oddOneOut(shapes, agree)).toEqual(pairwise(shapes));
      }),
      cases(500),
    );
  });

  it('compares each two kinds of shapes once, however many inputs have them', () => {
    const shapes = Array.from({ length: 9000 }, (_, k) => [num(k % 3 === 0 ? 1 : 8), sym('H')]);
    let asked = 0;
    const counting = (a: Shape, b: Shape): boolean => {
      asked++;
      return agree(a, b);
    };
    expect(oddOneOut(shapes, counting)).toBeNull();
    expect(asked).toBeLessThan(20);
  });
});
