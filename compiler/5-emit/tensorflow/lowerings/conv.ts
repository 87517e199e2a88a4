import { type Dim, isNumber, knownShape } from '../../../ir/dim.js';
import type { Value } from '../../../ir/graph.js';
import { numberAttr } from '../../../ops/attrs.js';
import { resolveTransposeWindow, resolveWindow, type Window } from '../../../ops/spatial.js';
import type { Lowering, LoweringContext } from '../lowering.js';
import type { TfAttr, TfTensor } from '../node.js';
import type { Convolution, Products } from './convolution.js';
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
  overChannels,
  padded,
  paddedShape,
  paddingAttrs,
  strideAttrs,
  unpadded,
} from './window.js';

/**
 * TensorFlow's kernels for the three products. They pad as SAME does or not at all; other paddings are made by hand around
 * them. (In two dimensions they have an attribute for any padding, but oneDNN's version of them is wrong for some,
 * such as a kernel of 1x3 with strides 1 and 2, and ends the process for others.)
 */
interface Kernels {
  readonly forward: string;
  readonly inputGrad: string;
  readonly filterGrad: string;
  /** Their attribute `data_format`. */
  readonly format: 'NHWC' | 'NDHWC';
  readonly inputGradAttrs?: Readonly<Record<string, TfAttr>>;
  /** The filter as the kernels take it. */
  filter?(c: Convolution): readonly number[];
}

const byKernels = (k: Kernels): Products => {
  /** The window and the shape of the image that are passed to the kernel. */
  const narrowed = ({ window, x }: Convolution): { window: Window; shape: readonly Dim[] } =>
    paddingAttrs(window, x) ? { window, shape: x } : { window: unpadded(window), shape: paddedShape(x, window) };
  const image = (c: Convolution, x: TfTensor, window: Window): TfTensor =>
    window === c.window ? x : padded(c.to, x, c.window, c.x);
  const filterShape = (c: Convolution): readonly number[] => k.filter?.(c) ?? c.w;
  const filter = (c: Convolution, w: TfTensor): TfTensor => (k.filter ? c.to.b.reshape(w, filterShape(c)) : w);
  const attrsOf = ({ window, shape }: ReturnType<typeof narrowed>): Readonly<Record<string, TfAttr>> => ({
    ...strideAttrs(window),
    // Also where they can only be 1: TensorFlow.js reads them without looking.
    ...dilationAttrs(window),
    ...paddingAttrs(window, shape),
    data_format: { text: k.format },
  });
  return {
    forward: (c, x, w) => {
      const told = narrowed(c);
      return c.to.b.op(k.forward, [image(c, x, told.window), filter(c, w)], attrsOf(told));
    },
    inputGrad: (c, dy, w) => {
      const told = narrowed(c);
      const attrs = { ...attrsOf(told), ...k.inputGradAttrs, T: typeOf(dy) };
      const dx = c.to.b.op(k.inputGrad, [c.to.dims(told.shape), filter(c, w), dy], attrs);
      return told.window === c.window ? dx : cropped(c.to, dx, c.window, c.x);
    },
    filterGrad: (c, x, dy) => {
      const told = narrowed(c);
      const inputs = [image(c, x, told.window), c.to.b.ints(filterShape(c)), dy];
      const dw = c.to.b.op(k.filterGrad, inputs, attrsOf(told));
      return k.filter ? c.to.b.reshape(dw, c.w) : dw;
    },
  };
};

const dense2d = byKernels({
  forward: 'Conv2D',
  inputGrad: 'Conv2DBackpropInput',
  filterGrad: 'Conv2DBackpropFilter',
  format: 'NHWC',
});

const kernels3d = byKernels({
  forward: 'Conv3D',
  inputGrad: 'Conv3DBackpropInputV2',
  filterGrad: 'Conv3DBackpropFilterV2',
  format: 'NDHWC',
  inputGradAttrs: { Tshape: { type: 'int32' } },
});

