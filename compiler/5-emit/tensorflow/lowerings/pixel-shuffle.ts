import { type Dim, num, over, times } from '../../../ir/dim.js';
import { numberAttr } from '../../../ops/attrs.js';
import type { Lowering } from '../lowering.js';

/**
 * PyTorch's order of channels, c r^d + ..., which DepthToSpace does not have, so one axis of space at a time, the last first:
 * [..., W, ..., C r] -> [..., W, r, ..., C] -> [..., W r, ..., C].
 */
export const pixelShuffle: Lowering = (to) => {
  const r = numberAttr(to.attrs, 'upscale_factor');
  let shape = to.shape(to.value(0));
  let x = to.input(0);
  for (let axis = to.spatialRank(); axis >= 1; axis--) {
    const channels = num((shape.at(-1) as Dim).offset / r);
    const apart = to.reshape(x, [...shape.slice(0, -1), channels, num(r)]);
    const last = shape.length;
    const order = Array.from({ length: last }, (_, k) => k);
    const turned = to.b.transpose(apart, [...order.slice(0, axis + 1), last, ...order.slice(axis + 1)]);
    shape = [...shape.slice(0, -1), channels].map((d, k) => (k === axis ? times(d, r) : d));
    x = to.reshape(turned, shape);
  }
  return x;
};

/** The same, backwards: [..., W, ..., C] -> [..., W / r, r, ..., C] -> [..., W / r, ..., C r], the first axis first. */
export const pixelUnshuffle: Lowering = (to) => {
  const r = numberAttr(to.attrs, 'downscale_factor');
  let shape = to.shape(to.value(0));
  let x = to.input(0);
  for (let axis = 1; axis <= to.spatialRank(); axis++) {
    const small = shape.map((d, k) => (k === axis ? over(d, r) : d));
    const apart = to.reshape(x, [...small.slice(0, axis + 1), num(r), ...small.slice(axis + 1)]);
    const order = Array.from({ length: small.length + 1 }, (_, k) => k);
    const turned = to.b.transpose(apart, [...order.filter((k) => k !== axis + 1), axis + 1]);
    shape = [...small.slice(0, -1), times(small.at(-1) as Dim, r)];
    x = to.reshape(turned, shape);
  }
  return x;
};
