import { known, knownShape, num } from '../ir/dim.js';
import type { Attrs } from '../ir/graph.js';
import { boolAttr, numberAttr } from './attrs.js';
import type { Op } from './op.js';
import { imageInput } from './refusal.js';
import { readWindow, resolveTransposeWindow, slideBack } from './spatial.js';

const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);

/** Transposed convolution ("deconvolution"): the input gradient of a convolution, used to enlarge. */
export const convTranspose: Op = {
  doc: 'Transposed convolution, which enlarges by its stride. Learns a weight [in, channels, ...kernel] and a bias.',
  language: {
    tensors: 'one',
    args: [
      { name: 'channels', type: 'int', least: 1, doc: 'Output channels.' },
      { name: 'kernel', type: 'ints', default: 2, least: 1, doc: 'Window size.' },
      { name: 'stride', type: 'ints', default: 2, least: 1, doc: 'How many times larger each size gets.' },
      {
        name: 'padding',
        type: 'padding',
        default: 'same',
        least: 0,
        doc: 'same (size * stride), valid, or what is cropped from each side of the full output.',
      },
      { name: 'bias', type: 'bool', default: true, doc: 'Whether a learned number is added to each channel.' },
    ],
  },
  infer(attrs, inputs) {
    const image = imageInput('conv_transpose', inputs[0]);
    if ('code' in image) return image;
    const window = readWindow('conv_transpose', attrs, image.rank);
    if ('code' in window) return window;
    const [n, , ...space] = inputs[0]!.shape;
    const out = slideBack(space, window);
    if ('code' in out) return out;
    return {
      outputs: [{ dtype: inputs[0]!.dtype, shape: [n!, num(numberAttr(attrs, 'channels')), ...out.dims] }],
      constraints: out.constraints,
    };
  },
  parameters(attrs, tensors) {
    const shape = tensors[0]!.shape;
    const channels = numberAttr(attrs, 'channels');
    const inner = known(shape[1]!);
    const { kernel } = resolveTransposeWindow(attrs, shape.length - 2);
    return [
      {
        name: 'weight',
        shape: [inner, channels, ...kernel],
        role: 'weight',
        // With the usual kernel = stride each output element depends on one tap of each input channel.
        init: { kind: 'he_normal', fanIn: inner },
      },
      ...(boolAttr(attrs, 'bias', true)
        ? [{ name: 'bias', shape: [channels], role: 'weight', init: { kind: 'constant', value: 0 } } as const]
        : []),
    ];
  },
  macs(attrs, inputs) {
    const shape = knownShape(inputs[0]!.shape);
    const { kernel } = resolveTransposeWindow(attrs, shape.length - 2);
    return product(shape) * numberAttr(attrs, 'channels') * product(kernel);
  },
  gradient({ attrs, inputs, outputGradients, needed, build }) {
    const dy = outputGradients[0] ?? null;
    const [x, w] = inputs;
    if (dy === null || x === undefined || w === undefined) return inputs.map(() => null);
    const adjoint = adjointConv(attrs, x.type.shape.length - 2, known(x.type.shape[1]!));
    const axes = dy.type.shape.flatMap((_, i) => (i === 1 ? [] : [i]));
    const dx = () => build.emit('conv', [dy, w], adjoint);
    // The roles of input and output gradient change places.
    const dw = () => build.emit('conv_filter_grad', [dy, x], { ...adjoint, shape: knownShape(w.type.shape) });
    const db = () => build.emit('reduce_sum', [dy], { axes, keepdims: false });
    return [dx, dw, db].slice(0, inputs.length).map((make, i) => (needed[i] ? make() : null));
  },
};

/** The convolution whose input gradient this transposed convolution is; its output has `channels` channels. */
function adjointConv(attrs: Attrs, rank: number, channels: number): Attrs {
  const { kernel, stride, begin, end } = resolveTransposeWindow(attrs, rank);
  const padding = [...begin, ...end];
  return { channels, kernel, stride, padding, dilation: 1, groups: 1, bias: false, floor: true };
}
