import { type Dim, knownShape } from '../../../ir/dim.js';
import type { Value } from '../../../ir/graph.js';
import { numberAttr } from '../../../ops/attrs.js';
import { resolveTransposeWindow, resolveWindow, type Window } from '../../../ops/spatial.js';
import type { Lowering, LoweringContext } from '../lowering.js';
import type { TfTensor } from '../node.js';
import { byTaps } from './taps.js';
import {
  cropped,
  dilationAttrs,
  dropFilter,
  dropImage,
  liftFilter,
  liftFilterShape,
  liftImage,
  liftImageShape,
  liftWindow,
  padded,
  paddedShape,
  paddingAttrs,
  strideAttrs,
  unpadded,
} from './window.js';

/** y = conv(x, w), lifted to two or three dimensions and in TensorFlow's order. */
export interface Convolution {
  readonly to: LoweringContext;
  readonly window: Window;
  readonly groups: number;
  readonly x: readonly Dim[];
  /** [...kernel, I / groups, O] */
  readonly w: readonly number[];
  readonly y: readonly Dim[];
}

/** The three products of a convolution: forward, and the gradients of its input and its filter. */
export interface Products {
  forward(c: Convolution, x: TfTensor, w: TfTensor): TfTensor;
  inputGrad(c: Convolution, dy: TfTensor, w: TfTensor): TfTensor;
  filterGrad(c: Convolution, x: TfTensor, dy: TfTensor): TfTensor;
}

const attrs2d = (c: Convolution) => ({
  ...strideAttrs(c.window),
  ...dilationAttrs(c.window),
  ...paddingAttrs(c.window, true),
  data_format: { text: 'NHWC' } as const,
});

/** Two dimensions, by the kernels that are named for them. */
const dense2d: Products = {
  forward: (c, x, w) => c.to.b.op('Conv2D', [x, w], attrs2d(c)),
  inputGrad: (c, dy, w) => c.to.b.op('Conv2DBackpropInput', [c.to.dims(c.x), w, dy], { ...attrs2d(c), T: typeOf(dy) }),
  filterGrad: (c, x, dy) => c.to.b.op('Conv2DBackpropFilter', [x, c.to.b.ints(c.w), dy], attrs2d(c)),
};

/** One filter a channel: [kh, kw, C, multiplier]. */
const depthwise: Products = {
  forward: (c, x, w) => c.to.b.op('DepthwiseConv2dNative', [x, c.to.b.reshape(w, depthwiseShape(c))], attrs2d(c)),
  inputGrad: (c, dy, w) =>
    c.to.b.op('DepthwiseConv2dNativeBackpropInput', [c.to.dims(c.x), c.to.b.reshape(w, depthwiseShape(c)), dy], {
      ...attrs2d(c),
      T: typeOf(dy),
    }),
  filterGrad: (c, x, dy) => {
    const sizes = c.to.b.ints(depthwiseShape(c));
    return c.to.b.reshape(c.to.b.op('DepthwiseConv2dNativeBackpropFilter', [x, sizes, dy], attrs2d(c)), c.w);
  },
};

const depthwiseShape = ({ w, groups }: Convolution): number[] => {
  const [height, width, , channels] = w as [number, number, number, number];
  return [height, width, groups, channels / groups];
};

/** Three dimensions; their kernels pad evenly or not at all, so other paddings are made by hand. */
const dense3d: Products = {
  forward: (c, x, w) => {
    const { image, window } = padded3d(c, x);
    return c.to.b.op('Conv3D', [image, w], attrs3d(window));
  },
  inputGrad: (c, dy, w) => {
    const { window, shape } = shape3d(c);
    const attrs = { ...attrs3d(window), T: typeOf(dy), Tshape: { type: 'int32' } as const };
    const dx = c.to.b.op('Conv3DBackpropInputV2', [c.to.dims(shape), w, dy], attrs);
    return window === c.window ? dx : cropped(c.to, dx, c.window, c.x);
  },
  filterGrad: (c, x, dy) => {
    const { image, window } = padded3d(c, x);
    return c.to.b.op('Conv3DBackpropFilterV2', [image, c.to.b.ints(c.w), dy], attrs3d(window));
  },
};

const attrs3d = (window: Window) => ({
  ...strideAttrs(window),
  ...paddingAttrs(window, false),
  data_format: { text: 'NDHWC' } as const,
});

function shape3d({ window, x }: Convolution): { window: Window; shape: readonly Dim[] } {
  if (paddingAttrs(window, false)) return { window, shape: x };
  return { window: unpadded(window), shape: paddedShape(x, window) };
}

function padded3d(c: Convolution, x: TfTensor): { image: TfTensor; window: Window } {
  const { window } = shape3d(c);
  return { image: window === c.window ? x : padded(c.to, x, c.window), window };
}

