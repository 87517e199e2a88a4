import type { Attrs } from '../../compiler/ir/graph.js';
import { resolveWindow } from '../../compiler/ops/spatial.js';
import { type Float64Tensor, planesOf, zeros } from './tensor.js';
import { slideSize, type Taps, tapsOf, windowArea } from './window.js';

/** A pooled tensor of zeros, the list of taps, and the number of elements in a window. */
function pooled(attrs: Attrs, shape: readonly number[]): { y: Float64Tensor; taps: Taps; area: number } {
  const [n, c, ...space] = shape;
  const window = resolveWindow(attrs, space.length);
  const out = slideSize(space, window);
  return { y: zeros([n!, c!, ...out]), taps: tapsOf(space, out, window), area: windowArea(window) };
}

/** Visits the offsets of every plane of x and y. */
function forEachPlane(x: readonly number[], y: readonly number[], visit: (x: number, y: number) => void): void {
  const { batch, channels, area } = planesOf(x);
  for (let p = 0; p < batch * channels; p++) visit(p * area, p * planesOf(y).area);
}

export function maxpool(attrs: Attrs, x: Float64Tensor): Float64Tensor {
  const { y, taps } = pooled(attrs, x.shape);
  y.data.fill(Number.NEGATIVE_INFINITY);
  forEachPlane(x.shape, y.shape, (xAt, yAt) => {
    for (let t = 0; t < taps.in.length; t++) {
      const out = yAt + taps.out[t]!;
      y.data[out] = Math.max(y.data[out]!, x.data[xAt + taps.in[t]!]!);
    }
  });
  return y;
}

export function maxpoolGrad(attrs: Attrs, x: Float64Tensor, y: Float64Tensor, dy: Float64Tensor): Float64Tensor {
  const { taps } = pooled(attrs, x.shape);
  const dx = zeros(x.shape);
  forEachPlane(x.shape, y.shape, (xAt, yAt) => {
    let given = -1;
    for (let t = 0; t < taps.in.length; t++) {
      const out = taps.out[t]!;
      // Taps of a window are together and in row-major order: the first that equals the maximum gets it all.
      if (out === given || x.data[xAt + taps.in[t]!] !== y.data[yAt + out]) continue;
      dx.data[xAt + taps.in[t]!]! += dy.data[yAt + out]!;
      given = out;
    }
  });
  return dx;
}

export function avgpool(attrs: Attrs, x: Float64Tensor): Float64Tensor {
  const { y, taps, area } = pooled(attrs, x.shape);
  forEachPlane(x.shape, y.shape, (xAt, yAt) => {
    for (let t = 0; t < taps.in.length; t++) {
      y.data[yAt + taps.out[t]!]! += x.data[xAt + taps.in[t]!]! / area;
    }
  });
  return y;
}

export function avgpoolGrad(attrs: Attrs, dy: Float64Tensor, shape: readonly number[]): Float64Tensor {
  const { taps, area } = pooled(attrs, shape);
  const dx = zeros(shape);
  forEachPlane(shape, dy.shape, (xAt, yAt) => {
    for (let t = 0; t < taps.in.length; t++) {
      dx.data[xAt + taps.in[t]!]! += dy.data[yAt + taps.out[t]!]! / area;
    }
  });
  return dx;
}
