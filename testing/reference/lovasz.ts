import { type Float64Tensor, planesOf, zeros } from './tensor.js';

/** 1 - |true and not yet wrong| / |true or wrong| after each element in the order of falling error, as differences. */
export function lovaszWeights(errors: Float64Tensor, labels: Float64Tensor): Float64Tensor {
  const { batch, channels, area } = planesOf(errors.shape);
  const out = zeros(errors.shape);
  for (let plane = 0; plane < batch * channels; plane++) {
    const order = Array.from({ length: area }, (_, k) => plane * area + k);
    order.sort((a, b) => errors.data[b]! - errors.data[a]!);
    const all = order.reduce((sum, k) => sum + labels.data[k]!, 0);
    let [found, wrong, before] = [0, 0, 0];
    for (const k of order) {
      found += labels.data[k]!;
      wrong += 1 - labels.data[k]!;
      const jaccard = 1 - (all - found) / (all + wrong);
      out.data[k] = jaccard - before;
      before = jaccard;
    }
  }
  return out;
}
