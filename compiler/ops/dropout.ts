import { say } from '../../grammar/say.js';
import { num } from '../ir/dim.js';
import type { Attrs } from '../ir/graph.js';
import { listAttr, numberAttr } from './attrs.js';
import type { Op } from './op.js';
import { refuse } from './refusal.js';

/** Srivastava et al., 2014. At inference the identity; a training graph has a product with `dropout_mask` instead. */
export const dropout: Op = {
  doc: 'In training sets elements to 0 at random and scales the others up to keep the mean; else the identity.',
  language: {
    tensors: 'one',
    args: [{ name: 'rate', type: 'float', default: 0.5, least: 0, doc: 'Share of elements dropped; below 1.' }],
  },
  infer(attrs, inputs) {
    const rate = numberAttr(attrs, 'rate');
    if (rate < 0 || rate >= 1) {
      return refuse(say.badArgument.rate({ rate }), ['use a rate from 0 to below 1']);
    }
    return { outputs: [inputs[0]!] };
  },
};

/**
 * The hash behind `dropout_mask`: stateless, so that any engine draws the same mask. With P = 2^31 - 1 prime, `mod` never
 * negative, and element i counted in row-major order:
 *
 *     k = mod(seed, P)        a = mod(k * A + saltKey, P)     b = mod(a * a + k, P)
 *     x = mod(i * A + b, P)   y = mod(x * x + a, P)           z = mod(y * y + x, P)
 *
 * The element is dropped where z < floor(rate * P). `saltKey = mod(salt * A + C, P)` is a number at compile time. Squares keep
 * neighbours from following each other as they would in a linear generator. Nothing passes 2^62, so int64 holds it all.
 */
export const dropoutHash = { modulus: 2147483647, multiplier: 48271, increment: 11400714 } as const;

/** The attributes of a mask as its hash uses them: `threshold` is floor(rate * P), `keep` what a kept element is worth. */
export function dropoutKey(attrs: Attrs): { saltKey: number; threshold: number; keep: number } {
  const { modulus, multiplier, increment } = dropoutHash;
  const rate = numberAttr(attrs, 'rate');
  const salt = BigInt(numberAttr(attrs, 'salt')) * BigInt(multiplier) + BigInt(increment);
  const saltKey = Number(((salt % BigInt(modulus)) + BigInt(modulus)) % BigInt(modulus));
  return { saltKey, threshold: Math.floor(rate * modulus), keep: 1 / (1 - rate) };
}

export const dropoutMask: Op = {
  doc: 'Dropout mask: (seed i64 []) -> 0 where dropped, 1 / (1 - rate) where kept, from a hash of seed, `salt` and index.',
  infer: (attrs) => ({ outputs: [{ dtype: 'f32', shape: listAttr(attrs, 'shape').map(num) }] }),
  gradient: () => [null],
};
