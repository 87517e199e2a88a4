import { numberAttr } from '../../../ops/attrs.js';
import type { Lowering, LoweringContext } from '../lowering.js';

/** ONNX's element type numbers, for Cast. */
const float = 1;

/** An ONNX operator that means the same as ours, on the same inputs. */
export const same =
  (op: string): Lowering =>
  (to) =>
    to.model.node(op, to.inputs);

/** ONNX's n-ary operators take one input too, but a copy is a waste. */
export const variadic =
  (pair: string, many: string): Lowering =>
  (to) => {
    if (to.inputs.length === 1) return to.input(0);
    return to.model.node(to.inputs.length === 2 ? pair : many, to.inputs);
  };

/** A comparison that returns 1 or 0. */
export const comparison =
  (op: string): Lowering =>
  ({ model, inputs }) =>
    model.node('Cast', [model.node(op, inputs)], { to: float });

export const identity: Lowering = (to) => to.input(0);

/** `x * scale + shift`, as few operators as it takes. */
export function scaled(to: LoweringContext, x: string, scale: number, shift: number): string {
  const { model } = to;
  if (scale === -1) return shift === 0 ? model.node('Neg', [x]) : model.node('Sub', [to.scalar(shift), x]);
  const product = scale === 1 ? x : model.node('Mul', [x, to.scalar(scale)]);
  return shift === 0 ? product : model.node('Add', [product, to.scalar(shift)]);
}

export const affine: Lowering = (to) =>
  scaled(to, to.input(0), numberAttr(to.attrs, 'scale'), numberAttr(to.attrs, 'shift'));

export const pow: Lowering = (to) => {
  const x = to.input(0);
  const exponent = numberAttr(to.attrs, 'exponent');
  if (exponent === 1) return x;
  if (exponent === 2) return to.model.node('Mul', [x, x]);
  if (exponent === 0.5) return to.model.node('Sqrt', [x]);
  return to.model.node('Pow', [x, to.model.float(exponent)]);
};

export const clip: Lowering = ({ model, inputs, attrs }) => {
  const bound = (name: string) => model.float(numberAttr(attrs, name));
  return model.node('Clip', [...inputs, bound('min'), bound('max')]);
};

export const leakyRelu: Lowering = ({ model, inputs, attrs }) =>
  model.node('LeakyRelu', inputs, { alpha: { float: numberAttr(attrs, 'slope', 0.01) } });

/** ONNX lines the slopes up with the last dimensions. */
export const prelu: Lowering = (to) => {
  const { model } = to;
  const slopes = model.ints([-1, ...new Array<number>(to.spatialRank()).fill(1)]);
  return model.node('PRelu', [to.input(0), model.node('Reshape', [to.input(1), slopes])]);
};

export const elu: Lowering = ({ model, inputs, attrs }) =>
  model.node('Elu', inputs, { alpha: { float: numberAttr(attrs, 'alpha', 1) } });

export const silu: Lowering = (to) => to.model.node('Mul', [to.input(0), to.model.node('Sigmoid', [to.input(0)])]);

/** The normal distribution function, (1 + erf(x / sqrt 2)) / 2. */
function normalDistribution(to: LoweringContext, x: string): string {
  const { model } = to;
  const erf = model.node('Erf', [model.node('Div', [x, model.float(Math.SQRT2)])]);
  return scaled(to, model.node('Add', [erf, model.float(1)]), 0.5, 0);
}

/** In the order in which engines recognize it as one operator. */
export const gelu: Lowering = (to) => {
  const { model } = to;
  const x = to.input(0);
  const erf = model.node('Erf', [model.node('Div', [x, model.float(Math.SQRT2)])]);
  const doubled = model.node('Mul', [x, model.node('Add', [erf, model.float(1)])]);
  return model.node('Mul', [doubled, model.float(0.5)]);
};

/** dy * (Phi(x) + x * phi(x)), phi the normal density. */
export const geluGrad: Lowering = (to) => {
  const { model } = to;
  const [dy, x] = [to.input(0), to.input(1)];
  const exponent = scaled(to, model.node('Mul', [x, x]), -0.5, 0);
  const density = scaled(to, model.node('Exp', [exponent]), 1 / Math.sqrt(2 * Math.PI), 0);
  const slope = model.node('Add', [normalDistribution(to, x), model.node('Mul', [x, density])]);
  return model.node('Mul', [dy, slope]);
};

/**
 * dy where y > 0. HardSigmoid with a steep slope, min(1, max(0, 3e38 y)), is 1 for every positive normal number and 0 for
 * the others: one pass over floats where a comparison, a cast or a sign takes two or three times as long.
 */
export const reluGrad: Lowering = ({ model, inputs }) => {
  const [dy, y] = inputs as [string, string];
  const open = model.node('HardSigmoid', [y], { alpha: { float: 3e38 }, beta: { float: 0 } });
  return model.node('Mul', [dy, open]);
};

export const softmax =
  (op: 'Softmax' | 'LogSoftmax'): Lowering =>
  ({ model, inputs, attrs }) =>
    model.node(op, inputs, { axis: numberAttr(attrs, 'axis', 1) });
