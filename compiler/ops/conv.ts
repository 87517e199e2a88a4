import { say } from '../../grammar/say.js';
import { known, knownShape, num } from '../ir/dim.js';
import { boolAttr, listAttr, numberAttr } from './attrs.js';
import type { Op } from './op.js';
import { imageInput, refuse } from './refusal.js';
import { readWindow, resolveWindow, slide } from './spatial.js';

const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);

const divisors = (a: number, b: number): number[] =>
  Array.from({ length: Math.min(a, b, 64) }, (_, i) => i + 1).filter((n) => a % n === 0 && b % n === 0);

/**
 * Convolution over 1 to 3 spatial dimensions (cross-correlation, as everywhere).
 * A node may leave the bias out: (x, w) or (x, w, b). Passes may set `floor: true`, which drops the divisibility
 * constraint of a stride and rounds down.
 */
export const conv: Op = {
  doc: 'Convolution. Learns a weight [channels, in / groups, ...kernel] and a bias.',
  language: {
    tensors: 'one',
    args: [
      { name: 'channels', type: 'int', least: 1, doc: 'Output channels.' },
      { name: 'kernel', type: 'ints', default: 3, least: 1, doc: 'Window size.' },
      { name: 'stride', type: 'ints', default: 1, least: 1, doc: 'Step between windows; must divide the size.' },
      {
        name: 'padding',
        type: 'padding',
        default: 'same',
        least: 0,
        doc: 'same (size / stride), valid (none), or zeros on each side; a list may also name all befores, then all afters.',
      },
      { name: 'dilation', type: 'ints', default: 1, least: 1, doc: 'Distance between the taps of the window.' },
      { name: 'groups', type: 'int', default: 1, least: 1, doc: 'Channel groups that see only each other.' },
      { name: 'bias', type: 'bool', default: true, doc: 'Whether a learned number is added to each channel.' },
    ],
  },
  infer(attrs, inputs) {
    const image = imageInput('conv', inputs[0]);
    if ('code' in image) return image;
    const channels = numberAttr(attrs, 'channels');
    const groups = numberAttr(attrs, 'groups', 1);
    const hints = [`groups that fit: ${divisors(image.channels, channels).join(', ')}`];
    if (image.channels % groups !== 0) {
      return refuse(say.badGroups.split({ op: 'conv', groups, channels: image.channels }), hints, 0);
    }
    if (channels % groups !== 0) {
      return refuse(say.badGroups.made({ groups, channels }), hints);
    }
    const window = readWindow('conv', attrs, image.rank);
    if ('code' in window) return window;
    const [n, , ...space] = inputs[0]!.shape;
    const out = slide('conv', space, window, boolAttr(attrs, 'floor', false));
    if ('code' in out) return out;
    return {
      outputs: [{ dtype: inputs[0]!.dtype, shape: [n!, num(channels), ...out.dims] }],
      constraints: out.constraints,
    };
  },
  parameters(attrs, tensors) {
    const shape = tensors[0]!.shape;
    const channels = numberAttr(attrs, 'channels');
    const inner = known(shape[1]!) / numberAttr(attrs, 'groups', 1);
    const { kernel } = resolveWindow(attrs, shape.length - 2);
    const fanIn = inner * product(kernel);
    return [
      { name: 'weight', shape: [channels, inner, ...kernel], role: 'weight', init: { kind: 'he_normal', fanIn } },
      ...(boolAttr(attrs, 'bias', true)
        ? [{ name: 'bias', shape: [channels], role: 'weight', init: { kind: 'constant', value: 0 } } as const]
        : []),
    ];
  },
  macs(attrs, inputs, outputs) {
    const shape = inputs[0]!.shape;
    const inner = known(shape[1]!) / numberAttr(attrs, 'groups', 1);
    const { kernel } = resolveWindow(attrs, shape.length - 2);
    return product(knownShape(outputs[0]!.shape)) * inner * product(kernel);
  },
  gradient({ attrs, inputs, outputGradients, needed, build }) {
    const dy = outputGradients[0] ?? null;
    const [x, w] = inputs;
    if (dy === null || x === undefined || w === undefined) return inputs.map(() => null);
    const axes = dy.type.shape.flatMap((_, i) => (i === 1 ? [] : [i]));
    const dx = () => build.emit('conv_input_grad', [dy, w], { ...attrs, shape: knownShape(x.type.shape) });
    const dw = () => build.emit('conv_filter_grad', [x, dy], { ...attrs, shape: knownShape(w.type.shape) });
    const db = () => build.emit('reduce_sum', [dy], { axes, keepdims: false });
    return [dx, dw, db].slice(0, inputs.length).map((make, i) => (needed[i] ? make() : null));
  },
};

/** dL/dx of `conv`: (dy, w) -> dx, with the attributes of the conv and `shape`, that of x. */
export const convInputGrad: Op = {
  doc: 'Gradient of conv with respect to its input: (dy, w) -> dx of `shape`.',
  infer: (attrs, inputs) => ({ outputs: [{ dtype: inputs[0]!.dtype, shape: listAttr(attrs, 'shape').map(num) }] }),
  macs(attrs, inputs) {
    const shape = listAttr(attrs, 'shape');
    const { kernel } = resolveWindow(attrs, shape.length - 2);
    const inner = shape[1]! / numberAttr(attrs, 'groups', 1);
    return product(knownShape(inputs[0]!.shape)) * inner * product(kernel);
  },
};

/** dL/dw of `conv`: (x, dy) -> dw, with the attributes of the conv and `shape`, that of w. */
export const convFilterGrad: Op = {
  doc: 'Gradient of conv with respect to its weight: (x, dy) -> dw of `shape`.',
  infer: (attrs, inputs) => ({ outputs: [{ dtype: inputs[0]!.dtype, shape: listAttr(attrs, 'shape').map(num) }] }),
  macs(attrs, inputs) {
    const [, ...rest] = listAttr(attrs, 'shape');
    return product(knownShape(inputs[1]!.shape)) * product(rest);
  },
};
