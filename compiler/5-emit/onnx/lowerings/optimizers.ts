import { boolAttr, numberAttr } from '../../../ops/attrs.js';
import type { Lowering } from '../lowering.js';
import { scaled } from './elementwise.js';

/** Whole-vector operators only: the number of nodes does not grow with the network. */

/** (parameters[, momentum], gradient, lr) -> parameters[, momentum]. */
export const sgdUpdate: Lowering = (to) => {
  const { model, inputs, attrs } = to;
  const momentum = inputs.length === 4 ? to.input(1) : undefined;
  const [parameters, gradient, lr] = [to.input(0), ...inputs.slice(-2)] as [string, string, string];
  const decay = numberAttr(attrs, 'weight_decay');
  const share = numberAttr(attrs, 'momentum');
  const g = decay === 0 ? gradient : model.node('Add', [gradient, scaled(to, parameters, decay, 0)]);
  const moved = (direction: string) => model.node('Sub', [parameters, model.node('Mul', [direction, lr])]);
  if (momentum === undefined) return moved(g);
  const next = model.node('Add', [scaled(to, momentum, share, 0), g]);
  return [moved(boolAttr(attrs, 'nesterov') ? model.node('Add', [g, scaled(to, next, share, 0)]) : next), next];
};

/** (parameters, m, v, gradient, lr, step) -> parameters, m, v; 1 - beta^t as 1 - exp(t ln beta), on scalars. */
export const adamUpdate: Lowering = (to) => {
  const { model, attrs } = to;
  const [parameters, m, v, gradient, lr, step] = to.inputs as [string, string, string, string, string, string];
  const [beta1, beta2] = [numberAttr(attrs, 'beta1'), numberAttr(attrs, 'beta2')];
  const decay = numberAttr(attrs, 'weight_decay');
  const decoupled = boolAttr(attrs, 'decoupled');
  const g = decay === 0 || decoupled ? gradient : model.node('Add', [gradient, scaled(to, parameters, decay, 0)]);
  const nextM = model.node('Add', [scaled(to, m, beta1, 0), scaled(to, g, 1 - beta1, 0)]);
  const nextV = model.node('Add', [scaled(to, v, beta2, 0), model.node('Mul', [scaled(to, g, 1 - beta2, 0), g])]);
  const correction = (beta: number) => scaled(to, model.node('Exp', [scaled(to, step, Math.log(beta), 0)]), -1, 1);
  const root = model.node('Sqrt', [correction(beta2)]);
  const rate = model.node('Div', [lr, correction(beta1)]);
  const denominator = scaled(to, model.node('Div', [model.node('Sqrt', [nextV]), root]), 1, numberAttr(attrs, 'eps'));
  const moved = model.node('Div', [model.node('Mul', [nextM, rate]), denominator]);
  const kept = decoupled && decay !== 0 ? model.node('Mul', [parameters, scaled(to, lr, -decay, 1)]) : parameters;
  return [model.node('Sub', [kept, moved]), nextM, nextV];
};
