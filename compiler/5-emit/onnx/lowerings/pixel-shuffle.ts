import { numberAttr } from '../../../ops/attrs.js';
import type { Lowering } from '../lowering.js';
import { larger, reshaped, sizesOf, smaller } from './sizes.js';

/**
 * Two dimensions have an operator of their own: DepthToSpace, whose mode CRD is PyTorch's order of channels. The others
 * are taken apart, [N, C, r.., ...space], turned so that each r comes behind its dimension, and put together.
 */
export const pixelShuffle: Lowering = (to) => {
  const { model } = to;
  const r = numberAttr(to.attrs, 'upscale_factor');
  const rank = to.spatialRank();
  if (rank === 2) return model.node('DepthToSpace', to.inputs, { blocksize: r, mode: 'CRD' });
  const [n = 1, , ...space] = sizesOf(to);
  const channels = to.channels() / r ** rank;
  const apart = reshaped(to, to.input(0), [n, channels, ...space.map(() => r), ...space]);
  const perm = [0, 1, ...space.flatMap((_, i) => [2 + rank + i, 2 + i])];
  const turned = model.node('Transpose', [apart], { perm });
  return reshaped(to, turned, [n, channels, ...space.map((size) => larger(to, size, r))]);
};

/** The same, backwards; the channels of ONNX's SpaceToDepth are in another order. */
export const pixelUnshuffle: Lowering = (to) => {
  const { model } = to;
  const r = numberAttr(to.attrs, 'downscale_factor');
  const [n = 1, , ...space] = sizesOf(to);
  const small = space.map((size) => smaller(to, size, r));
  const apart = reshaped(to, to.input(0), [n, to.channels(), ...small.flatMap((size) => [size, r])]);
  const places = space.map((_, i) => 2 + 2 * i);
  const turned = model.node('Transpose', [apart], { perm: [0, 1, ...places.map((i) => i + 1), ...places] });
  return reshaped(to, turned, [n, to.channels() * r ** space.length, ...small]);
};
