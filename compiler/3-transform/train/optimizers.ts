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

/**
 * One update of the flat parameter vector, as PyTorch 2 defines its SGD, Adam and AdamW (Kingma & Ba, 2015;
 * Loshchilov & Hutter, 2019). `lr` and `step` (counted from 1) are scalars. Whole-vector operators only: the number of
 * nodes does not grow with the network.
 */
export function update(
  optimizer: Optimizer,
  state: { parameters: Value; slots: readonly Value[]; gradient: Value; lr: Value; step: Value },
  build: GraphBuilder,
): Update {
  const scale = (x: Value, by: number): Value => (by === 1 ? x : build.emit('affine', [x], { scale: by, shift: 0 }));
  const add = (...xs: Value[]): Value => build.emit('add', xs);
  const mul = (a: Value, b: Value): Value => build.emit('mul', [a, b]);
  const sub = (a: Value, b: Value): Value => build.emit('sub', [a, b]);
  const { parameters, lr } = state;
  const penalized =
    optimizer.weightDecay !== 0 && optimizer.name !== 'adamw'
      ? add(state.gradient, scale(parameters, optimizer.weightDecay))
      : state.gradient;

  if (optimizer.name === 'sgd') {
    const [momentum] = state.slots;
    if (!momentum) return { parameters: sub(parameters, mul(penalized, lr)), slots: [] };
    const next = add(scale(momentum, optimizer.momentum), penalized);
    const direction = optimizer.nesterov ? add(penalized, scale(next, optimizer.momentum)) : next;
    return { parameters: sub(parameters, mul(direction, lr)), slots: [next] };
  }

  const [m, v] = state.slots as readonly [Value, Value];
  const { beta1, beta2, eps } = optimizer;
  const nextM = add(scale(m, beta1), scale(penalized, 1 - beta1));
  const nextV = add(scale(v, beta2), scale(mul(penalized, penalized), 1 - beta2));
  // 1 - beta^t as 1 - exp(t ln beta), on scalars
  const correction = (beta: number): Value =>
    build.emit('affine', [build.emit('exp', [scale(state.step, Math.log(beta))])], { scale: -1, shift: 1 });
  const root = build.emit('sqrt', [correction(beta2)]);
  const rate = build.emit('div', [lr, correction(beta1)]);
  const denominator = build.emit('affine', [build.emit('div', [build.emit('sqrt', [nextV]), root])], {
    scale: 1,
    shift: eps,
  });
  const moved = build.emit('div', [mul(nextM, rate), denominator]);
  const decayed =
    optimizer.name === 'adamw' && optimizer.weightDecay !== 0
      ? mul(parameters, build.emit('affine', [lr], { scale: -optimizer.weightDecay, shift: 1 }))
      : parameters;
  return { parameters: sub(decayed, moved), slots: [nextM, nextV] };
}
