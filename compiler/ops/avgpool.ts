import { knownShape, num } from '../ir/dim.js';
import { listAttr } from './attrs.js';
import type { Op } from './op.js';
import { inferPool, poolArgs } from './pool.js';

export const avgpool: Op = {
  doc: 'Mean of each window; padding counts as zeros (as in PyTorch; ONNX calls it count_include_pad).',
  language: { tensors: 'one', args: poolArgs },
  infer: (attrs, inputs) => inferPool('avgpool', attrs, inputs),
  gradient: ({ attrs, inputs, outputGradients, build }) => {
    const dy = outputGradients[0];
    const shape = knownShape(inputs[0]!.type.shape);
    return [dy ? build.emit('avgpool_grad', [dy], { ...attrs, shape }) : null];
  },
};

export const avgpoolGrad: Op = {
  doc: 'Gradient of avgpool: dy -> dx of `shape`; each element of dy is spread evenly over its window.',
  infer: (attrs, inputs) => ({ outputs: [{ dtype: inputs[0]!.dtype, shape: listAttr(attrs, 'shape').map(num) }] }),
};