/** A product in single precision, for kernels that in bf16 multiply memory that nothing was written to. */
const inSingle =
  (product: Products['forward']): Products['forward'] =>
  (c, a, b) =>
    c.to.b.cast(product(c, c.to.b.cast(a, 'float'), c.to.b.cast(b, 'float')), a.type);

/** oneDNN's kernels in bf16 are wrong for filters' gradients of small volumes, and for `isThin`. */
const dense3d: Products = {
  ...kernels3d,
  forward: (c, x, w) => (isThin(c) ? inSingle(kernels3d.forward) : kernels3d.forward)(c, x, w),
  filterGrad: inSingle(kernels3d.filterGrad),
};

/** One channel of volumes that may be one element deep, and taps before and behind it. */
function isThin({ x, w }: Convolution): boolean {
  const depth = x[1] as Dim;
  return w.at(-2) === 1 && (w[0] as number) > 1 && (!isNumber(depth) || depth.offset === 1);
}

/** One filter a channel: [kh, kw, C, multiplier]. */
const depthwise = byKernels({
  forward: 'DepthwiseConv2dNative',
  inputGrad: 'DepthwiseConv2dNativeBackpropInput',
  filterGrad: 'DepthwiseConv2dNativeBackpropFilter',
  format: 'NHWC',
  filter: ({ w, groups }) => [...w.slice(0, 2), groups, (w.at(-1) as number) / groups],
});

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

const dilated2d: Products = { ...byTaps, forward: dense2d.forward };

/**
 * Which kernels do it. Gradients of dilated convolutions have none on TensorFlow's CPU, nor has any dilated one in three
 * dimensions; oneDNN's convolution with a bias, and in three dimensions any, is wrong where the strides differ; and in two
 * TensorFlow.js refuses strides and dilations at once.
 */
function productsOf({ window, groups, w }: Convolution): Products {
  const flat = window.kernel.length === 2;
  const dilated = window.dilation.some((d) => d > 1);
  const uneven = window.stride.some((s) => s !== window.stride[0]);
  const strided = window.stride.some((s) => s > 1);
  if (groups > 1) return flat && !dilated && !uneven && w.at(-2) === 1 ? depthwise : grouped;
  if (uneven) return byTaps;
  if (dilated) return flat && !strided ? dilated2d : byTaps;
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

/**
 * Where strides differ the bias is subtracted, negated: TensorFlow does not merge that into the convolution, and oneDNN's
 * merged kernel is wrong for such strides.
 */
function withBias(to: LoweringContext, y: TfTensor, { window }: Convolution): TfTensor {
  const rank = to.rank();
  if (!to.inputs[2]) return y;
  const bias = overChannels(to, to.inputs[2], rank);
  if (window.stride.some((s) => s !== window.stride[0])) return to.b.op('Sub', [y, to.b.op('Neg', [bias])]);
  if (rank === 5) return to.b.op('AddV2', [y, bias]);
  return to.b.op('BiasAdd', [y, bias], { data_format: { text: 'NHWC' } });
}

/** (x, w) or (x, w, b) -> y. */
export const conv: Lowering = (to) => {
  const [x, w, y] = [to.value(0), to.value(1), to.output()];
  const c = convolution(to, x, w, y);
  const rank = to.rank();
  const out = productsOf(c).forward(c, liftImage(to, to.input(0), rank), liftFilter(to, to.input(1), rank));
  return withBias(to, dropImage(to, out, rank), c);
};

/** (x, w) or (x, w, b) -> y: the input gradient of the convolution that goes from y to x. */
export const convTranspose: Lowering = (to) => {
  const [x, w, y] = [to.value(0), to.value(1), to.output()];
  const c = convolution(to, y, w, x, true);
  const rank = to.rank();
  const out = productsOf(c).inputGrad(c, liftImage(to, to.input(0), rank), liftFilter(to, to.input(1), rank));
  return withBias(to, dropImage(to, out, rank), c);
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
