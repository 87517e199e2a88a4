import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  brokenBy,
  describeRules,
  isValidSize,
  nearestSizes,
  nextValid,
  sizeRules,
} from '../../compiler/2-infer/sizes.js';
import { num, over, plus, sym, times } from '../../compiler/ir/dim.js';
import type { Constraint } from '../../compiler/ir/graph.js';
import { nowhere } from '../../grammar/diagnostic.js';
import { cases } from '../cases.js';

const origin = { path: 'X[1,0].maxpool', span: nowhere };

/** A network that is nothing but an input and its constraints. */
const rulesFor = (constraints: readonly Constraint[]) =>
  sizeRules({
    constraints,
    graph: {
      inputs: [
        { name: 'x', value: { id: 0, type: { dtype: 'f32', shape: [sym('N'), num(1), sym('H'), sym('W')] }, origin } },
      ],
      params: [],
      nodes: [],
      outputs: [],
    },
  });

const H = sym('H');

describe('size rules', () => {
  it('derives multiples from a chain of pools', () => {
    const chain = [1, 2, 4, 8].map((d) => ({ dim: over(H, d), divisor: 2, origin }));
    const rule = rulesFor(chain).H!;
    expect(rule.modulus).toBe(16);
    expect(rule.residues).toEqual([0]);
    expect(nearestSizes(rule, 250)).toEqual([240, 256]);
    expect(nearestSizes(rule, 3)).toEqual([16]);
    expect(isValidSize(rule, 0)).toBe(false);
    expect(brokenBy(rule, 250)?.dim).toEqual(over(H, 2));
    expect(describeRules({ H: rule, W: { ...rule, symbol: 'W' } })).toBe('H and W: multiples of 16');
  });

  it('derives the sizes of the U-Net without padding (Ronneberger et al., 2015: 572 is one)', () => {
    const constraints: Constraint[] = [];
    let d = H;
    for (let level = 0; level < 4; level++) {
      d = plus(d, -4);
      constraints.push({ dim: d, divisor: 2, least: 2, origin });
      d = over(d, 2);
    }
    const rule = rulesFor(constraints).H!;
    expect(isValidSize(rule, 572)).toBe(true);
    expect(isValidSize(rule, 576)).toBe(false);
    expect(describeRules({ H: rule })).toBe(`H: 16k + 12, at least ${nextValid(rule, 1)}`);
  });

  it('accepts exactly the sizes that meet every constraint', () => {
    const constraint = fc.record({
      scale: fc.integer({ min: 1, max: 3 }),
      offset: fc.integer({ min: -6, max: 6 }),
      down: fc.constantFrom(1, 2, 4),
      divisor: fc.option(fc.constantFrom(2, 3, 4), { nil: undefined }),
      least: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(constraint, { maxLength: 4 }), fc.integer({ min: 1, max: 200 }), (specs, n) => {
        const rule = rulesFor(
          specs.map((s) => ({
            dim: over(plus(times(H, s.scale), s.offset), s.down),
            divisor: s.divisor,
            least: s.least,
            origin,
          })),
        ).H!;
        const truth = specs.every((s) => {
          const value = (s.scale * n + s.offset) / s.down;
          return Number.isInteger(value) && value >= (s.least ?? 1) && value % (s.divisor ?? 1) === 0;
        });
        expect(isValidSize(rule, n)).toBe(truth);
        const near = nearestSizes(rule, n);
        expect(near.every((k) => isValidSize(rule, k))).toBe(true);
        const next = nextValid(rule, n);
        if (truth) expect(next).toBe(n);
      }),
      cases(1000),
    );
  });

  it('is exact whatever the modulus: chains and branches of large pools', () => {
    const pool = fc.integer({ min: 1, max: 1000 });
    const chains = fc.array(fc.array(pool, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(chains, fc.integer({ min: 0, max: 3 }), fc.nat(), (branches, trim, shift) => {
        const constraints = branches.flatMap((chain) => {
          let d = plus(H, -trim);
          return chain.map((k) => {
            const constraint = { dim: d, divisor: k, least: k, origin };
            d = over(d, k);
            return constraint;
          });
        });
        const rule = rulesFor(constraints).H!;
        const product = branches.map((chain) => chain.reduce((a, b) => a * b, 1));
        const lcm = product.reduce((a, b) => {
          const gcd = (p: bigint, q: bigint): bigint => (q === 0n ? p : gcd(q, p % q));
          return (a * BigInt(b)) / gcd(a, BigInt(b));
        }, 1n);
        const valid = (n: number): boolean => brokenBy(rule, n) === undefined;
        if (lcm > BigInt(Number.MAX_SAFE_INTEGER) / 4n) return;
        const n = Number(lcm) + trim;
        expect(isValidSize(rule, n)).toBe(true);
        expect(valid(n)).toBe(true);
        const m = n + (shift % 1000);
        expect(isValidSize(rule, m)).toBe(valid(m));
        const next = nextValid(rule, m) as number;
        expect(valid(next)).toBe(true);
        expect(next - m).toBeLessThan(Number(lcm));
        for (const k of nearestSizes(rule, m)) expect(valid(k)).toBe(true);
      }),
    );
  });

  it('has no size where conditions contradict each other, or none is a number', () => {
    const odd = { dim: plus(H, -1), divisor: 2, origin };
    const even = { dim: H, divisor: 4, origin };
    const none = rulesFor([odd, even]).H!;
    expect(describeRules({ H: none })).toBe('H: no size is valid');
    expect(nearestSizes(none, 100)).toEqual([]);
    const primes = [999983, 999979, 999961, 999959].map((divisor) => ({ dim: H, divisor, origin }));
    expect(nearestSizes(rulesFor(primes).H!, 100)).toEqual([]);
  });
});
