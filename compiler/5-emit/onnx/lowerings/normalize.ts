import { numberAttr } from '../../../ops/attrs.js';
import { product } from '../../shared.js';
import type { Lowering, LoweringContext } from '../lowering.js';
import { reshaped, sizesOf } from './sizes.js';

const eps = (to: LoweringContext): number => numberAttr(to.attrs, 'eps', 1e-5);

/** A vector over channels, [C], as something that broadcasts over [N, C, ...spatial]. */
const overChannels = (to: LoweringContext, vector: string, k: number): string =>
  to.model.node('Reshape', [vector, to.model.ints([1, -1, ...new Array<number>(to.spatialRank(k)).fill(1)])]);

const asVector = (to: LoweringContext, x: string): string => to.model.node('Reshape', [x, to.model.ints([-1])]);

export const batchnorm: Lowering = (to) =>
  to.model.node('BatchNormalization', to.inputs, { epsilon: { float: eps(to) } });

/** A scale of 1 and a shift of 0 for each of `count`: ONNX's normalizations always scale and shift. */
const unscaled = (to: LoweringContext, count: number): [string, string] => [
  to.model.floats(new Array<number>(count).fill(1)),
  to.model.floats(new Array<number>(count).fill(0)),
];

export const instancenorm: Lowering = (to) => {
  const inputs = to.inputs.length > 1 ? to.inputs : [to.input(0), ...unscaled(to, to.channels())];
  return to.model.node('InstanceNormalization', inputs, { epsilon: { float: eps(to) } });
};

/** Opset 17 has none: an instance norm of [N, groups, rest], then each channel's scale and shift. */
export const groupnorm: Lowering = (to) => {
  const { model } = to;
  const groups = numberAttr(to.attrs, 'groups');
  const grouped = model.node('Reshape', [to.input(0), model.ints([0, groups, -1])]);
  const normalized = model.node('InstanceNormalization', [grouped, ...unscaled(to, groups)], {
    epsilon: { float: eps(to) },
  });
  const h = reshaped(to, normalized, sizesOf(to));
  const [, scale, shift] = to.inputs;
  if (scale === undefined || shift === undefined) return h;
  return model.node('Add', [model.node('Mul', [h, overChannels(to, scale, 0)]), overChannels(to, shift, 0)]);
};

/** ONNX normalizes over the last dimensions, so channels go there and back: for one image in half the time of means and differences. */
export const layernorm: Lowering = (to) => {
  const { model } = to;
  const space = spatialAxes(to, 0);
  const last = model.node('Transpose', [to.input(0)], { perm: [0, ...space, 1] });
  const own = to.inputs.length > 1 ? to.inputs.slice(1) : unscaled(to, to.channels());
  const h = model.node('LayerNormalization', [last, ...own], { axis: -1, epsilon: { float: eps(to) } });
  return model.node('Transpose', [h], { perm: [0, to.rank() - 1, ...space.map((_, i) => i + 1)] });
};

/** (x, gamma, beta) -> y, mean[C], variance[C]; y = (x - mean) * gamma / sqrt(variance + eps) + beta. */
export const batchnormTrain: Lowering = (to) => {
  const { model } = to;
  const x = to.input(0);
  const axes = [0, ...spatialAxes(to, 0)];
  const mean = model.node('ReduceMean', [x], { axes, keepdims: 1 });
  const centred = model.node('Sub', [x, mean]);
  model.shared.set(centredKey(x), centred);
  const { shape, count } = channelwise(to, 0);
  const variance = model.node('Mul', [dotted(to, centred, centred, 0), model.float(1 / count)]);
  const deviation = model.node('Sqrt', [model.node('Add', [variance, model.float(eps(to))])]);
  const scale = model.node('Div', [overChannels(to, to.input(1), 0), deviation]);
  const y = scaledAndShifted(to, centred, scale, to.input(2), shape);
  return [y, asVector(to, mean), asVector(to, variance)];
};

/** What a batch norm centred is kept in place of what it was given, for its gradient. */
const centredKey = (x: string): string => `centred ${x}`;

/** The shape of input k, and the elements of each of its channels. */
function channelwise(to: LoweringContext, k: number): { shape: number[]; count: number } {
  const shape = to.shape(k);
  return { shape, count: product(shape) / (shape[1] as number) };
}

/**
 * For each channel the sum of a * b, [1, C, 1...]. In ONNX Runtime alone by a product of one row and one column for each image and channel,
 * which reads both once and writes nothing: FusedMatMul is what its optimizer makes of MatMul and Transpose, where it doesn't take a transpose of
 * one row for a mere reshape, after which the product takes ten times as long.
 */
