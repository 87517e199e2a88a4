import { say } from '../../grammar/say.js';
import { known, knownShape, num, printShape } from '../ir/dim.js';
import type { Attrs, TensorType, Value } from '../ir/graph.js';
import { affineOf } from './activations.js';
import { boolAttr, listAttr } from './attrs.js';
import type { GradientContext, Inferred, Op, Refusal } from './op.js';
import { refuse } from './refusal.js';

function infer(op: string, attrs: Attrs, inputs: readonly TensorType[]): Inferred | Refusal {
  const axes = listAttr(attrs, 'axes');
  const { dtype, shape } = inputs[0]!;
  if (axes.some((a) => a < 0 || a >= shape.length) || new Set(axes).size < axes.length) {
    const what = `${op} over axes ${axes.join(', ')} of a tensor ${printShape(shape)}`;
    return refuse(say.badArgument.internal({ what }), [], 0);
  }
  const keep = boolAttr(attrs, 'keepdims');
  return {
    outputs: [{ dtype, shape: shape.flatMap((d, i) => (axes.includes(i) ? (keep ? [num(1)] : []) : [d])) }],
  };
}

/** Repeats a reduced gradient over the axes that were reduced. */
function spread(dy: Value, { attrs, inputs, build }: GradientContext): Value {
  const axes = listAttr(attrs, 'axes');
  const shape = knownShape(inputs[0]!.type.shape);
  const ones = shape.map((size, i) => (axes.includes(i) ? 1 : size));
  const kept = boolAttr(attrs, 'keepdims') ? dy : build.emit('reshape', [dy], { shape: ones });
  return build.emit('broadcast_to', [kept], { shape });
}

export const reduceSum: Op = {
  doc: 'Sum over `axes`, which become 1 (`keepdims`) or go.',
  infer: (attrs, inputs) => infer('reduce_sum', attrs, inputs),
  gradient: (context) => {
    const dy = context.outputGradients[0];
    return [dy ? spread(dy, context) : null];
  },
};

export const reduceMean: Op = {
  doc: 'Mean over `axes`, which become 1 (`keepdims`) or go.',
  infer: (attrs, inputs) => infer('reduce_mean', attrs, inputs),
  gradient: (context) => {
    const dy = context.outputGradients[0];
    if (!dy) return [null];
    const shape = context.inputs[0]!.type.shape;
    const count = listAttr(context.attrs, 'axes').reduce((n, axis) => n * known(shape[axis]!), 1);
    return [spread(affineOf(context.build, dy, 1 / count, 0), context)];
  },
};
