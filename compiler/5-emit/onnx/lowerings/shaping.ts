import { boolAttr, listAttr, numberAttr, stringAttr } from '../../../ops/attrs.js';
import { resolveSides } from '../../../ops/pad.js';
import type { Lowering } from '../lowering.js';
import { filled } from './zeros.js';

/** ONNX's way to say "to the end of the dimension". */
export const toTheEnd = Number.MAX_SAFE_INTEGER;

export const concat: Lowering = (to) =>
  to.inputs.length === 1 ? to.input(0) : to.model.node('Concat', to.inputs, { axis: numberAttr(to.attrs, 'axis', 1) });

export const reshape: Lowering = (to) =>
  to.model.node('Reshape', [to.input(0), to.model.ints(listAttr(to.attrs, 'shape'))]);

export const broadcastTo: Lowering = (to) =>
  to.model.node('Expand', [to.input(0), to.model.ints(listAttr(to.attrs, 'shape'))]);

/** A scalar is written out; anything larger is filled by the engine, so a file does not hold zeros. */
export const constant: Lowering = ({ model, attrs }) => {
  const value = numberAttr(attrs, 'value');
  const shape = listAttr(attrs, 'shape');
  if (shape.length === 0) return model.float(value);
  return filled(model, shape, value);
};

/** ONNX's element type numbers. */
const castTo: Readonly<Record<string, number>> = { f32: 1, f16: 10, bf16: 16 };

export const cast: Lowering = (to) =>
  to.model.node('Cast', [to.input(0)], { to: castTo[stringAttr(to.attrs, 'to')] as number });

export const slice: Lowering = (to) => {
  const { model } = to;
  const start = numberAttr(to.attrs, 'start');
  const end = start + numberAttr(to.attrs, 'length');
  return model.node('Slice', [
    to.input(0),
    model.ints([start]),
    model.ints([end]),
    model.ints([numberAttr(to.attrs, 'axis')]),
  ]);
};

export const split: Lowering = (to) => {
  const lengths = listAttr(to.attrs, 'lengths');
  if (lengths.length === 1) return to.input(0);
  const axis = numberAttr(to.attrs, 'axis');
  return to.model.split('Split', [to.input(0), to.model.ints(lengths)], lengths.length, { axis });
};

export const pad: Lowering = (to) => {
  const { begin, end } = resolveSides(to.attrs, to.spatialRank());
  return to.model.node('Pad', [to.input(0), to.model.ints([0, 0, ...begin, 0, 0, ...end])]);
};

export const crop: Lowering = (to) => {
  const { model } = to;
  const { begin, end } = resolveSides(to.attrs, to.spatialRank());
  return model.node('Slice', [
    to.input(0),
    model.ints(begin),
    model.ints(end.map((n) => (n === 0 ? toTheEnd : -n))),
    model.ints(begin.map((_, i) => i + 2)),
  ]);
};

/** No axes means no reduction to us, all of them to ONNX. */
export const reduceSum: Lowering = (to) => {
  const axes = listAttr(to.attrs, 'axes');
  if (axes.length === 0) return to.input(0);
  return to.model.node('ReduceSum', [to.input(0), to.model.ints(axes)], { keepdims: keepdims(to.attrs) });
};

export const reduceMean: Lowering = (to) => {
  const axes = listAttr(to.attrs, 'axes');
  if (axes.length === 0) return to.input(0);
  return to.model.node('ReduceMean', [to.input(0)], { axes, keepdims: keepdims(to.attrs) });
};

const keepdims = (attrs: Parameters<typeof boolAttr>[0]): number => (boolAttr(attrs, 'keepdims') ? 1 : 0);
