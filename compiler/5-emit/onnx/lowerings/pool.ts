import { listAttr } from '../../../ops/attrs.js';
import { resolveWindow, type Window } from '../../../ops/spatial.js';
import { product } from '../../shared.js';
import type { Lowering, LoweringContext } from '../lowering.js';
import type { Attribute } from '../schema.js';
import { separable } from './separable.js';
import { zeros } from './zeros.js';

/** Attributes that say a pool's window to ONNX. */
const poolAttributes = ({ kernel, stride, begin, end }: Window): Record<string, Attribute> => ({
  kernel_shape: kernel,
  strides: stride,
  pads: [...begin, ...end],
});

const windowOf = (to: LoweringContext, rank: number): Window => resolveWindow(to.attrs, rank);

export const maxpool: Lowering = (to) => {
  const attributes = poolAttributes(windowOf(to, to.spatialRank()));
  const output = (to.node.outputs[0] as { id: number }).id;
  if (!to.pools.wanted.has(output)) return to.model.node('MaxPool', to.inputs, attributes);
  const [y, indices] = to.model.split('MaxPool', to.inputs, 2, attributes) as [string, string];
  to.pools.names.set(output, indices);
  return y;
};

export const avgpool: Lowering = (to) =>
  to.model.node('AveragePool', to.inputs, {
    ...poolAttributes(windowOf(to, to.spatialRank())),
    count_include_pad: 1,
  });

export const globalAvgpool: Lowering = (to) => to.model.node('GlobalAveragePool', to.inputs);

/**
 * (x, y, dy) -> dx. MaxPool's second output is the flat index of the first maximum of each window, so the gradient is a
 * scatter of dy; windows that overlap may share a maximum, so there it adds.
 */
export const maxpoolGrad: Lowering = (to) => {
  const { model } = to;
  const shape = to.shape(0);
  const window = windowOf(to, to.spatialRank());
  const flat = model.ints([-1]);
  const indices =
    to.pools.names.get(to.value(1).id) ??
    (model.split('MaxPool', [to.input(0)], 2, poolAttributes(window))[1] as string);
  const overlap = window.kernel.some((k, i) => k > (window.stride[i] as number));
  const dx = model.node(
    'ScatterElements',
    [
      zeros(model, [product(shape)]),
      model.node('Reshape', [indices, flat]),
      model.node('Reshape', [to.input(2), flat]),
    ],
    { axis: 0, ...(overlap ? { reduction: 'add' } : {}) },
  );
  return model.node('Reshape', [dx, model.ints(shape)]);
};

/** dy -> dx: each element of dy spread evenly over its window. */
export const avgpoolGrad: Lowering = (to) => {
  const { model } = to;
  const shape = listAttr(to.attrs, 'shape');
  const rank = shape.length - 2;
  const { kernel, stride, begin, end } = windowOf(to, rank);
  const out = to.shape(0).slice(2);
  const whole = kernel.every((k, i) => k === stride[i] && begin[i] === 0 && end[i] === 0);
  const share = 1 / product(kernel);
  if (whole && out.every((n, i) => n * (kernel[i] as number) === shape[i + 2])) {
    const repeated = model.node('Resize', [to.input(0), '', model.floats([1, 1, ...kernel])], {
      mode: 'nearest',
      coordinate_transformation_mode: 'asymmetric',
      nearest_mode: 'floor',
    });
    return model.node('Mul', [repeated, model.float(share)]);
  }
  const matrices = kernel.map((k, i) => {
    const size = shape[i + 2] as number;
    return Array.from({ length: out[i] as number }, (_, o) => {
      const first = o * (stride[i] as number) - (begin[i] as number);
      return Array.from({ length: size }, (_, j) => (j >= first && j < first + k ? 1 / k : 0));
    });
  });
  return separable(to, to.input(0), to.shape(0), matrices);
};
