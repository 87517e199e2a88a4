import { knownShape, num } from '../ir/dim.js';
import type { Op } from './op.js';
import { imageInput } from './refusal.js';

export const globalAvgpool: Op = {
  doc: 'Mean over all spatial dimensions, which become 1.',
  language: { tensors: 'one', args: [] },
  infer(_, inputs) {
    const image = imageInput('global_avgpool', inputs[0]);
    if ('code' in image) return image;
    const [n, c] = inputs[0]!.shape;
    const ones = new Array<number>(image.rank).fill(1).map(num);
    return { outputs: [{ dtype: inputs[0]!.dtype, shape: [n!, c!, ...ones] }] };
  },
  gradient({ inputs, outputGradients, build }) {
    const dy = outputGradients[0];
    if (!dy) return [null];
    const shape = knownShape(inputs[0]!.type.shape);
    const count = shape.slice(2).reduce((a, b) => a * b, 1);
    const share = build.emit('affine', [dy], { scale: 1 / count, shift: 0 });
    return [build.emit('broadcast_to', [share], { shape })];
  },
};
