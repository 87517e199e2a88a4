import { boolAttr, numberAttr } from '../../../ops/attrs.js';
import type { Lowering, LoweringContext } from '../lowering.js';
import type { TfTensor } from '../node.js';
import { overChannels } from './window.js';

/** A TensorFlow operator that means the same as ours, on the same inputs. */
export const same =
  (op: string): Lowering =>
  (to) =>
    to.b.op(op, to.inputs);

/**
 * A sum, from the left. Not by AddN: it begins with whichever of its inputs has no other consumer left, so in an order that
 * depends on what has run by then, and the last bit with it.
 */
export const total = ({ b }: LoweringContext, parts: readonly TfTensor[]): TfTensor =>
  parts.reduce((sum, part) => b.op('AddV2', [sum, part]));

/** Folds a list from the left with an operator of two. */
const folded =
  (op: string): Lowering =>
  (to) =>
    to.inputs.reduce((a, b) => to.b.op(op, [a, b]));

export const add: Lowering = (to) => total(to, to.inputs);

export const mean: Lowering = (to) => scaled(to, add(to) as TfTensor, 1 / to.inputs.length, 0);

export const max: Lowering = folded('Maximum');

/** A comparison that returns 1 or 0. */
export const comparison =
  (op: string): Lowering =>
  (to) => {
    const { type } = to.input(0);
    return to.b.cast(to.b.split(op, to.inputs, { T: { type } }, ['bool'])[0] as TfTensor, type);
  };

export const identity: Lowering = (to) => to.input(0);

/** `x * scale + shift`, as few operators as it takes. */
export function scaled({ b }: LoweringContext, x: TfTensor, scale: number, shift: number): TfTensor {
  if (scale === -1) return shift === 0 ? b.op('Neg', [x]) : b.op('Sub', [b.float(shift, x.type), x]);
  const product = scale === 1 ? x : b.op('Mul', [x, b.float(scale, x.type)]);
  return shift === 0 ? product : b.op('AddV2', [product, b.float(shift, x.type)]);
}

export const affine: Lowering = (to) =>
  scaled(to, to.input(0), numberAttr(to.attrs, 'scale'), numberAttr(to.attrs, 'shift'));

export const pow: Lowering = (to) => {
  const x = to.input(0);
  const exponent = numberAttr(to.attrs, 'exponent');
  if (exponent === 1) return x;
  if (exponent === 2) return to.b.op('Mul', [x, x]);
  if (exponent === 0.5) return to.b.op('Sqrt', [x]);
  return to.b.op('Pow', [x, to.b.float(exponent, x.type)]);
};

export const clip: Lowering = (to) => {
  const x = to.input(0);
  const bound = (name: string) => to.b.float(numberAttr(to.attrs, name), x.type);
  return to.b.op('Minimum', [to.b.op('Maximum', [x, bound('min')]), bound('max')]);
};

export const leakyRelu: Lowering = (to) =>
  to.b.op('LeakyRelu', to.inputs, { alpha: { float: numberAttr(to.attrs, 'slope', 0.01) } });

/** Slopes, one or one a channel, line up with the last axis: max(x, 0) + slope * min(x, 0). */
export const prelu: Lowering = (to) => {
  const x = to.input(0);
  const below = to.b.op('Mul', [
    to.b.op('Minimum', [x, to.b.float(0, x.type)]),
    overChannels(to, to.input(1), to.rank()),
  ]);
  return to.b.op('AddV2', [to.b.op('Relu', [x]), below]);
};

/** TensorFlow's Elu has alpha 1: max(x, 0) + alpha * elu(min(x, 0)). */
export const elu: Lowering = (to) => {
  const x = to.input(0);
  const alpha = numberAttr(to.attrs, 'alpha', 1);
  if (alpha === 1) return to.b.op('Elu', [x]);
  const below = to.b.op('Elu', [to.b.op('Minimum', [x, to.b.float(0, x.type)])]);
  return to.b.op('AddV2', [to.b.op('Relu', [x]), scaled(to, below, alpha, 0)]);
};

export const silu: Lowering = (to) => to.b.op('Mul', [to.input(0), to.b.op('Sigmoid', [to.input(0)])]);

/** The normal distribution function, (1 + erf(x / sqrt 2)) / 2. */
const normalDistribution = (to: LoweringContext, x: TfTensor): TfTensor =>
  scaled(to, to.b.op('Erf', [scaled(to, x, Math.SQRT1_2, 0)]), 0.5, 0.5);

export const gelu: Lowering = (to) => to.b.op('Mul', [to.input(0), normalDistribution(to, to.input(0))]);

/** dy * (Phi(x) + x * phi(x)), phi the normal density. */
export const geluGrad: Lowering = (to) => {
  const { b } = to;
  const [dy, x] = [to.input(0), to.input(1)];
  const density = scaled(to, b.op('Exp', [scaled(to, b.op('Mul', [x, x]), -0.5, 0)]), 1 / Math.sqrt(2 * Math.PI), 0);
  const slope = b.op('AddV2', [normalDistribution(to, x), b.op('Mul', [x, density])]);
  return b.op('Mul', [dy, slope]);
};

/** TensorFlow's kernels work along the last axis, where channels are. */
export const softmax =
  (op: 'Softmax' | 'LogSoftmax'): Lowering =>
  (to) => {
    const rank = to.rank();
    const at = to.axis(to.value(0), numberAttr(to.attrs, 'axis', 1));
    const order = Array.from({ length: rank }, (_, k) => k);
    const swapped = order.with(at, rank - 1).with(rank - 1, at);
    return to.b.transpose(to.b.op(op, [to.b.transpose(to.input(0), swapped)]), swapped);
  };

export const keepdims = (to: LoweringContext): boolean => boolAttr(to.attrs, 'keepdims');
