import { isNumber, num } from '../../../ir/dim.js';
import { listAttr, numberAttr, stringAttr } from '../../../ops/attrs.js';
import { resolveSides } from '../../../ops/pad.js';
import { imageOrder, inOrder } from '../layout.js';
import type { Lowering, LoweringContext } from '../lowering.js';
import type { TfTensor } from '../node.js';
import { concatenated } from './conv.js';
import { keepdims } from './elementwise.js';
import { padded } from './window.js';

export const concat: Lowering = (to) =>
  concatenated(to, to.inputs, to.axis(to.output(), numberAttr(to.attrs, 'axis', 1)));

/**
 * Elements keep their row-major order in the IR's layout. A filter and the vector it is stored as have TensorFlow's own order
 * on both sides (that of the arena), so between them nothing moves.
 */
export const reshape: Lowering = (to) => {
  const [from, into] = [to.value(0), to.output()];
  const [rankFrom, rankInto] = [from.type.shape.length, into.type.shape.length];
  const target = to.knownShape(into);
  const stored = (filter: typeof from, vector: typeof from) =>
    to.order(filter).length >= 3 && vector.type.shape.length === 1 && to.order(filter)[0] !== 0;
  if (stored(from, into) || stored(into, from)) return to.b.reshape(to.input(0), target);
  const plain = (rank: number) => Array.from({ length: rank }, (_, k) => k);
  const ir = to.relayout(to.input(0), to.order(from), plain(rankFrom));
  const shape = listAttr(to.attrs, 'shape');
  return to.relayout(to.b.reshape(ir, shape), plain(rankInto), to.order(into));
};

export const broadcastTo: Lowering = (to) =>
  to.b.op('BroadcastTo', [to.input(0), to.dims(to.shape(to.output()))], { Tidx: { type: 'int32' } });

export const constant: Lowering = (to) => {
  const value = numberAttr(to.attrs, 'value');
  const shape = to.knownShape(to.output());
  return shape.length === 0 ? to.b.float(value) : to.b.filled(shape, value);
};

export const cast: Lowering = (to) => {
  const type = stringAttr(to.attrs, 'to');
  if (type === 'f16') throw new Error('graphs of TensorFlow are written in f32 and bf16');
  return to.b.cast(to.input(0), type === 'bf16' ? 'bfloat16' : 'float');
};

const index = { Index: { type: 'int32' } } as const;

export const slice: Lowering = (to) => {
  const { b } = to;
  const at = to.axis(to.value(0), numberAttr(to.attrs, 'axis'));
  const shape = to.shape(to.value(0));
  const begin = shape.map((_, k) => (k === at ? numberAttr(to.attrs, 'start') : 0));
  const size = shape.map((_, k) => (k === at ? numberAttr(to.attrs, 'length') : -1));
  return b.op('Slice', [to.input(0), b.ints(begin), b.ints(size)], index);
};

export const split: Lowering = (to) => {
  const { b } = to;
  const x = to.input(0);
  const lengths = listAttr(to.attrs, 'lengths');
  if (lengths.length === 1) return x;
  return b.split(
    'SplitV',
    [x, b.ints(lengths), b.int(to.axis(to.value(0), numberAttr(to.attrs, 'axis')))],
    { T: { type: x.type }, Tlen: { type: 'int32' }, num_split: { int: lengths.length } },
    new Array(lengths.length).fill(x.type),
  );
};

const sides = (to: LoweringContext) => resolveSides(to.attrs, to.spatialRank());

export const pad: Lowering = (to) => {
  const { begin, end } = sides(to);
  // The same padding as a window's, so that its reason for PadV2 holds here too.
  const ones = begin.map(() => 1);
  return padded(to, to.input(0), { kernel: ones, stride: ones, dilation: ones, begin, end }, to.shape(to.value(0)));
};

export const crop: Lowering = (to) => {
  const { begin, end } = sides(to);
  const shape = to.shape(to.output());
  const sizes = shape.map((d, k) => (k === 0 || k === shape.length - 1 ? num(-1) : d));
  const none = [...begin, ...end].every((n) => n === 0);
  if (none) return to.input(0);
  const size = sizes.every(isNumber) ? to.b.ints(sizes.map((d) => d.offset)) : to.dims(sizes);
  return to.b.op('Slice', [to.input(0), to.b.ints([0, ...begin, 0]), size], index);
};

const reduction =
  (op: 'Sum' | 'Mean'): Lowering =>
  (to) => {
    const { b } = to;
    const [x, y] = [to.value(0), to.output()];
    const axes = listAttr(to.attrs, 'axes');
    if (axes.length === 0) return to.input(0);
    const places = axes.map((axis) => to.axis(x, axis)).sort((p, q) => p - q);
    const keep = keepdims(to);
    const out = b.op(op, [to.input(0), b.ints(places)], { Tidx: { type: 'int32' }, keep_dims: { bool: keep } });
    if (keep) return out;
    // What is left stands in the order of the larger tensor.
    const left = to.order(x).filter((axis) => !axes.includes(axis));
    const ranks = [...left].sort((p, q) => p - q);
    return to.relayout(
      out,
      left.map((axis) => ranks.indexOf(axis)),
      to.order(y),
    );
  };

export const reduceSum = reduction('Sum');
export const reduceMean = reduction('Mean');

/** From the IR's layout to that of an image. */
export const toImage = (to: LoweringContext, x: TfTensor, shape: readonly number[]): TfTensor => {
  const order = imageOrder(shape.length);
  const ir = to.b.reshape(x, shape);
  return inOrder(shape, order).length < 3 ? ir : to.b.transpose(ir, order);
};
