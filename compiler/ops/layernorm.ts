import type { Value } from '../ir/graph.js';
import { affineOf } from './activations.js';
import { numberAttr } from './attrs.js';
import { affineParameters, overChannels } from './norm.js';
import type { Op } from './op.js';
import { imageInput } from './refusal.js';

/**
 * Ba, Kiros and Hinton, 2016, over the channels of each pixel, as ConvNeXt does (Liu et al., 2022): (x) or, with affine,
 * (x, weight, bias). A norm over a whole image needs a weight for every pixel, which would tie a spec to one size;
 * `groupnorm(1)` normalizes whole images with a weight for each channel.
 */
export const layernorm: Op = {
  doc: 'Layer normalization: the channels of each pixel to mean 0 and deviation 1, then a learned scale and shift of each channel.',
  language: {
    tensors: 'one',
    args: [
      { name: 'eps', type: 'float', default: 1e-5, least: 0, doc: 'Added to the variance (ConvNeXt: 1e-6).' },
      {
        name: 'affine',
        type: 'bool',
        default: true,
        doc: 'Whether a scale and a shift are learned (elementwise_affine in PyTorch).',
      },
    ],
  },
  infer(_, inputs) {
    const image = imageInput('layernorm', inputs[0]);
    if ('code' in image) return image;
    return { outputs: [inputs[0]!] };
  },
  parameters: affineParameters,
  /** With r = 1 / sqrt(variance + eps), h = (x - mean) r and g = dy gamma: dx = r (g - mean(g) - h mean(g h)). */
  gradient({ attrs, inputs, outputGradients, needed, build }) {
    const dy = outputGradients[0];
    if (!dy || !needed.some(Boolean)) return inputs.map(() => null);
    const [x, gamma] = inputs as [Value, Value | undefined];
    const mul = (a: Value, b: Value): Value => build.emit('mul', [a, b]);
    const sub = (a: Value, b: Value): Value => build.emit('sub', [a, b]);
    const mean = (t: Value): Value => build.emit('reduce_mean', [t], { axes: [1], keepdims: true });
    const centred = sub(x, mean(x));
    const variance = mean(mul(centred, centred));
    const deviation = build.emit('sqrt', [affineOf(build, variance, 1, numberAttr(attrs, 'eps', 1e-5))]);
    const h = build.emit('div', [centred, deviation]);
    const dx = (): Value => {
      const g = gamma ? mul(dy, overChannels(build, gamma, x)) : dy;
      return build.emit('div', [sub(sub(g, mean(g)), mul(h, mean(mul(g, h)))), deviation]);
    };
    const sum = (t: Value): Value => {
      const axes = x.type.shape.flatMap((_, i) => (i === 1 ? [] : [i]));
      return build.emit('reduce_sum', [t], { axes, keepdims: false });
    };
    return [dx, () => sum(mul(dy, h)), () => sum(dy)]
      .slice(0, inputs.length)
      .map((make, k) => (needed[k] ? make() : null));
  },
};