/** Each group a convolution of its own. */
const grouped: Products = {
  forward: (c, x, w) => joined(c, split(c, x), split(c, w), (one, a, b) => productsOf(one).forward(one, a, b)),
  inputGrad: (c, dy, w) => joined(c, split(c, dy), split(c, w), (one, a, b) => productsOf(one).inputGrad(one, a, b)),
  filterGrad: (c, x, dy) => joined(c, split(c, x), split(c, dy), (one, a, b) => productsOf(one).filterGrad(one, a, b)),
};

/** Along the last axis, which holds x's and y's channels and the output channels of w. */
const split = ({ to, groups, x }: Convolution, t: TfTensor): TfTensor[] =>
  to.b.split(
    'Split',
    [to.b.int(x.length - 1), t],
    { T: { type: t.type }, num_split: { int: groups } },
    new Array(groups).fill(t.type),
  );

function joined(
  c: Convolution,
  left: readonly TfTensor[],
  right: readonly TfTensor[],
  one: (c: Convolution, a: TfTensor, b: TfTensor) => TfTensor,
): TfTensor {
  const share = (shape: readonly Dim[]): Dim[] => {
    const last = shape.at(-1) as Dim;
    return [...shape.slice(0, -1), { ...last, offset: last.offset / c.groups }];
  };
  const w = [...c.w.slice(0, -1), (c.w.at(-1) as number) / c.groups];
  const single = { ...c, groups: 1, x: share(c.x), y: share(c.y), w };
  const parts = left.map((a, g) => one(single, a, right[g] as TfTensor));
  return concatenated(c.to, parts, c.x.length - 1);
}

export function concatenated({ b }: LoweringContext, parts: readonly TfTensor[], axis: number): TfTensor {
  if (parts.length === 1) return parts[0] as TfTensor;
  return b.op('ConcatV2', [...parts, b.int(axis)], { N: { int: parts.length }, Tidx: { type: 'int32' } });
}

/** TensorFlow's CPU kernels have no gradients of dilated convolutions, and no dilated one in three dimensions. */
const dilated2d: Products = { ...byTaps, forward: dense2d.forward };

function productsOf({ window, groups, w }: Convolution): Products {
  const flat = window.kernel.length === 2;
  const dilated = window.dilation.some((d) => d > 1);
  if (groups > 1) {
    const evenly = window.stride.every((s) => s === window.stride[0]);
    return flat && !dilated && evenly && w.at(-2) === 1 ? depthwise : grouped;
  }
  if (dilated) return flat ? dilated2d : byTaps;
  return flat ? dense2d : dense3d;
}

const typeOf = (t: TfTensor) => ({ type: t.type });

function convolution(to: LoweringContext, x: Value, w: Value, y: Value, transposed = false): Convolution {
  const rank = x.type.shape.length - 2;
  return {
    to,
    window: liftWindow(transposed ? resolveTransposeWindow(to.attrs, rank) : resolveWindow(to.attrs, rank)),
    groups: transposed ? 1 : numberAttr(to.attrs, 'groups', 1),
    x: liftImageShape(to.shape(x)),
    w: liftFilterShape(knownShape(to.shape(w))),
    y: liftImageShape(to.shape(y)),
  };
}

const withBias = (to: LoweringContext, y: TfTensor, k: number): TfTensor => {
  const bias = to.inputs[k];
  return bias ? to.b.op('BiasAdd', [y, bias], { data_format: { text: 'NHWC' } }) : y;
};

/** (x, w) or (x, w, b) -> y. */
export const conv: Lowering = (to) => {
  const [x, w, y] = [to.value(0), to.value(1), to.output()];
  const c = convolution(to, x, w, y);
  const rank = to.rank();
  const out = productsOf(c).forward(c, liftImage(to, to.input(0), rank), liftFilter(to, to.input(1), rank));
  return withBias(to, dropImage(to, out, rank), 2);
};

/** (x, w) or (x, w, b) -> y: the input gradient of the convolution that goes from y to x. */
export const convTranspose: Lowering = (to) => {
  const [x, w, y] = [to.value(0), to.value(1), to.output()];
  const c = convolution(to, y, w, x, true);
  const rank = to.rank();
  const out = productsOf(c).inputGrad(c, liftImage(to, to.input(0), rank), liftFilter(to, to.input(1), rank));
  return withBias(to, dropImage(to, out, rank), 2);
};

/** (dy, w) -> dx. */
export const convInputGrad: Lowering = (to) => {
  const [dy, w, dx] = [to.value(0), to.value(1), to.output()];
  const c = convolution(to, dx, w, dy);
  const rank = to.rank();
  const out = productsOf(c).inputGrad(c, liftImage(to, to.input(0), rank), liftFilter(to, to.input(1), rank));
  return dropImage(to, out, rank);
};

/** (x, dy) -> dw. */
export const convFilterGrad: Lowering = (to) => {
  const [x, dy, dw] = [to.value(0), to.value(1), to.output()];
  const c = convolution(to, x, dw, dy);
  const rank = to.rank();
  const out = productsOf(c).filterGrad(c, liftImage(to, to.input(0), rank), liftImage(to, to.input(1), rank));
  return dropFilter(to, out, rank);
};
