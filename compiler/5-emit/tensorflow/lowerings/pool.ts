import { type Dim, num } from '../../../ir/dim.js';
import { resolveWindow } from '../../../ops/spatial.js';
import type { Lowering, LoweringContext } from '../lowering.js';
import type { TfTensor } from '../node.js';
import {
  cropped,
  dropImage,
  kernelAttrs,
  liftImage,
  liftImageShape,
  liftWindow,
  padded,
  paddedShape,
  strideAttrs,
} from './window.js';

/** Below every float that is one. */
const lowest = Number.NEGATIVE_INFINITY;

const windowOf = (to: LoweringContext, rank: number) => liftWindow(resolveWindow(to.attrs, rank - 2));

/** Pads by hand: the pools' own padding depends on the size, and does not count in a mean. */
const poolAttrs = (to: LoweringContext, rank: number) => ({
  ...kernelAttrs(windowOf(to, rank)),
  ...strideAttrs(windowOf(to, rank)),
  padding: { text: 'VALID' } as const,
  data_format: { text: rank === 5 ? 'NDHWC' : 'NHWC' },
});

const paddedImage = (to: LoweringContext, rank: number, filler: number): TfTensor =>
  padded(to, liftImage(to, to.input(0), rank), windowOf(to, rank), liftImageShape(to.shape(to.value(0))), filler);

export const maxpool: Lowering = (to) => {
  const rank = to.rank();
  const x = paddedImage(to, rank, lowest);
  return rank === 5 ? maxpool3d(to, x) : dropImage(to, to.b.op('MaxPool', [x], poolAttrs(to, rank)), rank);
};

/**
 * [N, D, H, W, C]: over H and W with N and D as one, then over D with H and W as one. TensorFlow.js' MaxPool3D on WASM starts
 * from the smallest positive number, and so returns that where all of a window is negative.
 */
function maxpool3d(to: LoweringContext, x: TfTensor): TfTensor {
  const { b } = to;
  const window = windowOf(to, 5);
  const [n, d, h, w, c] = paddedShape(to.shape(to.value(0)), window) as [Dim, Dim, Dim, Dim, Dim];
  const [depth, ...flat] = window.kernel as [number, number, number];
  const [depthStride, ...flatStride] = window.stride as [number, number, number];
  const over = (image: TfTensor, kernel: readonly number[], stride: readonly number[]) =>
    b.op('MaxPool', [image], {
      ksize: { ints: [1, ...kernel, 1] },
      strides: { ints: [1, ...stride, 1] },
      padding: { text: 'VALID' },
      data_format: { text: 'NHWC' },
    });
  const planes = over(b.reshape(x, to.dims([num(-1), h, w, c])), flat, flatStride);
  const lines = over(b.reshape(planes, to.dims([n, d, num(-1), c])), [depth, 1], [depthStride, 1]);
  return to.reshape(lines, to.shape(to.output()));
}

export const avgpool: Lowering = (to) => {
  const rank = to.rank();
  const op = rank === 5 ? 'AvgPool3D' : 'AvgPool';
  return dropImage(to, to.b.op(op, [paddedImage(to, rank, 0)], poolAttrs(to, rank)), rank);
};

export const globalAvgpool: Lowering = (to) => {
  const axes = Array.from({ length: to.spatialRank() }, (_, i) => i + 1);
  return to.b.op('Mean', [to.input(0), to.b.ints(axes)], { Tidx: { type: 'int32' }, keep_dims: { bool: true } });
};

/** (x, y, dy) -> dx. */
export const maxpoolGrad: Lowering = (to) => {
  const rank = to.rank();
  const window = windowOf(to, rank);
  const x = paddedImage(to, rank, lowest);
  const [y, dy] = [1, 2].map((k) => liftImage(to, to.input(k), rank)) as [TfTensor, TfTensor];
  const attrs = { ...poolAttrs(to, rank), ...(rank === 5 ? { TInput: { type: x.type } } : {}) };
  const op = rank === 5 ? 'MaxPool3DGrad' : 'MaxPoolGrad';
  const dx = to.b.op(op, [x, y, dy], attrs);
  return dropImage(to, cropped(to, dx, window, liftImageShape(to.shape(to.value(0)))), rank);
};

/** dy -> dx. */
export const avgpoolGrad: Lowering = (to) => {
  const rank = to.rank();
  const window = windowOf(to, rank);
  const shape = liftImageShape(to.shape(to.output()));
  const dy = liftImage(to, to.input(0), rank);
  const sizes = to.dims(paddedShape(shape, window));
  const op = rank === 5 ? 'AvgPool3DGrad' : 'AvgPoolGrad';
  const dx = to.b.split(op, [sizes, dy], { ...poolAttrs(to, rank), T: { type: dy.type } }, [dy.type])[0] as TfTensor;
  return dropImage(to, cropped(to, dx, window, shape), rank);
};
