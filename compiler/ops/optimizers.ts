import type { Inferred, Op } from './op.js';

/**
 * An optimizer's step over whole vectors, kept as one operator: some engines have a kernel for it that reads and writes
 * every vector once. `lr` and `step` (counted from 1) are scalars.
 */
const likeState = (count: number) => (_: unknown, inputs: readonly Inferred['outputs'][number][]) => ({
  outputs: inputs.slice(0, count),
});

/**
 * As PyTorch 2 defines it. With g the gradient plus `weight_decay` times the parameters:
 *   momentum' = momentum * momentum_share + g
 *   parameters' = parameters - lr * momentum'      (nesterov: parameters - lr * (g + momentum_share * momentum'))
 */
export const sgdUpdate: Op = {
  doc: 'A step of SGD: (parameters, gradient, lr) -> parameters, or (parameters, momentum, gradient, lr) -> (parameters, momentum).',
  infer: (attrs, inputs) => likeState(inputs.length === 4 ? 2 : 1)(attrs, inputs),
};

/**
 * Adam (Kingma & Ba, 2015, algorithm 1) as PyTorch 2 defines it; `decoupled`: AdamW (Loshchilov & Hutter, 2019).
 *   g = gradient + weight_decay * parameters       (decoupled: parameters * (1 - lr * weight_decay) instead)
 *   m' = beta1 m + (1 - beta1) g      v' = beta2 v + (1 - beta2) g^2
 *   parameters' = parameters - lr / (1 - beta1^t) * m' / (sqrt(v') / sqrt(1 - beta2^t) + eps)
 */
export const adamUpdate: Op = {
  doc: 'A step of Adam or AdamW: (parameters, m, v, gradient, lr, step) -> (parameters, m, v).',
  infer: likeState(3),
};
