import { say } from '../../grammar/say.js';
import { isNumber, num, printShape } from '../ir/dim.js';
import { listAttr, numberAttr } from './attrs.js';
import type { Op } from './op.js';
import { refuse } from './refusal.js';

/** The parts that `concat` would join again. Where all are needed, its gradient is one copy; that of slices is a sum. */
export const split: Op = {
  doc: 'Parts of `lengths` along `axis`, in order.',
  infer(attrs, inputs) {
    const axis = numberAttr(attrs, 'axis');
    const lengths = listAttr(attrs, 'lengths');
    const { dtype, shape } = inputs[0]!;
    const size = shape[axis];
    const sum = lengths.reduce((a, b) => a + b, 0);
    if (size === undefined || !isNumber(size) || size.offset !== sum || lengths.some((n) => n < 1)) {
      return refuse(
        say.badArgument.internal({ what: `parts of ${lengths} along axis ${axis} are not ${printShape(shape)}` }),
        [],
        0,
      );
    }
    return { outputs: lengths.map((length) => ({ dtype, shape: shape.with(axis, num(length)) })) };
  },
  gradient({ attrs, outputs, outputGradients, build }) {
    if (outputGradients.every((dy) => dy === null)) return [null];
    const axis = numberAttr(attrs, 'axis');
    const parts = outputs.map(({ type: { shape } }, k) => {
      return outputGradients[k] ?? build.emit('constant', [], { value: 0, shape: shape.map((d) => d.offset) });
    });
    return [parts.length === 1 ? parts[0]! : build.emit('concat', parts, { axis })];
  },
};
