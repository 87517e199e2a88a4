import { type Float64Tensor, forEachIndex, stridesOf, zeros } from './tensor.js';

/** Visits the flat indices of each weight and of each element of the kernel that it is a term of. */
function forEachTerm(
  w: readonly number[],
  kernel: readonly number[],
  scale: readonly number[],
  visit: (w: number, kernel: number) => void,
): void {
  const strides = stridesOf(w);
  forEachIndex(kernel, ([i, o, ...at], flat) => {
    // Along each dimension, tap u of the kernel sums w[t] for t from k - 1 - u on, as many as the scale.
    const first = at.map((u, d) => w[d + 2]! - 1 - u);
    forEachIndex(scale, (step) => {
      const taps = first.map((t, d) => t + step[d]!);
      if (taps.some((t, d) => t < 0 || t >= w[d + 2]!)) return;
      visit(
        [o!, i!, ...taps].reduce((sum, index, d) => sum + index * strides[d]!, 0),
        flat,
      );
    });
  });
}

export function upsampleKernel(w: Float64Tensor, scale: readonly number[]): Float64Tensor {
  const [o, i, ...taps] = w.shape;
  const kernel = zeros([i!, o!, ...taps.map((k, d) => k + scale[d]! - 1)]);
  forEachTerm(w.shape, kernel.shape, scale, (from, to) => {
    kernel.data[to]! += w.data[from]!;
  });
  return kernel;
}

export function upsampleKernelGrad(kernel: Float64Tensor, scale: readonly number[]): Float64Tensor {
  const [i, o, ...taps] = kernel.shape;
  const w = zeros([o!, i!, ...taps.map((k, d) => k - scale[d]! + 1)]);
  forEachTerm(w.shape, kernel.shape, scale, (to, from) => {
    w.data[to]! += kernel.data[from]!;
  });
  return w;
}
