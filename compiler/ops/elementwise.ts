import { affineOf, scalar, unary } from './activations.js';
import { numberAttr } from './attrs.js';

/** Unary arithmetic that losses, optimizers and gradients are made of. */

export const affine = unary('x * scale + shift.', null, (dy, _x, _y, { attrs, build }) =>
  affineOf(build, dy, numberAttr(attrs, 'scale'), 0),
);

export const sqrt = unary('Square root.', null, (dy, _, y, { build }) =>
  build.emit('div', [affineOf(build, dy, 0.5, 0), y]),
);

export const exp = unary('e to the x.', null, (dy, _, y, { build }) => build.emit('mul', [dy, y]));

export const log = unary('Natural logarithm.', null, (dy, x, _, { build }) => build.emit('div', [dy, x]));

/** Its gradient at 0 is 0. */
export const abs = unary('Absolute value.', null, (dy, x, _, { build }) => {
  const zero = scalar(build, 0);
  const sign = build.emit('sub', [build.emit('greater', [x, zero]), build.emit('greater', [zero, x])]);
  return build.emit('mul', [dy, sign]);
});

/** Engines must compute max(x, 0) + log(1 + exp(-|x|)), which neither overflows nor loses small values. */
export const softplus = unary('log(1 + exp(x)), computed stably.', [], (dy, x, _, { build }) =>
  build.emit('mul', [dy, build.emit('sigmoid', [x])]),
);

export const pow = unary('x to the power `exponent`, a number.', null, (dy, x, _, { attrs, build }) => {
  const exponent = numberAttr(attrs, 'exponent');
  if (exponent === 0) return affineOf(build, dy, 0, 0);
  if (exponent === 1) return dy;
  const slope = exponent === 2 ? x : build.emit('pow', [x], { exponent: exponent - 1 });
  return build.emit('mul', [dy, affineOf(build, slope, exponent, 0)]);
});

/** The gradient passes where min <= x <= max, the ends included, as in PyTorch. */
export const clip = unary('x, but not below `min` or above `max`.', null, (dy, x, _, { attrs, build }) => {
  const over = build.emit('greater', [x, scalar(build, numberAttr(attrs, 'max'))]);
  const under = build.emit('greater', [scalar(build, numberAttr(attrs, 'min')), x]);
  return build.emit('mul', [dy, affineOf(build, build.emit('add', [over, under]), -1, 1)]);
});
