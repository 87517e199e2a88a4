import { boolAttr, listAttr, stringAttr } from '../../../ops/attrs.js';
import { resolveScale } from '../../../ops/upsample.js';
import { type Lowering, product } from '../lowering.js';
import type { Attribute } from '../schema.js';
import { type Matrix, separable } from './separable.js';

const nearest: Readonly<Record<string, Attribute>> = {
  mode: 'nearest',
  coordinate_transformation_mode: 'asymmetric',
  nearest_mode: 'floor',
};

/** By scales, not sizes, so one file is right at every input size. */
export const upsample: Lowering = (to) => {
  const scales = to.model.floats([1, 1, ...resolveScale(to.attrs, to.spatialRank())]);
  const linear = {
    mode: 'linear',
    coordinate_transformation_mode: boolAttr(to.attrs, 'align_corners', false) ? 'align_corners' : 'half_pixel',
  };
  const isNearest = stringAttr(to.attrs, 'mode', 'nearest') === 'nearest';
  return to.model.node('Resize', [to.input(0), '', scales], isNearest ? nearest : linear);
};

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

/** Row o holds the shares that output element o takes of each of `size` input elements. */
function interpolation(size: number, scale: number, align: boolean): Matrix {
  const length = size * scale;
  return Array.from({ length }, (_, o) => {
    const at = align ? (length === 1 ? 0 : (o * (size - 1)) / (length - 1)) : Math.max(0, (o + 0.5) / scale - 0.5);
    const low = Math.min(Math.floor(at), size - 1);
    const high = Math.min(low + 1, size - 1);
    const row = new Array<number>(size).fill(0);
    row[low] = (row[low] ?? 0) + 1 - (at - low);
    row[high] = (row[high] ?? 0) + (at - low);
    return row;
  });
}
