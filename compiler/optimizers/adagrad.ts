import type { Value } from '../ir/graph.js';
import { moved, penalized, scaled, square } from './arithmetic.js';
import { defineOptimizer, pieceByPiece } from './optimizer.js';

/**
 * Duchi, Hazan and Singer, 2011, as PyTorch 2 defines it (`torch.optim.Adagrad`, accumulator 0 at first), with g the gradient plus
 * weight_decay times the parameters:
 *   v' = v + g^2      p' = p - lr / (1 + (t - 1) lr_decay) g / (sqrt(v') + eps)
 */
export const adagrad = defineOptimizer({
  doc: 'Gradients divided by the root of the sum of their squares so far (Duchi et al., 2011); weight decay is an L2 penalty.',
  summary: 'Duchi et al., 2011; `weight_decay` is an L2 penalty',
  settings: {
    lr: { default: 1e-2, above: 0 },
    lrDecay: { default: 0, least: 0 },
    eps: { default: 1e-10, above: 0 },
    weightDecay: { default: 0, least: 0 },
  },
  slots: () => ['v'],
  update: pieceByPiece(({ lrDecay, eps, weightDecay }, { parameters, slots, gradient }, { lr, step }, build) => {
    const [v] = slots as readonly [Value];
    const g = penalized(build, gradient, parameters, weightDecay);
    const next = build.emit('add', [v, square(build, g)]);
    const rate = lrDecay === 0 ? lr : build.emit('div', [lr, scaled(build, step, lrDecay, 1 - lrDecay)]);
    const direction = build.emit('div', [g, scaled(build, build.emit('sqrt', [next]), 1, eps)]);
    return [moved(build, parameters, rate, direction), next];
  }),
});
