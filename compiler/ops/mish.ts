import { composed } from './composed.js';

/** Misra, 2019. */
export const mish = composed('x * tanh(softplus(x)).', { torch: '`Mish`.', range: null }, (build, x) =>
  build.emit('mul', [x, build.emit('tanh', [build.emit('softplus', [x])])]),
);
