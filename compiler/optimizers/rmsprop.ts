import type { Value } from '../ir/graph.js';
import { average, moved, penalized, scaled, square } from './arithmetic.js';
import { defineOptimizer, pieceByPiece } from './optimizer.js';

/**
 * Tieleman and Hinton, 2012, as PyTorch 2 defines it (`torch.optim.RMSprop`), with g the gradient plus weight_decay times the parameters:
 *   v' = alpha v + (1 - alpha) g^2      direction = g / (sqrt(v') + eps)
 *   centered: a' = alpha a + (1 - alpha) g, and v' - a'^2 in place of v' (not below 0, to which rounding can bring it)
 *   momentum > 0: b' = momentum b + direction, which is then the direction
 *   p' = p - lr direction
 */
export const rmsprop = defineOptimizer({
  doc: 'Gradients divided by the root of their mean square (Tieleman & Hinton, 2012); weight decay is an L2 penalty.',
  summary: "Tieleman and Hinton, 2012; `centered` divides by the gradient's deviation; `weight_decay` is an L2 penalty",
  settings: {
    lr: { default: 1e-2, above: 0 },
    alpha: { default: 0.99, least: 0, below: 1 },
    eps: { default: 1e-8, above: 0 },
    momentum: { default: 0, least: 0, below: 1 },
    centered: { default: false },
    weightDecay: { default: 0, least: 0 },
  },
  slots: ({ centered, momentum }) => ['v', ...(centered ? ['mean'] : []), ...(momentum > 0 ? ['momentum'] : [])],
  update: pieceByPiece(
    ({ alpha, eps, momentum, centered, weightDecay }, { parameters, slots, gradient }, { lr }, build) => {
      const [v, ...others] = slots as readonly [Value, ...Value[]];
      const mean = centered ? others.shift() : undefined;
      const velocity = momentum > 0 ? others.shift() : undefined;
      const g = penalized(build, gradient, parameters, weightDecay);
      const nextV = average(build, v, square(build, g), alpha);
      const nextMean = mean && average(build, mean, g, alpha);
      const variance =
        nextMean === undefined
          ? nextV
          : build.emit('clip', [build.emit('sub', [nextV, square(build, nextMean)])], { min: 0, max: 3e38 });
      const step = build.emit('div', [g, scaled(build, build.emit('sqrt', [variance]), 1, eps)]);
      const nextVelocity = velocity && build.emit('add', [scaled(build, velocity, momentum), step]);
      const next = moved(build, parameters, lr, nextVelocity ?? step);
      return [next, nextV, ...(nextMean ? [nextMean] : []), ...(nextVelocity ? [nextVelocity] : [])];
    },
  ),
});
