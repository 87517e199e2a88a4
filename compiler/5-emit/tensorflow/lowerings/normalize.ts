import { type Dim, num } from '../../../ir/dim.js';
import type { Value } from '../../../ir/graph.js';
import { numberAttr } from '../../../ops/attrs.js';
import { product } from '../../shared.js';
import type { Lowering, LoweringContext } from '../lowering.js';
import type { TfTensor } from '../node.js';
import { scaled } from './elementwise.js';
import { overChannels } from './window.js';

const eps = (to: LoweringContext): number => numberAttr(to.attrs, 'eps', 1e-5);

const fusedAttrs = (to: LoweringContext, training: boolean) => ({
  U: { type: 'float' as const },
  epsilon: { float: eps(to) },
  data_format: { text: 'NHWC' },
  is_training: { bool: training },
});

/** Batch norm's kernels take images of two dimensions; to them any other is one column. */
function asPlanes(to: LoweringContext, x: TfTensor, value: Value): TfTensor {
  const shape = to.shape(value);
  if (shape.length === 4) return x;
  const channels = to.channels(to.node.inputs.indexOf(value));
  return to.b.reshape(x, [-1, 1, 1, channels]);
}

const back = (to: LoweringContext, y: TfTensor, value: Value): TfTensor =>
  to.shape(value).length === 4 ? y : to.reshape(y, to.shape(value));

const inverseDeviation = (to: LoweringContext, variance: TfTensor): TfTensor =>
  to.b.op('Rsqrt', [scaled(to, variance, 1, eps(to))]);

/** (x, weight, bias, mean, variance) -> y. Two dimensions by the kernel, others by a product and a sum. */
export const batchnorm: Lowering = (to) => {
  const { b } = to;
  const [x, weight, bias, mean, variance] = to.inputs as [TfTensor, TfTensor, TfTensor, TfTensor, TfTensor];
  if (to.rank() === 4) {
    const types = [x.type, 'float', 'float', 'float', 'float', 'float'] as const;
    return b.split(
      'FusedBatchNormV3',
      to.inputs,
      { T: { type: x.type }, ...fusedAttrs(to, false) },
      types,
    )[0] as TfTensor;
  }
  const scale = b.op('Mul', [weight, inverseDeviation(to, variance)]);
  const shift = b.op('Sub', [bias, b.op('Mul', [mean, scale])]);
  const [factor, term] = [scale, shift].map((v) => overChannels(to, b.cast(v, x.type), to.rank())) as [
    TfTensor,
    TfTensor,
  ];
  return b.op('AddV2', [b.op('Mul', [x, factor]), term]);
};

/** Elements of each channel in a batch. */
const elementsOf = (to: LoweringContext, k: number): number => product(to.knownShape(to.value(k))) / to.channels(k);

/** (x, gamma, beta) -> y, mean[C], biased variance[C]. */
export const batchnormTrain: Lowering = (to) => {
  const { b } = to;
  const [x, gamma, beta] = [to.input(0), to.input(1), to.input(2)];
  const nothing = b.constant('constant/nothing', { type: 'float', dims: [0], raw: new Uint8Array() });
  const types = [x.type, 'float', 'float', 'float', 'float', 'float'] as const;
  const attrs = { T: { type: x.type }, ...fusedAttrs(to, true), exponential_avg_factor: { float: 1 } };
  const planes = asPlanes(to, x, to.value(0));
  const [y, mean, variance, ...kept] = b.split(
    'FusedBatchNormV3',
    [planes, gamma, beta, nothing, nothing],
    attrs,
    types,
  );
  to.links.batchNorms.set(to.output(1).id, kept);
  const count = elementsOf(to, 0);
  // The kernel returns the unbiased variance.
  const biased = scaled(to, variance as TfTensor, count > 1 ? (count - 1) / count : 1, 0);
  return [back(to, y as TfTensor, to.value(0)), mean as TfTensor, biased];
};

/** (dy, x, gamma, mean, variance) -> dx, dgamma, dbeta: by the kernel, from what the forward pass kept for it. */
export const batchnormGrad: Lowering = (to) => {
  const kept = to.links.batchNorms.get(to.value(3).id);
  if (!kept) return batchnormGradByHand(to);
  const { b } = to;
  const [dy, x] = [0, 1].map((k) => asPlanes(to, to.input(k), to.value(k))) as [TfTensor, TfTensor];
  const types = [x.type, 'float', 'float', 'float', 'float'] as const;
  const attrs = { T: { type: x.type }, ...fusedAttrs(to, true) };
  const all = b.split('FusedBatchNormGradV3', [dy, x, to.input(2), ...kept], attrs, types);
  const [dx, dgamma, dbeta] = all as [TfTensor, TfTensor, TfTensor];
  return [back(to, dx, to.value(1)), dgamma, dbeta];
};

