import { affineOf } from './activations.js';
import { composed } from './composed.js';

/** Klambauer et al., 2017: with these two numbers, mean 0 and variance 1 are a fixed point. */
const alpha = 1.6732632423543772;
const scale = 1.0507009873554805;

export const selu = composed(
  '1.0507 * elu(x, 1.6733), which normalizes itself.',
  { torch: '`SELU`.', range: null },
  (build, x) => affineOf(build, build.emit('elu', [x], { alpha }), scale, 0),
);
