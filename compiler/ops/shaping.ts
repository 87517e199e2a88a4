import { say } from '../../grammar/say.js';
import { isNumber, known, knownShape, num, printShape } from '../ir/dim.js';
import { listAttr } from './attrs.js';
import { canBroadcast, reduceTo } from './broadcast.js';
import type { Op } from './op.js';
import { refuse } from './refusal.js';

export const constant: Op = {
  doc: 'A tensor of `shape` with `value` in every place.',
  infer: (attrs) => ({ outputs: [{ dtype: 'f32', shape: listAttr(attrs, 'shape').map(num) }] }),
  gradient: () => [],
};

export const reshape: Op = {
  doc: 'The same elements in row-major order, as `shape`.',
  infer(attrs, inputs) {
    const shape = listAttr(attrs, 'shape');
    const from = inputs[0]!;
    const count = from.shape.every(isNumber) ? from.shape.reduce((n, d) => n * known(d), 1) : Number.NaN;
    if (count !== shape.reduce((n, d) => n * d, 1)) {
      return refuse(
        say.shapeMismatch.internal({ what: `reshape of ${printShape(from.shape)} to [${shape.join(', ')}]` }),
        [],
        0,
      );
    }
    return { outputs: [{ dtype: from.dtype, shape: shape.map(num) }] };
  },
  gradient({ inputs, outputGradients: [dy], build }) {
    return [dy ? build.emit('reshape', [dy], { shape: knownShape(inputs[0]!.type.shape) }) : null];
  },
};

export const broadcastTo: Op = {
  doc: 'Repeats along dimensions that are 1 (a scalar along all) until the shape is `shape`.',
  infer(attrs, inputs) {
    const shape = listAttr(attrs, 'shape').map(num);
    const from = inputs[0]!;
    const larger = from.shape.some((d, i) => isNumber(d) && d.offset !== 1 && known(shape[i] ?? num(1)) === 1);
    if (!canBroadcast(from.shape, shape) || larger) {
      return refuse(
        say.shapeMismatch.internal({ what: `broadcast of ${printShape(from.shape)} to ${printShape(shape)}` }),
        [],
        0,
      );
    }
    return { outputs: [{ dtype: from.dtype, shape }] };
  },
  gradient({ inputs, outputGradients: [dy], build }) {
    return [dy ? reduceTo(build, dy, inputs[0]!) : null];
  },
};
