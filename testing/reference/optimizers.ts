import type { Attrs } from '../../compiler/ir/graph.js';
import { boolAttr, numberAttr } from '../../compiler/ops/attrs.js';
import { type Float64Tensor, tensor } from './tensor.js';

/** Optimizers element by element, as their definitions read (compiler/ops/optimizers.ts). */
export function sgdUpdate(attrs: Attrs, inputs: readonly Float64Tensor[]): readonly Float64Tensor[] {
  const [parameters, ...rest] = inputs as [Float64Tensor, ...Float64Tensor[]];
  const momentum = rest.length === 3 ? rest.shift() : undefined;
  const [gradient, lr] = rest as [Float64Tensor, Float64Tensor];
  const share = numberAttr(attrs, 'momentum');
  const g = gradient.data.map((v, i) => v + numberAttr(attrs, 'weight_decay') * parameters.data[i]!);
  const moved = (direction: Float64Array) =>
    tensor(
      parameters.shape,
      parameters.data.map((p, i) => p - lr.data[0]! * direction[i]!),
    );
  if (!momentum) return [moved(g)];
  const next = momentum.data.map((v, i) => share * v + g[i]!);
  const direction = boolAttr(attrs, 'nesterov') ? g.map((v, i) => v + share * next[i]!) : next;
  return [moved(direction), tensor(momentum.shape, next)];
}

export function adamUpdate(attrs: Attrs, inputs: readonly Float64Tensor[]): readonly Float64Tensor[] {
  const [parameters, m, v, gradient, rate, time] = inputs as Float64Tensor[];
  const [beta1, beta2] = [numberAttr(attrs, 'beta1'), numberAttr(attrs, 'beta2')];
  const decay = numberAttr(attrs, 'weight_decay');
  const decoupled = boolAttr(attrs, 'decoupled');
  const [lr, t] = [rate!.data[0]!, time!.data[0]!];
  const p = parameters!.data;
  const g = gradient!.data.map((value, i) => (decoupled ? value : value + decay * p[i]!));
  const nextM = m!.data.map((value, i) => beta1 * value + (1 - beta1) * g[i]!);
  const nextV = v!.data.map((value, i) => beta2 * value + (1 - beta2) * g[i]! ** 2);
  const next = p.map((value, i) => {
    const mean = nextM[i]! / (1 - beta1 ** t);
    const deviation = Math.sqrt(nextV[i]! / (1 - beta2 ** t));
    return value * (decoupled ? 1 - lr * decay : 1) - (lr * mean) / (deviation + numberAttr(attrs, 'eps'));
  });
  return [next, nextM, nextV].map((data) => tensor(parameters!.shape, data));
}
