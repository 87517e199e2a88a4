import { boolAttr, listAttr, stringAttr } from '../../../ops/attrs.js';
import { interpolation, resolveScale } from '../../../ops/upsample.js';
import { product } from '../../shared.js';
import type { Lowering, LoweringContext } from '../lowering.js';
import type { Attribute } from '../schema.js';
import { separable } from './separable.js';

const nearest: Readonly<Record<string, Attribute>> = {
  mode: 'nearest',
  coordinate_transformation_mode: 'asymmetric',
  nearest_mode: 'floor',
};

/** By scales, not sizes, so one file is right at every input size. */
export const upsample: Lowering = (to) => {
  if (boolAttr(to.attrs, 'copies', false)) return copied(to);
  const isNearest = stringAttr(to.attrs, 'mode', 'nearest') === 'nearest';
  if (
    !isNearest &&
    to.model.block > 0 &&
    to
      .shape(0)
      .slice(2)
      .every((size) => size <= largestProduct)
  )
    return multiplied(to);
  const scales = to.model.floats([1, 1, ...resolveScale(to.attrs, to.spatialRank())]);
  const linear = {
    mode: 'linear',
    coordinate_transformation_mode: boolAttr(to.attrs, 'align_corners', false) ? 'align_corners' : 'half_pixel',
  };
  return to.model.node('Resize', [to.input(0), '', scales], isNearest ? nearest : linear);
};

/**
 * Sizes up to which a product with the interpolation matrix, most of it zeros, takes less time than ONNX Runtime's Resize: at 16, 32
 * and 64 elements 0.3, 0.2 and 0.7 of it, at 128 twice as long.
 */
const largestProduct = 64;

/** Linear upsampling as a product along each dimension. */
function multiplied(to: LoweringContext): string {
  const shape = to.shape(0);
  const align = boolAttr(to.attrs, 'align_corners', false);
  const matrices = resolveScale(to.attrs, to.spatialRank()).map((s, i) => {
    const matrix = interpolation(shape[i + 2] as number, s, align);
    return Array.from({ length: shape[i + 2] as number }, (_, k) => matrix.map((row) => row[k] as number));
  });
  return separable(to, to.input(0), shape, matrices);
}

/**
 * Repeats along one axis: with that axis and the channels last, n copies side by side along the channels are, in memory, n pixels
 * in a row. ONNX Runtime's Resize takes bytes one by one, on one thread, and ten times as long.
 */
function copied(to: LoweringContext): string {
  const { model } = to;
  const factors = resolveScale(to.attrs, to.spatialRank());
  const axis =
    Math.max(
      factors.findIndex((f) => f > 1),
      0,
    ) + 2;
  const others = factors.flatMap((_, k) => (k + 2 === axis ? [] : [k + 2]));
  const order = [0, ...others, axis, 1];
  const x = model.node('Transpose', [to.input(0)], { perm: order });
  const copies = new Array<string>(factors[axis - 2] as number).fill(x);
  const beside = model.node('Concat', copies, { axis: order.length - 1 });
  // 0 keeps a size as it is, -1 is what is left.
  const rows = model.node('Reshape', [beside, model.ints([0, ...others.map(() => 0), -1, to.channels()])]);
  return model.node('Transpose', [rows], { perm: order.map((_, k) => order.indexOf(k)) });
}

/** dy -> dx: nearest sums each block, linear multiplies by the transposed interpolation matrices. */
export const upsampleGrad: Lowering = (to) => {
  const { model } = to;
  const shape = listAttr(to.attrs, 'shape');
  const scale = resolveScale(to.attrs, shape.length - 2);
  if (stringAttr(to.attrs, 'mode', 'nearest') === 'nearest') {
    const mean = model.node('AveragePool', [to.input(0)], { kernel_shape: scale, strides: scale });
    return model.node('Mul', [mean, model.float(product(scale))]);
  }
  const align = boolAttr(to.attrs, 'align_corners', false);
  const matrices = scale.map((s, i) => interpolation(shape[i + 2] as number, s, align));
  return separable(to, to.input(0), to.shape(0), matrices);
};