/** With n elements a channel, r = 1 / sqrt(variance + eps): dx = gamma r (dy - dbeta / n - xhat dgamma / n). */
const batchnormGradByHand: Lowering = (to) => {
  const { b } = to;
  const [, , gamma, mean, variance] = to.inputs as [TfTensor, TfTensor, TfTensor, TfTensor, TfTensor];
  const [dy, x] = [b.cast(to.input(0), 'float'), b.cast(to.input(1), 'float')];
  const axes = b.ints(Array.from({ length: to.rank(1) - 1 }, (_, k) => k));
  const sum = (t: TfTensor) => b.op('Sum', [t, axes], { Tidx: { type: 'int32' } });
  const r = inverseDeviation(to, variance);
  const xhat = b.op('Mul', [b.op('Sub', [x, mean]), r]);
  const dbeta = sum(dy);
  const dgamma = sum(b.op('Mul', [dy, xhat]));
  const share = 1 / elementsOf(to, 1);
  const pulled = b.op('AddV2', [scaled(to, dbeta, share, 0), b.op('Mul', [xhat, scaled(to, dgamma, share, 0)])]);
  const dx = b.op('Mul', [b.op('Sub', [dy, pulled]), b.op('Mul', [gamma, r])]);
  return [b.cast(dx, to.input(1).type), dgamma, dbeta];
};

/** Mean over axes, which stay as 1. */
const meanOver = (to: LoweringContext, t: TfTensor, axes: readonly number[]): TfTensor =>
  to.b.op('Mean', [t, to.b.ints(axes)], { Tidx: { type: 'int32' }, keep_dims: { bool: true } });

/** Axes of space. */
const plane = (rank: number): number[] => Array.from({ length: rank - 2 }, (_, i) => i + 1);

/** To mean 0 and deviation 1 over axes: xhat, and 1 / sqrt(variance + eps). */
function standardized(to: LoweringContext, x: TfTensor, axes: readonly number[]): { xhat: TfTensor; r: TfTensor } {
  const centred = to.b.op('Sub', [x, meanOver(to, x, axes)]);
  const r = inverseDeviation(to, meanOver(to, to.b.op('Mul', [centred, centred]), axes));
  return { xhat: to.b.op('Mul', [centred, r]), r };
}

/** Each channel's scale and shift, where they are learned. */
function scaledAndShifted(to: LoweringContext, xhat: TfTensor): TfTensor {
  const [weight, bias] = to.inputs.slice(1).map((v) => overChannels(to, v, to.rank()));
  return weight && bias ? to.b.op('AddV2', [to.b.op('Mul', [xhat, weight]), bias]) : xhat;
}

/** (x) or (x, weight, bias) -> y. */
export const instancenorm: Lowering = (to) =>
  scaledAndShifted(to, standardized(to, to.input(0), plane(to.rank())).xhat);

/** As [N, space, groups, channels of each]: over space and the channels of a group. */
export const groupnorm: Lowering = (to) => {
  const shape = to.shape(to.value(0));
  const groups = numberAttr(to.attrs, 'groups');
  const apart = [shape[0] as Dim, num(-1), num(groups), num(to.channels() / groups)];
  const grouped = to.b.reshape(to.input(0), to.dims(apart));
  return scaledAndShifted(to, to.reshape(standardized(to, grouped, [1, 3]).xhat, shape));
};

/** Over the channels of each pixel, which are the last axis. */
export const layernorm: Lowering = (to) => scaledAndShifted(to, standardized(to, to.input(0), [to.rank() - 1]).xhat);

/** (dy, x) -> dx, or (dy, x, gamma) -> dx, dgamma, dbeta. */
export const instancenormGrad: Lowering = (to) => {
  const { b } = to;
  const rank = to.rank(1);
  const [dy, x] = [to.input(0), to.input(1)];
  const { xhat, r } = standardized(to, x, plane(rank));
  const weighted = b.op('Mul', [dy, xhat]);
  const pulled = b.op('AddV2', [
    meanOver(to, dy, plane(rank)),
    b.op('Mul', [xhat, meanOver(to, weighted, plane(rank))]),
  ]);
  const inner = b.op('Mul', [b.op('Sub', [dy, pulled]), r]);
  const gamma = to.inputs[2];
  if (gamma === undefined) return inner;
  const axes = b.ints(Array.from({ length: rank - 1 }, (_, k) => k));
  const total = (t: TfTensor) => b.op('Sum', [t, axes], { Tidx: { type: 'int32' } });
  return [b.op('Mul', [inner, gamma]), total(weighted), total(dy)];
};
