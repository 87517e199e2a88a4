import { say } from '../../grammar/say.js';
import { printShape } from '../ir/dim.js';
import type { Attrs, TensorType, Value } from '../ir/graph.js';
import { numberAttr } from './attrs.js';
import type { GradientBuilder, Inferred, Op, Refusal } from './op.js';
import { refuse } from './refusal.js';

function sameWithAxis(op: string, attrs: Attrs, inputs: readonly TensorType[]): Inferred | Refusal {
  const axis = numberAttr(attrs, 'axis', 1);
  const rank = inputs[0]!.shape.length;
  if (axis < 0 || axis >= rank) {
    const said = say.badArgument.axis({ op, axis, shape: printShape(inputs[0]!.shape), last: rank - 1 });
    return refuse(said, ['axis 1 is the channels']);
  }
  return { outputs: [inputs[0]!] };
}

const sumOver = (build: GradientBuilder, x: Value, attrs: Attrs): Value =>
  build.emit('reduce_sum', [x], { axes: [numberAttr(attrs, 'axis', 1)], keepdims: true });

export const softmax: Op = {
  doc: 'exp(x) over its sum along `axis`: positive, with sum 1.',
  range: [0, 1],
  language: {
    tensors: 'one',
    args: [{ name: 'axis', type: 'int', default: 1, least: 0, doc: 'Along which it sums; 1: channels.' }],
  },
  infer: (attrs, inputs) => sameWithAxis('softmax', attrs, inputs),
  gradient({ attrs, outputs, outputGradients, build }) {
    const dy = outputGradients[0];
    const y = outputs[0]!;
    if (!dy) return [null];
    // dx = y (dy - sum(dy y))
    const weighted = sumOver(build, build.emit('mul', [dy, y]), attrs);
    return [build.emit('mul', [y, build.emit('sub', [dy, weighted])])];
  },
};

export const logSoftmax: Op = {
  doc: 'The logarithm of softmax along `axis`, computed without leaving range.',
  infer: (attrs, inputs) => sameWithAxis('log_softmax', attrs, inputs),
  gradient({ attrs, outputs, outputGradients, build }) {
    const dy = outputGradients[0];
    if (!dy) return [null];
    const share = build.emit('mul', [build.emit('exp', [outputs[0]!]), sumOver(build, dy, attrs)]);
    return [build.emit('sub', [dy, share])];
  },
};
