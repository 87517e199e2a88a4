import type { Value } from '../../../ir/graph.js';
import { boolAttr, numberAttr } from '../../../ops/attrs.js';
import { type Lowering, type LoweringContext, product } from '../lowering.js';
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
  // The kernel answers the unbiased variance.
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

/** Mean over the space of each channel of each image, which stays as 1. */
function planeMean(to: LoweringContext, t: TfTensor, rank: number): TfTensor {
  const axes = Array.from({ length: rank - 2 }, (_, i) => i + 1);
  return to.b.op('Mean', [t, to.b.ints(axes)], { Tidx: { type: 'int32' }, keep_dims: { bool: true } });
}

/** xhat and 1 / sqrt(variance + eps) of each plane. */
function standardized(to: LoweringContext, x: TfTensor, rank: number): { xhat: TfTensor; r: TfTensor } {
  const centred = to.b.op('Sub', [x, planeMean(to, x, rank)]);
  const r = inverseDeviation(to, planeMean(to, to.b.op('Mul', [centred, centred]), rank));
  return { xhat: to.b.op('Mul', [centred, r]), r };
}

/** (x) or (x, weight, bias) -> y. */
export const instancenorm: Lowering = (to) => {
  const { xhat } = standardized(to, to.input(0), to.rank());
  if (!boolAttr(to.attrs, 'affine', false)) return xhat;
  const [weight, bias] = [1, 2].map((k) => overChannels(to, to.input(k), to.rank())) as [TfTensor, TfTensor];
  return to.b.op('AddV2', [to.b.op('Mul', [xhat, weight]), bias]);
};

/** (dy, x) -> dx, or (dy, x, gamma) -> dx, dgamma, dbeta. */
export const instancenormGrad: Lowering = (to) => {
  const { b } = to;
  const rank = to.rank(1);
  const [dy, x] = [to.input(0), to.input(1)];
  const { xhat, r } = standardized(to, x, rank);
  const weighted = b.op('Mul', [dy, xhat]);
  const pulled = b.op('AddV2', [planeMean(to, dy, rank), b.op('Mul', [xhat, planeMean(to, weighted, rank)])]);
  const inner = b.op('Mul', [b.op('Sub', [dy, pulled]), r]);
  const gamma = to.inputs[2];
  if (gamma === undefined) return inner;
  const axes = b.ints(Array.from({ length: rank - 1 }, (_, k) => k));
  const total = (t: TfTensor) => b.op('Sum', [t, axes], { Tidx: { type: 'int32' } });
  return [b.op('Mul', [inner, gamma]), total(weighted), total(dy)];
};
