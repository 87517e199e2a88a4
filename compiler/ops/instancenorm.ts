import { affineParameters } from './norm.js';
import type { Op } from './op.js';
import { imageInput } from './refusal.js';

/** Ulyanov et al., 2016: (x) or, with affine, (x, weight, bias). */
export const instancenorm: Op = {
  doc: 'Instance normalization: each channel of each image to mean 0 and deviation 1; with affine also a learned scale and shift.',
  language: {
    tensors: 'one',
    args: [
      { name: 'eps', type: 'float', default: 1e-5, least: 0, doc: 'Added to the variance.' },
      { name: 'affine', type: 'bool', default: false, doc: 'Whether a scale and a shift are learned.' },
    ],
  },
  infer(_, inputs) {
    const image = imageInput('instancenorm', inputs[0]);
    if ('code' in image) return image;
    return { outputs: [inputs[0]!] };
  },
  parameters: affineParameters,
  gradient({ attrs, inputs, outputGradients, needed, build }) {
    const dy = outputGradients[0];
    if (!dy || !needed.some(Boolean)) return inputs.map(() => null);
    // dgamma and dbeta come only where there is a gamma.
    const all = build.emitAll('instancenorm_grad', [dy, ...inputs.slice(0, 2)], attrs);
    return all.map((g, k) => (needed[k] ? g : null));
  },
};

export const instancenormGrad: Op = {
  doc: 'Gradient of instancenorm: (dy, x) -> dx, or (dy, x, gamma) -> (dx, dgamma, dbeta).',
  infer: (_, [, x, gamma]) => ({ outputs: gamma === undefined ? [x!] : [x!, gamma, gamma] }),
};
