import type { GraphBuilder } from '../../ir/builder.js';
import type { Graph, Node, Value } from '../../ir/graph.js';
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

/** The end of a training step, from the gradients on. */
export interface StepEnd {
  readonly update: Node;
  /** Every gradient in one vector, as long as the parameters. */
  readonly flat: Value;
  /** What scales it to the norm that is allowed, and by which number; absent without clipping. */
  readonly clip?: { readonly node: Node; readonly factor: Value };
  /** Its squares, of which the norm is the sum. */
  readonly squares: Node;
}

/** Where a training step ends; undefined of a graph that is none. */
export function endOfStep({ nodes }: Graph): StepEnd | undefined {
  const update = nodes.find(({ op }) => op === 'adam_update' || op === 'sgd_update');
  // Behind it come the learning rate and, of Adam, the step.
  const gradient = update?.inputs.at(update.op === 'adam_update' ? -3 : -2);
  if (!update || !gradient) return undefined;
  const made = nodes.find((n) => n.outputs[0] === gradient);
  const [scaled, factor] = made?.op === 'mul' ? (made.inputs as [Value, Value]) : [];
  const clip = made && factor?.type.shape.length === 0 ? { node: made, factor } : undefined;
  const flat = clip ? (scaled as Value) : gradient;
  const squares = nodes.find((n) => n.op === 'mul' && n.inputs.every((v) => v === flat));
  return squares && { update, flat, clip, squares };
}
