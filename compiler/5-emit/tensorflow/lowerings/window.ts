import { type Dim, num, plus } from '../../../ir/dim.js';
import type { Window } from '../../../ops/spatial.js';
import type { LoweringContext } from '../lowering.js';
import type { TfAttr, TfTensor } from '../node.js';

/**
 * TensorFlow's kernels slide over two or three dimensions. A network of one dimension is given a height of 1:
 * images [N, W, C] -> [N, 1, W, C], filters [k, I, O] -> [1, k, I, O].
 */
export function liftWindow(w: Window): Window {
  // A window of one element has no distance between its elements, and some kernels refuse to hear of one.
  const dilation = w.dilation.map((d, i) => (w.kernel[i] === 1 ? 1 : d));
  if (w.kernel.length > 1) return { ...w, dilation };
  return {
    kernel: [1, ...w.kernel],
    // Some kernels want equal strides; over a height of 1 any stride is the same.
    stride: [...w.stride, ...w.stride],
    dilation: [1, ...dilation],
    begin: [0, ...w.begin],
    end: [0, ...w.end],
  };
}

export const liftImageShape = (shape: readonly Dim[]): readonly Dim[] =>
  shape.length > 3 ? shape : [shape[0] as Dim, num(1), ...shape.slice(1)];

export const liftFilterShape = (shape: readonly number[]): readonly number[] =>
  shape.length > 3 ? shape : [1, ...shape];

export const liftImage = (to: LoweringContext, x: TfTensor, rank: number): TfTensor =>
  rank > 3 ? x : to.b.op('ExpandDims', [x, to.b.int(1)], { Tdim: { type: 'int32' } });

export const liftFilter = (to: LoweringContext, w: TfTensor, rank: number): TfTensor =>
  rank > 3 ? w : to.b.op('ExpandDims', [w, to.b.int(0)], { Tdim: { type: 'int32' } });

/** Takes the height of 1 off again; `rank` is that of the IR's value. */
export const dropImage = (to: LoweringContext, y: TfTensor, rank: number): TfTensor =>
  rank > 3 ? y : to.b.op('Squeeze', [y], { squeeze_dims: { ints: [1] } });

export const dropFilter = (to: LoweringContext, w: TfTensor, rank: number): TfTensor =>
  rank > 3 ? w : to.b.op('Squeeze', [w], { squeeze_dims: { ints: [0] } });

const around = (list: readonly number[]): number[] => [1, ...list, 1];

export const isPadded = (w: Window): boolean => [...w.begin, ...w.end].some((n) => n > 0);

const isMultiple = ({ scale, offset, divisor }: Dim, of: number): boolean =>
  divisor === 1 && scale % of === 0 && offset % of === 0;

/** Whether TensorFlow's SAME pads an image of this shape as the window says, at every size. */
const isSame = (w: Window, shape: readonly Dim[]): boolean =>
  w.kernel.every((k, i) => {
    const stride = w.stride[i] as number;
    const total = (w.dilation[i] as number) * (k - 1) + 1 - stride;
    const begin = Math.floor(total / 2);
    const fits = total >= 0 && w.begin[i] === begin && w.end[i] === total - begin;
    return fits && isMultiple(shape[i + 1] as Dim, stride);
  });

/** The kernels' name for the window's padding of an image of this shape; null if they have none. */
export function paddingAttrs(w: Window, shape: readonly Dim[]): Record<string, TfAttr> | null {
  if (!isPadded(w)) return { padding: { text: 'VALID' } };
  return isSame(w, shape) ? { padding: { text: 'SAME' } } : null;
}

export const strideAttrs = (w: Window): Record<string, TfAttr> => ({ strides: { ints: around(w.stride) } });

export const dilationAttrs = (w: Window): Record<string, TfAttr> => ({ dilations: { ints: around(w.dilation) } });

export const kernelAttrs = (w: Window): Record<string, TfAttr> => ({ ksize: { ints: around(w.kernel) } });

export const unpadded = (w: Window): Window => ({ ...w, begin: w.begin.map(() => 0), end: w.end.map(() => 0) });

/** The shape of an image with the window's padding around it. */
export const paddedShape = (shape: readonly Dim[], w: Window): readonly Dim[] =>
  shape.map((d, k) => {
    const begin = w.begin[k - 1];
    return begin === undefined ? d : plus(d, begin + (w.end[k - 1] as number));
  });

/**
 * The image, of `shape`, with the window's padding around it, filled with `value`. By PadV2 even for zeros: TensorFlow merges a
 * Pad into the convolution behind it, and the merged kernel of oneDNN is wrong for some strides. An image of three
 * dimensions is padded along its depth and then plane by plane: TensorFlow.js pads no five axes on a GPU.
 */
export function padded(to: LoweringContext, x: TfTensor, w: Window, shape: readonly Dim[], value = 0): TfTensor {
  if (!isPadded(w)) return x;
  const sides = [...w.begin.keys()].map((i) => [w.begin[i] as number, w.end[i] as number] as const);
  if (shape.length < 5) return padV2(to, x, [none, ...sides, none], value);
  const [deep, ...flat] = sides as [Sides, ...Sides[]];
  const [n, d, h, width, c] = shape as [Dim, Dim, Dim, Dim, Dim];
  const all = paddedShape(shape, w);
  const columns = deep.some((size) => size > 0)
    ? padV2(to, to.b.reshape(x, to.dims([n, d, num(-1)])), [none, deep, none], value)
    : x;
  if (!flat.flat().some((size) => size > 0)) return to.reshape(columns, all);
  const planes = to.b.reshape(columns, to.dims([num(-1), h, width, c]));
  return to.reshape(padV2(to, planes, [none, ...flat, none], value), all);
}

/** Elements before and behind. */
type Sides = readonly [number, number];

const none: Sides = [0, 0];

function padV2({ b }: LoweringContext, x: TfTensor, sides: readonly Sides[], value: number): TfTensor {
  const paddings = b.reshape(b.ints(sides.flat()), [sides.length, 2]);
  return b.op('PadV2', [x, paddings, b.float(value, x.type)], { Tpaddings: { type: 'int32' } });
}

/** Takes the window's padding off an image whose shape without it is `shape`. */
export function cropped(to: LoweringContext, x: TfTensor, w: Window, shape: readonly Dim[]): TfTensor {
  if (!isPadded(w)) return x;
  return to.b.op('Slice', [x, to.b.ints([0, ...w.begin, 0]), to.dims(shape)], { Index: { type: 'int32' } });
}

/**
 * A vector over channels, to be combined with images of `rank`. With five axes it is given as many: TensorFlow.js on WebGPU
 * combines them with no vector.
 */
export const overChannels = (to: LoweringContext, vector: TfTensor, rank: number): TfTensor =>
  rank < 5 ? vector : to.b.reshape(vector, [1, 1, 1, 1, -1]);
