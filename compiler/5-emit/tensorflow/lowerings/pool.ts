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

const pool =
  (op: 'MaxPool' | 'AvgPool', filler: number): Lowering =>
  (to) => {
    const rank = to.rank();
    const x = padded(to, liftImage(to, to.input(0), rank), windowOf(to, rank), filler);
    return dropImage(to, to.b.op(rank === 5 ? `${op}3D` : op, [x], poolAttrs(to, rank)), rank);
  };

export const maxpool = pool('MaxPool', lowest);
export const avgpool = pool('AvgPool', 0);

export const globalAvgpool: Lowering = (to) => {
  const axes = Array.from({ length: to.spatialRank() }, (_, i) => i + 1);
  return to.b.op('Mean', [to.input(0), to.b.ints(axes)], { Tidx: { type: 'int32' }, keep_dims: { bool: true } });
};

/** (x, y, dy) -> dx. */
export const maxpoolGrad: Lowering = (to) => {
  const rank = to.rank();
  const window = windowOf(to, rank);
  const [x, y, dy] = [0, 1, 2].map((k) => liftImage(to, to.input(k), rank)) as [TfTensor, TfTensor, TfTensor];
  const attrs = { ...poolAttrs(to, rank), ...(rank === 5 ? { TInput: { type: x.type } } : {}) };
  const op = rank === 5 ? 'MaxPool3DGrad' : 'MaxPoolGrad';
  const dx = to.b.op(op, [padded(to, x, window, lowest), y, dy], attrs);
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
