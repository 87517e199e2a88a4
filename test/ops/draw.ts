import fc from 'fast-check';
import { type Float64Tensor, tensor } from '../../testing/reference/index.js';

/** Draws what a random case of an operator is made of. */
export interface Draw {
  int(least: number, most: number): number;
  pick<T>(...choices: readonly T[]): T;
  ints(count: number, least: number, most: number): number[];
  /**
   * Numbers within -2..2 that lie at least 0.004 apart in the whole case and at least 0.002 from every multiple of 0.01:
   * no ties, and no kink within reach of a finite difference.
   */
  tensor(shape: readonly number[]): Float64Tensor;
  /** As `tensor`, but within 0.25..2.25. */
  positive(shape: readonly number[]): Float64Tensor;
}

const spacing = 0.004;
const poolSize = 1000;

type Generate = Parameters<Parameters<ReturnType<typeof fc.gen>['map']>[0]>[0];

export function drawFrom(g: Generate): Draw {
  const int = (min: number, max: number): number => g(fc.integer, { min, max });
  let state = int(0, 0x7fffffff);
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  // Grid points halfway between multiples of the spacing, shuffled.
  const pool = Array.from({ length: poolSize }, (_, k) => (k - poolSize / 2 + 0.5) * spacing);
  for (let i = pool.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [pool[i], pool[j]] = [pool[j]!, pool[i]!];
  }
  const next = (): number => {
    const value = pool.pop();
    if (value === undefined) throw new Error('a case is too large');
    return value;
  };
  const fill = (shape: readonly number[], value: () => number): Float64Tensor =>
    tensor(shape, Array.from({ length: shape.reduce((a, b) => a * b, 1) }, value));
  return {
    int,
    pick: (...choices) => choices[int(0, choices.length - 1)]!,
    ints: (count, least, most) => Array.from({ length: count }, () => int(least, most)),
    tensor: (shape) => fill(shape, next),
    positive: (shape) => fill(shape, () => 1.25 + next() / 2),
  };
}
