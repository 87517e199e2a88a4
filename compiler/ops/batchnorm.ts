import { known } from '../ir/dim.js';
import type { TensorType } from '../ir/graph.js';
import type { Op } from './op.js';
import { imageInput } from './refusal.js';

const perChannel = (x: TensorType): TensorType => ({ dtype: 'f32', shape: [x.shape[1]!] });

/** Ioffe and Szegedy, 2015. At inference: (x, weight, bias, running_mean, running_var) -> y. */
export const batchnorm: Op = {
  doc: 'Batch normalization: each channel to mean 0 and deviation 1, then a learned scale and shift. In training by the statistics of the batch, else by running ones.',
  language: {
    tensors: 'one',
    args: [
      { name: 'eps', type: 'float', default: 1e-5, least: 0, doc: 'Added to the variance.' },
      {
        name: 'momentum',
        type: 'float',
        default: 0.1,
        least: 0,
        doc: 'Share of the new batch in the running statistics (PyTorch; ONNX and Keras mean the complement).',
      },
    ],
  },
  infer(_, inputs) {
    const image = imageInput('batchnorm', inputs[0]);
    if ('code' in image) return image;
    return { outputs: [inputs[0]!] };
  },
  parameters(_, tensors) {
    const shape = [known(tensors[0]!.shape[1]!)];
    return [
      { name: 'weight', shape, role: 'weight', init: { kind: 'constant', value: 1 } },
      { name: 'bias', shape, role: 'weight', init: { kind: 'constant', value: 0 } },
      { name: 'running_mean', shape, role: 'statistic', init: { kind: 'constant', value: 0 } },
      { name: 'running_var', shape, role: 'statistic', init: { kind: 'constant', value: 1 } },
    ];
  },
};

/** The statistics are also outputs, for the running ones; the gradient takes them as constants of the step. */
export const batchnormTrain: Op = {
  doc: 'Batch normalization by the statistics of the batch: (x, gamma, beta) -> (y, mean[C], biased variance[C]).',
  infer: (_, inputs) => ({ outputs: [inputs[0]!, perChannel(inputs[0]!), perChannel(inputs[0]!)] }),
  gradient({ attrs, inputs, outputs, outputGradients, needed, build }) {
    const [dy, dMean, dVar] = outputGradients;
    if (dMean || dVar) throw new Error('a loss may not depend on the batch statistics that batchnorm_train returns');
    if (!dy || !needed.some(Boolean)) return [null, null, null];
    const [x, gamma] = inputs;
    const all = build.emitAll('batchnorm_grad', [dy, x!, gamma!, outputs[1]!, outputs[2]!], attrs);
    return all.map((g, k) => (needed[k] ? g : null));
  },
};

export const batchnormGrad: Op = {
  doc: 'Gradient of batchnorm_train: (dy, x, gamma, mean, variance) -> (dx, dgamma, dbeta).',
  infer: (_, inputs) => ({ outputs: [inputs[1]!, inputs[2]!, inputs[2]!] }),
};
