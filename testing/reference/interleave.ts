import { type Float64Tensor, forEachIndex, stridesOf, zeros } from './tensor.js';

/** Element s h + p of each dimension is element h of the image of phase p. */
export function interleave(images: readonly Float64Tensor[], scale: readonly number[]): Float64Tensor {
  const [n, c, ...space] = images[0]!.shape;
  const strides = stridesOf(images[0]!.shape);
  const y = zeros([n!, c!, ...space.map((size, i) => size * scale[i]!)]);
  forEachIndex(y.shape, ([a, b, ...at], flat) => {
    const phase = at.reduce((p, index, i) => p * scale[i]! + (index % scale[i]!), 0);
    const inner = at.reduce((sum, index, i) => sum + Math.floor(index / scale[i]!) * strides[i + 2]!, 0);
    y.data[flat] = images[phase]!.data[a! * strides[0]! + b! * strides[1]! + inner]!;
  });
  return y;
}
