import { say } from '../../grammar/say.js';
import { type Dim, isNumber, known, num, printShape, type Shape, sameDim } from '../ir/dim.js';
import type { TensorType, Value } from '../ir/graph.js';
import type { GradientBuilder, Refusal } from './op.js';
import { oddOneOut, ordinal, refuse, resizeHints } from './refusal.js';

const isOne = (d: Dim): boolean => isNumber(d) && d.offset === 1;

/** Whether two shapes broadcast: one is a scalar, or the ranks agree and each size agrees or is 1 on a side. */
export const canBroadcast = (a: Shape, b: Shape): boolean =>
  a.length === 0 ||
  b.length === 0 ||
  (a.length === b.length && a.every((d, i) => isOne(d) || isOne(b[i]!) || sameDim(d, b[i]!)));

/** The shape that all inputs broadcast to (NumPy's rule among equal ranks; scalars fit everywhere). */
export function broadcastShapes(op: string, inputs: readonly TensorType[]): Shape | Refusal {
  const shapes = inputs.map((t) => t.shape);
  if (shapes.length === 0) {
    return refuse(say.noInputs.list({ op }), ['give it at least one tensor']);
  }
  const clash = oddOneOut(shapes, canBroadcast);
  if (clash !== null) return mismatch(op, shapes, clash.odd, clash.against);
  const rank = Math.max(...shapes.map((s) => s.length));
  return Array.from({ length: rank }, (_, i) => {
    const sizes = shapes.filter((s) => s.length > 0).map((s) => s[i]!);
    return sizes.find((d) => !isOne(d)) ?? num(1);
  });
}

function mismatch(op: string, shapes: readonly Shape[], odd: number, against: number): Refusal {
  const a = shapes[odd]!;
  const b = shapes[against]!;
  const which = `the ${ordinal(odd)} input`;
  const facts = `${which} is ${printShape(a)}, the ${ordinal(against)} is ${printShape(b)}`;
  if (a.length !== b.length) {
    return refuse(say.shapeMismatch.rank({ op, facts }), [], odd);
  }
  const onlyChannels = a.every((d, i) => i === 1 || canBroadcast([d], [b[i]!]));
  if (onlyChannels) {
    const hint = isNumber(b[1]!)
      ? [`bring ${which} to ${b[1]!.offset} channels: conv(${b[1]!.offset}, kernel: 1)`]
      : [];
    return refuse(say.channelMismatch.element({ op, facts }), hint, odd);
  }
  return refuse(say.shapeMismatch.element({ op, facts }), resizeHints(a, b, which), odd);
}

/** The gradient of a broadcast: sums `gradient` over what was repeated, back to the shape of `input`. */
export function reduceTo(build: GradientBuilder, gradient: Value, input: Value): Value {
  const from = gradient.type.shape;
  const to = input.type.shape;
  if (to.length === 0) {
    return from.length === 0
      ? gradient
      : build.emit('reduce_sum', [gradient], { axes: from.map((_, i) => i), keepdims: false });
  }
  const axes = from.flatMap((d, i) => (isOne(to[i]!) && known(d) !== 1 ? [i] : []));
  return axes.length === 0 ? gradient : build.emit('reduce_sum', [gradient], { axes, keepdims: true });
}
