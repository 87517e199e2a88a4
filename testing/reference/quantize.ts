import type { Attrs } from '../../compiler/ir/graph.js';
import { numberAttr } from '../../compiler/ops/attrs.js';
import { activationLevels } from '../../compiler/ops/quantize.js';
import { map } from './elementwise.js';
import type { Float64Tensor } from './tensor.js';

/** The nearest integer, ties to even. */
export function halfToEven(x: number): number {
  const below = Math.floor(x);
  const over = x - below;
  if (over !== 0.5) return over < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

export function fakeQuantize(attrs: Attrs, x: Float64Tensor): Float64Tensor {
  const scale = numberAttr(attrs, 'scale');
  const zero = numberAttr(attrs, 'zero');
  const { low, high } = activationLevels;
  const level = (v: number): number => Math.min(Math.max(halfToEven(v / scale) + zero, low), high);
  return map(x, (v) => (level(v) - zero) * scale);
}

export function dequantize(q: Float64Tensor, scale: Float64Tensor): Float64Tensor {
  const perChannel = q.data.length / scale.data.length;
  return { shape: q.shape, data: q.data.map((v, i) => v * scale.data[Math.floor(i / perChannel)]!) };
}
