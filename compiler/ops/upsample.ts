import { say } from '../../grammar/say.js';
import { knownShape, num, times } from '../ir/dim.js';
import type { Attrs } from '../ir/graph.js';
import { boolAttr, listAttr, stringAttr } from './attrs.js';
import type { Op } from './op.js';
import { imageInput, refuse } from './refusal.js';
import { readWindow } from './spatial.js';

/** The whole factor by which each of `rank` spatial sizes grows. */
export function resolveScale(attrs: Attrs, rank: number): readonly number[] {
  const scale = readWindow('upsample', { kernel: attrs.scale ?? 2 }, rank);
  if ('code' in scale) throw new Error(scale.message);
  return scale.kernel;
}

/** Linear mode along one dimension: row o holds the shares that output element o takes of each of `size` input elements. */
export function interpolation(size: number, scale: number, align: boolean): readonly (readonly number[])[] {
  const length = size * scale;
  return Array.from({ length }, (_, o) => {
    const at = align ? (length === 1 ? 0 : (o * (size - 1)) / (length - 1)) : Math.max(0, (o + 0.5) / scale - 0.5);
    const low = Math.min(Math.floor(at), size - 1);
    const high = Math.min(low + 1, size - 1);
    const row = new Array<number>(size).fill(0);
    row[low] = (row[low] ?? 0) + 1 - (at - low);
    row[high] = (row[high] ?? 0) + (at - low);
    return row;
  });
}

/**
 * Enlarges by whole factors, as PyTorch's `F.interpolate`. Output i takes, along each dimension:
 * nearest, input floor(i / scale); linear, a blend of the two inputs around
 * (i + 0.5) / scale - 0.5, not below 0 (align_corners: i (in - 1) / (out - 1)).
 * Passes may set `copies: true` where one axis alone is repeated: engines that enlarge bytes slowly are told to copy them.
 */
export const upsample: Op = {
  doc: 'Enlarges by whole factors, repeating elements or blending neighbours linearly along each dimension.',
  language: {
    tensors: 'one',
    args: [
      { name: 'scale', type: 'ints', default: 2, least: 1, doc: 'How many times larger each size gets.' },
      { name: 'mode', type: { oneOf: ['nearest', 'linear'] }, default: 'nearest', doc: 'Repeat, or blend.' },
      { name: 'align_corners', type: 'bool', default: false, doc: 'linear: corner elements stay in the corners.' },
    ],
  },
  infer(attrs, inputs) {
    const image = imageInput('upsample', inputs[0]);
    if ('code' in image) return image;
    const scale = attrs.scale ?? 2;
    if (typeof scale === 'object' && scale.length !== image.rank) {
      const said = say.badArgument.list({ name: 'scale', op: 'upsample', given: scale.length, rank: image.rank });
      return refuse(said, [`write one number, or ${image.rank}`]);
    }
    if (boolAttr(attrs, 'align_corners', false) && stringAttr(attrs, 'mode', 'nearest') === 'nearest') {
      return refuse(say.badArgument.corners(), ['add mode: linear']);
    }
    const factors = resolveScale(attrs, image.rank);
    const [n, c, ...space] = inputs[0]!.shape;
    return { outputs: [{ dtype: inputs[0]!.dtype, shape: [n!, c!, ...space.map((d, i) => times(d, factors[i]!))] }] };
  },
  gradient({ attrs, inputs, outputGradients, build }) {
    const dy = outputGradients[0];
    const shape = knownShape(inputs[0]!.type.shape);
    return [dy ? build.emit('upsample_grad', [dy], { ...attrs, shape }) : null];
  },
};

export const upsampleGrad: Op = {
  doc: 'Gradient of upsample, its exact adjoint: dy -> dx of `shape`.',
  infer: (attrs, inputs) => ({ outputs: [{ dtype: inputs[0]!.dtype, shape: listAttr(attrs, 'shape').map(num) }] }),
};
