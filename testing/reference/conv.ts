import type { Attrs } from '../../compiler/ir/graph.js';
import { resolveTransposeWindow, resolveWindow, type Window } from '../../compiler/ops/spatial.js';
import { type Float64Tensor, planesOf, zeros } from './tensor.js';
import { slideSize, type Taps, tapsOf, windowArea } from './window.js';

/** Visits, for every image, the planes of x and y and the slice of w that connects them; all are offsets. */
function forEachPlane(
  xShape: readonly number[],
  yShape: readonly number[],
  groups: number,
  area: number,
  visit: (x: number, y: number, w: number) => void,
): void {
  const x = planesOf(xShape);
  const y = planesOf(yShape);
  const inner = x.channels / groups;
  const outer = y.channels / groups;
  for (let n = 0; n < x.batch; n++) {
    for (let o = 0; o < y.channels; o++) {
      const group = Math.floor(o / outer);
      for (let c = 0; c < inner; c++) {
        const xPlane = (n * x.channels + group * inner + c) * x.area;
        visit(xPlane, (n * y.channels + o) * y.area, (o * inner + c) * area);
      }
    }
  }
}

const groupsOf = (attrs: Attrs): number => Number(attrs.groups ?? 1);

function addBias(y: Float64Tensor, bias: Float64Tensor | undefined): Float64Tensor {
  if (bias === undefined) return y;
  const { channels, area } = planesOf(y.shape);
  return { shape: y.shape, data: y.data.map((v, i) => v + bias.data[Math.floor(i / area) % channels]!) };
}

/** y[n, o, p] = b[o] + sum over c and taps of w[o, c, k] x[n, c, p * stride + k * dilation - begin]. */
export function conv(attrs: Attrs, x: Float64Tensor, w: Float64Tensor, bias?: Float64Tensor): Float64Tensor {
  const [n, , ...space] = x.shape;
  const window = resolveWindow(attrs, space.length);
  const out = slideSize(space, window);
  const y = zeros([n!, w.shape[0]!, ...out]);
  const taps = tapsOf(space, out, window);
  forEachPlane(x.shape, y.shape, groupsOf(attrs), windowArea(window), (xAt, yAt, wAt) => {
    for (let t = 0; t < taps.in.length; t++) {
      y.data[yAt + taps.out[t]!]! += w.data[wAt + taps.tap[t]!]! * x.data[xAt + taps.in[t]!]!;
    }
  });
  return addBias(y, bias);
}

export function convInputGrad(attrs: Attrs, dy: Float64Tensor, w: Float64Tensor, shape: readonly number[]) {
  const window = resolveWindow(attrs, shape.length - 2);
  const dx = zeros(shape);
  const taps = tapsOf(shape.slice(2), dy.shape.slice(2), window);
  scatter(dx, dy, w, taps, groupsOf(attrs), window);
  return dx;
}

/** Adds to x what each element of y sends back through w. */
function scatter(x: Float64Tensor, y: Float64Tensor, w: Float64Tensor, taps: Taps, groups: number, window: Window) {
  forEachPlane(x.shape, y.shape, groups, windowArea(window), (xAt, yAt, wAt) => {
    for (let t = 0; t < taps.in.length; t++) {
      x.data[xAt + taps.in[t]!]! += w.data[wAt + taps.tap[t]!]! * y.data[yAt + taps.out[t]!]!;
    }
  });
}

export function convFilterGrad(attrs: Attrs, x: Float64Tensor, dy: Float64Tensor, shape: readonly number[]) {
  const window = resolveWindow(attrs, shape.length - 2);
  const dw = zeros(shape);
  const taps = tapsOf(x.shape.slice(2), dy.shape.slice(2), window);
  forEachPlane(x.shape, dy.shape, groupsOf(attrs), windowArea(window), (xAt, yAt, wAt) => {
    for (let t = 0; t < taps.in.length; t++) {
      dw.data[wAt + taps.tap[t]!]! += x.data[xAt + taps.in[t]!]! * dy.data[yAt + taps.out[t]!]!;
    }
  });
  return dw;
}

/**
 * Each input element puts its window, times its value, into an output of (in - 1) * stride + kernel; what overlaps is
 * summed, and `begin` and `end` are cropped.
 */
export function convTranspose(attrs: Attrs, x: Float64Tensor, w: Float64Tensor, bias?: Float64Tensor): Float64Tensor {
  const [n, , ...space] = x.shape;
  const window = resolveTransposeWindow(attrs, space.length);
  const out = space.map(
    (size, i) => (size - 1) * window.stride[i]! + window.kernel[i]! - window.begin[i]! - window.end[i]!,
  );
  const y = zeros([n!, w.shape[1]!, ...out]);
  scatter(y, x, w, tapsOf(out, space, window), 1, window);
  return addBias(y, bias);
}
