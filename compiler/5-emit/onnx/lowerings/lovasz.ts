import { product } from '../../shared.js';
import type { Lowering } from '../lowering.js';
import { zeros } from './zeros.js';

/** ONNX's element type number of float, for Cast. */
const float = 1;

/** Sorted by TopK, counted by CumSum, and put back where the elements came from. Sums of 0 and 1 are exact up to 2^24. */
export const lovaszWeights: Lowering = (to) => {
  const { model } = to;
  const shape = to.shape(0);
  const [n = 1, k = 1, ...space] = shape;
  const flat = [n * k, product(space)];
  const rows = (x: string): string => model.node('Reshape', [x, model.ints(flat)]);
  const [, order] = model.split('TopK', [rows(to.input(0)), model.ints([product(space)])], 2, { axis: 1 }) as [
    string,
    string,
  ];
  const truth = model.node('GatherElements', [rows(to.input(1)), order], { axis: 1 });
  const lies = model.node('Sub', [model.float(1), truth]);
  const sofar = (x: string): string => model.node('CumSum', [x, model.int(1)]);
  const all = model.node('ReduceSum', [truth, model.ints([1])], { keepdims: 1 });
  const left = model.node('Sub', [all, sofar(truth)]);
  const union = model.node('Add', [all, sofar(lies)]);
  const others = model.node('Sub', [union, model.float(1)]);
  const alone = model.node('Cast', [model.node('Less', [others, model.float(0.5)])], { to: float });
  const wrong = model.node('Div', [
    model.node('Add', [left, alone]),
    model.node('Mul', [union, model.node('Max', [others, model.float(1)])]),
  ]);
  const weights = model.node('Add', [model.node('Div', [truth, union]), model.node('Mul', [lies, wrong])]);
  const back = model.node('ScatterElements', [zeros(model, flat), order, weights], { axis: 1 });
  return model.node('Reshape', [back, model.ints(shape)]);
};
