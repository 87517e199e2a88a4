import { moved, scaled, sign } from './arithmetic.js';
import { defineOptimizer, pieceByPiece } from './optimizer.js';

/**
 * Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023, algorithm 2:
 *   c = beta1 m + (1 - beta1) g      p' = p - lr (sign(c) + weight_decay p)      m' = beta2 m + (1 - beta2) g
 *
 * With d = g - m these are c = m + (1 - beta1) d and m' = c + (beta1 - beta2) d, which read m before m' is made.
 */
export const lion = defineOptimizer({
  doc: 'The sign of a momentum (Chen et al., 2023); wants a rate 3 to 10 times smaller than AdamW, and as much more weight decay.',
  summary: 'the sign of a momentum (Chen et al., 2023); `weight_decay` beside the gradient',
  settings: {
    lr: { default: 1e-4, above: 0 },
    beta1: { default: 0.9, least: 0, below: 1 },
    beta2: { default: 0.99, least: 0, below: 1 },
    weightDecay: { default: 0, least: 0 },
  },
  slots: () => ['m'],
  update: pieceByPiece(({ beta1, beta2, weightDecay }, { parameters, slots: [m], gradient }, { lr }, build) => {
    if (!m) throw new Error('lion keeps m');
    const d = build.emit('sub', [gradient, m]);
    const c = build.emit('add', [m, scaled(build, d, 1 - beta1)]);
    const next = build.emit('add', [c, scaled(build, d, beta1 - beta2)]);
    const direction = sign(build, c);
    const decayed =
      weightDecay === 0 ? direction : build.emit('add', [direction, scaled(build, parameters, weightDecay)]);
    return [moved(build, parameters, lr, decayed), next];
  }),
});
