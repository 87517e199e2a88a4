import { say } from '../../grammar/say.js';
import { isNumber, known, knownShape, num, printShape } from '../ir/dim.js';
import { numberAttr } from './attrs.js';
import type { Op } from './op.js';
import { refuse } from './refusal.js';

export const slice: Op = {
  doc: '`length` elements from `start` along `axis`.',
  infer(attrs, inputs) {
    const axis = numberAttr(attrs, 'axis');
    const start = numberAttr(attrs, 'start');
    const length = numberAttr(attrs, 'length');
    const { dtype, shape } = inputs[0]!;
    const size = shape[axis];
    if (size === undefined || start < 0 || length < 1 || (isNumber(size) && start + length > size.offset)) {
      const what = `slice of ${length} from ${start} along axis ${axis} is outside of ${printShape(shape)}`;
      return refuse(say.badArgument.internal({ what }), [], 0);
    }
    const outputs = [{ dtype, shape: shape.map((d, i) => (i === axis ? num(length) : d)) }];
    return isNumber(size) ? { outputs } : { outputs, constraints: [{ dim: size, least: start + length }] };
  },
  gradient({ attrs, inputs, outputGradients, build }) {
    const dy = outputGradients[0];
    if (!dy) return [null];
    const axis = numberAttr(attrs, 'axis');
    const start = numberAttr(attrs, 'start');
    const shape = knownShape(inputs[0]!.type.shape);
    const zeros = (length: number) =>
      length === 0 ? [] : [build.emit('constant', [], { value: 0, shape: shape.with(axis, length) })];
    const after = shape[axis]! - start - known(dy.type.shape[axis]!);
    const parts = [...zeros(start), dy, ...zeros(after)];
    return [parts.length === 1 ? dy : build.emit('concat', parts, { axis })];
  },
};
