import type { Attrs } from '../../compiler/ir/graph.js';
import { dropoutHash, dropoutKey } from '../../compiler/ops/dropout.js';
import { type Float64Tensor, forEachIndex, sizeOf, stridesOf, zeros } from './tensor.js';

export function concat(inputs: readonly Float64Tensor[], axis: number): Float64Tensor {
  const first = inputs[0]!.shape;
  const total = inputs.reduce((sum, t) => sum + t.shape[axis]!, 0);
  const out = zeros(first.with(axis, total));
  const inner = sizeOf(first.slice(axis + 1));
  const outer = sizeOf(first.slice(0, axis));
  let start = 0;
  for (const { shape, data } of inputs) {
    const run = shape[axis]! * inner;
    for (let o = 0; o < outer; o++) out.data.set(data.subarray(o * run, (o + 1) * run), o * total * inner + start);
    start += run;
  }
  return out;
}

export function slice(x: Float64Tensor, axis: number, start: number, length: number): Float64Tensor {
  const begin = x.shape.map((_, i) => (i === axis ? start : 0));
  return shift(x, x.shape.with(axis, length), begin);
}

/** A tensor of `shape` whose element i is x's element i + `begin`, or 0 outside of x. */
export function shift(x: Float64Tensor, shape: readonly number[], begin: readonly number[]): Float64Tensor {
  const out = zeros(shape);
  const strides = stridesOf(x.shape);
  forEachIndex(shape, (index, flat) => {
    let at = 0;
    for (const [i, position] of index.entries()) {
      const from = position + begin[i]!;
      if (from < 0 || from >= x.shape[i]!) return;
      at += from * strides[i]!;
    }
    out.data[flat] = x.data[at]!;
  });
  return out;
}

/** The hash of compiler/ops/dropout.ts, to the letter. */
export function dropoutMask(attrs: Attrs, seed: number, shape: readonly number[]): Float64Tensor {
  const P = BigInt(dropoutHash.modulus);
  const A = BigInt(dropoutHash.multiplier);
  const { saltKey, threshold, keep } = dropoutKey(attrs);
  const mod = (value: bigint): bigint => ((value % P) + P) % P;
  const k = mod(BigInt(seed));
  const a = mod(k * A + BigInt(saltKey));
  const b = mod(a * a + k);
  const out = zeros(shape);
  for (let i = 0; i < out.data.length; i++) {
    const x = mod(BigInt(i) * A + b);
    const y = mod(x * x + a);
    const z = mod(y * y + x);
    out.data[i] = z < BigInt(threshold) ? 0 : keep;
  }
  return out;
}
