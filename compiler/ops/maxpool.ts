import type { Op } from './op.js';
import { inferPool, poolArgs } from './pool.js';

export const maxpool: Op = {
  doc: 'Largest element of each window; padding never wins.',
  language: { tensors: 'one', args: poolArgs },
  infer: (attrs, inputs) => inferPool('maxpool', attrs, inputs),
  gradient: ({ attrs, inputs, outputs, outputGradients, build }) => {
    const dy = outputGradients[0];
    return [dy ? build.emit('maxpool_grad', [inputs[0]!, outputs[0]!, dy], attrs) : null];
  },
};

/** The first maximal element of a window in row-major order gets all of its gradient, as in PyTorch. */
export const maxpoolGrad: Op = {
  doc: 'Gradient of maxpool: (x, y, dy) -> dx, to the first maximal element of each window in row-major order.',
  infer: (_, inputs) => ({ outputs: [inputs[0]!] }),
};