function dotted(to: LoweringContext, a: string, b: string, k: number): string {
  const { model } = to;
  const [n, channels, ...space] = to.shape(k) as [number, number, ...number[]];
  const axes = model.ints([0, ...space.map((_, i) => i + 2)]);
  if (model.block === 0) return model.node('ReduceSum', [model.node('Mul', [a, b]), axes], { keepdims: 1 });
  const rows = (t: string): string => model.node('Reshape', [t, model.ints([n * channels, 1, product(space)])]);
  const each = model.foreign('com.microsoft', 'FusedMatMul', [rows(a), rows(b)], { transB: 1 });
  const shaped = model.node('Reshape', [each, model.ints([n, channels, ...space.map(() => 1)])]);
  return n === 1 ? shaped : model.node('ReduceSum', [shaped, model.ints([0])], { keepdims: 1 });
}

/** Elements of a plane from which on a convolution of it is no slower for being one of many. */
const smallestPlane = 256;

/**
 * x * scale + shift, channel by channel (`scale` of [1, C, 1...], `shift` of [C]). On a CPU a depthwise convolution of one tap: one pass instead of two, and
 * an activation behind it is fused.
 */
function scaledAndShifted(
  to: LoweringContext,
  x: string,
  scale: string,
  shift: string,
  shape: readonly number[],
): string {
  const { model } = to;
  const [, channels, ...space] = shape as [number, number, ...number[]];
  const ones = space.map(() => 1);
  if (model.device !== 'cpu' || space.length === 0 || space.length > 3 || product(space) < smallestPlane) {
    const over = model.node('Reshape', [shift, model.ints([1, channels, ...ones])]);
    return model.node('Add', [model.node('Mul', [x, scale]), over]);
  }
  const filters = model.node('Reshape', [scale, model.ints([channels, 1, ...ones])]);
  return model.node('Conv', [x, filters, shift], { kernel_shape: ones, group: channels });
}

/**
 * (dy, x, gamma, mean, variance) -> dx, dgamma, dbeta. With n elements a channel, r = 1 / sqrt(variance + eps),
 * xhat = (x - mean) r:
 *   dbeta = sum dy     dgamma = sum dy xhat     dx = gamma r (dy - dbeta / n - xhat dgamma / n)
 */
export const batchnormGrad: Lowering = (to) => {
  const { model } = to;
  const [dy, x] = [to.input(0), to.input(1)];
  const { shape, count } = channelwise(to, 1);
  const axes = [0, ...spatialAxes(to, 1)];
  const deviation = model.node('Sqrt', [model.node('Add', [overChannels(to, to.input(4), 1), model.float(eps(to))])]);
  const centred = model.shared.get(centredKey(x)) ?? model.node('Sub', [x, overChannels(to, to.input(3), 1)]);
  const dbeta = model.node('ReduceSum', [dy, model.ints(axes)], { keepdims: 1 });
  const dgamma = model.node('Div', [dotted(to, dy, centred, 1), deviation]);
  // dx = (a dy - c) - b (x - mean)
  const a = model.node('Div', [overChannels(to, to.input(2), 1), deviation]);
  const share = model.node('Mul', [a, model.float(-1 / count)]);
  const b = model.node('Div', [model.node('Mul', [share, dgamma]), deviation]);
  const c = asVector(to, model.node('Mul', [share, dbeta]));
  const dx = model.node('Add', [scaledAndShifted(to, dy, a, c, shape), model.node('Mul', [centred, b])]);
  return [dx, asVector(to, dgamma), asVector(to, dbeta)];
};

/** As batch norm's, with every image a batch of its own: the sums run over space only, then over images for gamma, beta. */
export const instancenormGrad: Lowering = (to) => {
  const { model } = to;
  const [dy, x] = [to.input(0), to.input(1)];
  const axes = spatialAxes(to, 1);
  const mean = (t: string) => model.node('ReduceMean', [t], { axes, keepdims: 1 });
  const centred = model.node('Sub', [x, mean(x)]);
  const variance = mean(model.node('Mul', [centred, centred]));
  const deviation = model.node('Sqrt', [model.node('Add', [variance, model.float(eps(to))])]);
  const xhat = model.node('Div', [centred, deviation]);
  const weighted = model.node('Mul', [dy, xhat]);
  const inner = model.node('Sub', [model.node('Sub', [dy, mean(dy)]), model.node('Mul', [xhat, mean(weighted)])]);
  const gamma = to.inputs[2];
  const scale =
    gamma === undefined
      ? model.node('Reciprocal', [deviation])
      : model.node('Div', [overChannels(to, gamma, 1), deviation]);
  const dx = model.node('Mul', [inner, scale]);
  if (gamma === undefined) return dx;
  const total = (t: string) => model.node('ReduceSum', [t, model.ints([0, ...axes])], { keepdims: 0 });
  return [dx, total(weighted), total(dy)];
};

const spatialAxes = (to: LoweringContext, k: number): number[] =>
  Array.from({ length: to.spatialRank(k) }, (_, i) => i + 2);
