import { defineOptimizer, pieceByPiece } from './optimizer.js';

/** `sgd_update`, as PyTorch 2 defines it; the default of momentum is not PyTorch's, which is 0. */
export const sgd = defineOptimizer({
  doc: 'Stochastic gradient descent with momentum.',
  summary: 'stochastic gradient descent; `weight_decay` is an L2 penalty',
  settings: {
    lr: { default: 1e-3, above: 0 },
    momentum: { default: 0.9, least: 0, below: 1 },
    nesterov: { default: false },
    weightDecay: { default: 0, least: 0 },
  },
  slots: ({ momentum }) => (momentum === 0 ? [] : ['momentum']),
  update: pieceByPiece(({ momentum, nesterov, weightDecay }, { parameters, slots, gradient }, { lr }, build) =>
    build.emitAll('sgd_update', [parameters, ...slots, gradient, lr], {
      momentum,
      nesterov,
      weight_decay: weightDecay,
    }),
  ),
});
