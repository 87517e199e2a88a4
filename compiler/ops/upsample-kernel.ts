import { say } from '../../grammar/say.js';
import { known, num, printShape, type Shape } from '../ir/dim.js';
import type { Attrs } from '../ir/graph.js';
import { listAttr } from './attrs.js';
import type { Op } from './op.js';
import { refuse } from './refusal.js';

const sized = (name: string, change: (kernel: number, scale: number) => number): Op['infer'] => {
  return (attrs: Attrs, inputs) => {
    const scale = listAttr(attrs, 'scale');
    const { dtype, shape } = inputs[0]!;
    const [to, from, ...kernel] = shape as [Shape[number], Shape[number], ...Shape];
    const sizes = kernel.map((k, i) => change(known(k), scale[i] ?? 0));
    if (scale.length !== kernel.length || sizes.some((n) => n < 1)) {
      return refuse(say.badArgument.internal({ what: `${name} with scale ${scale} of ${printShape(shape)}` }), [], 0);
    }
    return { outputs: [{ dtype, shape: [from, to, ...sizes.map(num)] }] };
  };
};

/**
 * A convolution over an image that `upsample` made by repeating elements multiplies each of them several times. Summed beforehand
 * those weights are the kernel of a transposed convolution on the small image, whose stride is the scale:
 *
 *   conv(upsample(x, s), w, padding p) = conv_transpose(x, upsample_kernel(w, s), stride s, padding k - 1 - p)
 *
 * [O, I, ...k] -> [I, O, ...(k + s - 1)]; along each dimension K[u] is the sum of w[t] for t in k-1-u .. k-1-u+s-1. The same sums
 * as the four small kernels of a sub-pixel convolution (Shi et al., 2016), in one.
 */
export const upsampleKernel: Op = {
  doc: 'The kernel of the transposed convolution that is upsample (nearest, by `scale`) and then a conv: w -> kernel.',
  infer: sized('upsample_kernel', (kernel, scale) => kernel + scale - 1),
  gradient({ attrs, outputGradients, build }) {
    const dy = outputGradients[0];
    return [dy ? build.emit('upsample_kernel_grad', [dy], attrs) : null];
  },
};

export const upsampleKernelGrad: Op = {
  doc: 'Gradient of upsample_kernel, its exact adjoint: dkernel -> dw.',
  infer: sized('upsample_kernel_grad', (kernel, scale) => kernel - scale + 1),
};
