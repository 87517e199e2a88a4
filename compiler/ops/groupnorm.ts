import { say } from '../../grammar/say.js';
import { known, knownShape } from '../ir/dim.js';
import type { Value } from '../ir/graph.js';
import { numberAttr } from './attrs.js';
import { affineParameters, overChannels } from './norm.js';
import type { GradientBuilder, Op } from './op.js';
import { imageInput, refuse } from './refusal.js';

/** Wu and He, 2018: (x) or, with affine, (x, weight, bias). */
export const groupnorm: Op = {
  doc: 'Group normalization: each group of channels of each image to mean 0 and deviation 1, then a learned scale and shift of each channel.',
  language: {
    tensors: 'one',
    args: [
      {
        name: 'groups',
        type: 'int',
        least: 1,
        doc: 'How many groups the channels make; must divide them (num_groups in PyTorch).',
      },
      { name: 'eps', type: 'float', default: 1e-5, least: 0, doc: 'Added to the variance.' },
      { name: 'affine', type: 'bool', default: true, doc: 'Whether a scale and a shift are learned.' },
    ],
  },
  infer(attrs, inputs) {
    const image = imageInput('groupnorm', inputs[0]);
    if ('code' in image) return image;
    const groups = numberAttr(attrs, 'groups');
    if (image.channels % groups !== 0) {
      const fit = Array.from({ length: Math.min(image.channels, 64) }, (_, i) => i + 1);
      return refuse(
        say.badGroups.split({ op: 'groupnorm', groups, channels: image.channels }),
        [`groups that fit: ${fit.filter((n) => image.channels % n === 0).join(', ')}`],
        0,
      );
    }
    return { outputs: [inputs[0]!] };
  },
  parameters: affineParameters,
  /**
   * A group is a channel of the tensor [N, groups, rest], so the gradient of instance norm does the work:
   * dx is its result for dy gamma; with h the normalized x, dgamma = sum(dy h), dbeta = sum(dy).
   */
  gradient({ attrs, inputs, outputGradients, needed, build }) {
    const dy = outputGradients[0];
    if (!dy || !needed.some(Boolean)) return inputs.map(() => null);
    const [x, gamma] = inputs as [Value, Value | undefined];
    const plain = { eps: numberAttr(attrs, 'eps', 1e-5), affine: false };
    const grouped = (t: Value): Value => asGroups(build, t, numberAttr(attrs, 'groups'));
    const back = (t: Value): Value => build.emit('reshape', [t], { shape: knownShape(x.type.shape) });
    const dx = (): Value => {
      const scaled = gamma ? build.emit('mul', [dy, overChannels(build, gamma, x)]) : dy;
      return back(build.emit('instancenorm_grad', [grouped(scaled), grouped(x)], plain));
    };
    const sum = (t: Value): Value => {
      const axes = x.type.shape.flatMap((_, i) => (i === 1 ? [] : [i]));
      return build.emit('reduce_sum', [t], { axes, keepdims: false });
    };
    const dgamma = (): Value => sum(build.emit('mul', [dy, back(build.emit('instancenorm', [grouped(x)], plain))]));
    return [dx, dgamma, () => sum(dy)].slice(0, inputs.length).map((make, k) => (needed[k] ? make() : null));
  },
};

/** [N, C, ...spatial] as [N, groups, the rest]. */
function asGroups(build: GradientBuilder, x: Value, groups: number): Value {
  const [n, ...rest] = x.type.shape.map(known) as [number, ...number[]];
  const each = rest.reduce((a, b) => a * b, 1) / groups;
  return build.emit('reshape', [x], { shape: [n, groups, each] });
}
