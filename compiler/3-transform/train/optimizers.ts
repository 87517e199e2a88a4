import type { GraphBuilder } from '../../ir/builder.js';
import type { Value } from '../../ir/graph.js';
import type { Optimizer } from '../../recipe.js';

export interface Update {
  readonly parameters: Value;
  readonly slots: readonly Value[];
}

/** The flat vectors an optimizer keeps between steps, each as long as the parameters. */
export const slotNames = (optimizer: Optimizer): readonly string[] =>
  optimizer.name === 'sgd' ? (optimizer.momentum === 0 ? [] : ['momentum']) : ['m', 'v'];

/** One update of the flat parameter vector. `lr` and `step` (counted from 1) are scalars. */
export function update(
  optimizer: Optimizer,
  state: { parameters: Value; slots: readonly Value[]; gradient: Value; lr: Value; step: Value },
  build: GraphBuilder,
): Update {
  const { parameters, slots, gradient, lr, step } = state;
  const { name, beta1, beta2, eps, momentum, nesterov, weightDecay } = optimizer;
  const [next, ...nextSlots] =
    name === 'sgd'
      ? build.emitAll('sgd_update', [parameters, ...slots, gradient, lr], {
          momentum,
          nesterov,
          weight_decay: weightDecay,
        })
      : build.emitAll('adam_update', [parameters, ...slots, gradient, lr, step], {
          beta1,
          beta2,
          eps,
          weight_decay: weightDecay,
          decoupled: name === 'adamw',
        });
  return { parameters: next as Value, slots: nextSlots };
}
