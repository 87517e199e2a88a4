import { boolAttr, numberAttr } from '../../../ops/attrs.js';
import type { Lowering, LoweringContext } from '../lowering.js';
import type { TfTensor } from '../node.js';
import { scaled } from './elementwise.js';

/** Optimizers on tensors. A training graph keeps its state in variables instead and uses TensorFlow's kernels: ../state.ts. */

/** g + decay * parameters. */
export const penalized = (to: LoweringContext, gradient: TfTensor, parameters: TfTensor, decay: number): TfTensor =>
  decay === 0 ? gradient : to.b.op('AddV2', [gradient, scaled(to, parameters, decay, 0)]);

/** (parameters[, momentum], gradient, lr) -> parameters[, momentum]. */
export const sgdUpdate: Lowering = (to) => {
  const { b, inputs, attrs } = to;
  const momentum = inputs.length === 4 ? to.input(1) : undefined;
  const [parameters, gradient, lr] = [to.input(0), ...inputs.slice(-2)] as [TfTensor, TfTensor, TfTensor];
  const share = numberAttr(attrs, 'momentum');
  const g = penalized(to, gradient, parameters, numberAttr(attrs, 'weight_decay'));
  const moved = (direction: TfTensor) => b.op('Sub', [parameters, b.op('Mul', [direction, lr])]);
  if (momentum === undefined) return moved(g);
  const next = b.op('AddV2', [scaled(to, momentum, share, 0), g]);
  return [moved(boolAttr(attrs, 'nesterov') ? b.op('AddV2', [g, scaled(to, next, share, 0)]) : next), next];
};

/** beta^t, as exp(t ln beta). */
export const power = (to: LoweringContext, beta: number, step: TfTensor): TfTensor =>
  to.b.op('Exp', [scaled(to, step, Math.log(beta), 0)]);

/** (parameters, m, v, gradient, lr, step) -> parameters, m, v. */
export const adamUpdate: Lowering = (to) => {
  const { b, attrs } = to;
  const [parameters, m, v, gradient, lr, step] = to.inputs as [
    TfTensor,
    TfTensor,
    TfTensor,
    TfTensor,
    TfTensor,
    TfTensor,
  ];
  const [beta1, beta2] = [numberAttr(attrs, 'beta1'), numberAttr(attrs, 'beta2')];
  const decay = numberAttr(attrs, 'weight_decay');
  const decoupled = boolAttr(attrs, 'decoupled');
  const g = decoupled ? gradient : penalized(to, gradient, parameters, decay);
  const nextM = b.op('AddV2', [scaled(to, m, beta1, 0), scaled(to, g, 1 - beta1, 0)]);
  const nextV = b.op('AddV2', [scaled(to, v, beta2, 0), scaled(to, b.op('Mul', [g, g]), 1 - beta2, 0)]);
  const correction = (beta: number) => scaled(to, power(to, beta, step), -1, 1);
  const deviation = b.op('RealDiv', [b.op('Sqrt', [nextV]), b.op('Sqrt', [correction(beta2)])]);
  const rate = b.op('RealDiv', [lr, correction(beta1)]);
  const moved = b.op('RealDiv', [b.op('Mul', [nextM, rate]), scaled(to, deviation, 1, numberAttr(attrs, 'eps'))]);
  const kept = decoupled && decay !== 0 ? b.op('Mul', [parameters, scaled(to, lr, -decay, 1)]) : parameters;
  return [b.op('Sub', [kept, moved]), nextM, nextV];
};
