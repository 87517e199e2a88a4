import { say } from '../../grammar/say.js';
import { known } from '../ir/dim.js';
import type { Value } from '../ir/graph.js';
import { affineOf, scalar } from './activations.js';
import { numberAttr } from './attrs.js';
import { overChannels } from './norm.js';
import type { Op } from './op.js';
import { imageInput, refuse } from './refusal.js';

/** He et al., 2015: (x, weight). */
export const prelu: Op = {
  doc: 'x where x > 0, else a learned slope * x.',
  language: {
    tensors: 'one',
    args: [
      {
        name: 'num_parameters',
        type: 'int',
        default: 1,
        least: 1,
        doc: 'Slopes learned: 1, or as many as there are channels, one for each.',
      },
      { name: 'init', type: 'float', default: 0.25, doc: 'The slope at first.' },
    ],
  },
  infer(attrs, inputs) {
    const image = imageInput('prelu', inputs[0]);
    if ('code' in image) return image;
    const slopes = numberAttr(attrs, 'num_parameters', 1);
    if (slopes !== 1 && slopes !== image.channels) {
      return refuse(say.badArgument.slopes({ channels: image.channels, slopes }), [
        `write prelu, or prelu(${image.channels})`,
      ]);
    }
    return { outputs: [inputs[0]!] };
  },
  parameters: (attrs) => [
    {
      name: 'weight',
      shape: [numberAttr(attrs, 'num_parameters', 1)],
      role: 'weight',
      init: { kind: 'constant', value: numberAttr(attrs, 'init', 0.25) },
    },
  ],
  gradient({ inputs, outputGradients, needed, build }) {
    const dy = outputGradients[0];
    if (!dy || !needed.some(Boolean)) return [null, null];
    const [x, weight] = inputs as [Value, Value];
    const above = build.emit('greater', [x, scalar(build, 0)]);
    const below = affineOf(build, above, -1, 1);
    const dx = (): Value => {
      const slope = build.emit('add', [above, build.emit('mul', [below, overChannels(build, weight, x)])]);
      return build.emit('mul', [dy, slope]);
    };
    const dw = (): Value => {
      const share = build.emit('mul', [dy, build.emit('mul', [x, below])]);
      const shared = known(weight.type.shape[0]!) === 1;
      const axes = x.type.shape.flatMap((_, i) => (i === 1 && !shared ? [] : [i]));
      const sum = build.emit('reduce_sum', [share], { axes, keepdims: false });
      return shared ? build.emit('reshape', [sum], { shape: [1] }) : sum;
    };
    return [needed[0] ? dx() : null, needed[1] ? dw() : null];
  },
};
