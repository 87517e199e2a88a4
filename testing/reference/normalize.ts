import { type Float64Tensor, planesOf, zeros } from './tensor.js';

/** Sets of elements that are normalized together: for each set its channel and the flat indices in it. */
interface Sets {
  readonly count: number;
  readonly channel: (set: number) => number;
  readonly members: (set: number) => readonly number[];
}

/** A channel of the whole batch is a set (batch norm). */
export function byChannel(shape: readonly number[]): Sets {
  const { batch, channels, area } = planesOf(shape);
  const members = (c: number) =>
    Array.from({ length: batch * area }, (_, k) => (Math.floor(k / area) * channels + c) * area + (k % area));
  return { count: channels, channel: (set) => set, members };
}

/** A channel of one image is a set (instance norm). */
export function byPlane(shape: readonly number[]): Sets {
  const { batch, channels, area } = planesOf(shape);
  const members = (set: number) => Array.from({ length: area }, (_, k) => set * area + k);
  return { count: batch * channels, channel: (set) => set % channels, members };
}

/** Mean and biased variance of every set. */
export function moments(x: Float64Tensor, sets: Sets): { mean: number[]; variance: number[] } {
  const mean: number[] = [];
  const variance: number[] = [];
  for (let set = 0; set < sets.count; set++) {
    const members = sets.members(set);
    const m = members.reduce((sum, i) => sum + x.data[i]!, 0) / members.length;
    mean.push(m);
    variance.push(members.reduce((sum, i) => sum + (x.data[i]! - m) ** 2, 0) / members.length);
  }
  return { mean, variance };
}

/** gamma (x - mean) / sqrt(variance + eps) + beta; gamma and beta by channel, 1 and 0 where absent. */
export function normalize(
  x: Float64Tensor,
  sets: Sets,
  { mean, variance }: { mean: ArrayLike<number>; variance: ArrayLike<number> },
  eps: number,
  gamma?: Float64Tensor,
  beta?: Float64Tensor,
): Float64Tensor {
  const y = zeros(x.shape);
  for (let set = 0; set < sets.count; set++) {
    const c = sets.channel(set);
    const scale = (gamma?.data[c] ?? 1) / Math.sqrt(variance[set]! + eps);
    for (const i of sets.members(set)) y.data[i] = (x.data[i]! - mean[set]!) * scale + (beta?.data[c] ?? 0);
  }
  return y;
}

/**
 * Gradient of `normalize` with the set's own moments (Ioffe and Szegedy, 2015): with h the normalized x,
 * dx = gamma / sqrt(variance + eps) (dy - mean(dy) - h mean(dy h)), dgamma = sum(dy h), dbeta = sum(dy).
 */
export function normalizeGrad(
  dy: Float64Tensor,
  x: Float64Tensor,
  sets: Sets,
  { mean, variance }: { mean: ArrayLike<number>; variance: ArrayLike<number> },
  eps: number,
  gamma?: Float64Tensor,
): [dx: Float64Tensor, dgamma: Float64Tensor, dbeta: Float64Tensor] {
  const dx = zeros(x.shape);
  const dgamma = zeros([x.shape[1]!]);
  const dbeta = zeros([x.shape[1]!]);
  for (let set = 0; set < sets.count; set++) {
    const c = sets.channel(set);
    const members = sets.members(set);
    const inverse = 1 / Math.sqrt(variance[set]! + eps);
    const normalized = (i: number) => (x.data[i]! - mean[set]!) * inverse;
    const sum = members.reduce((total, i) => total + dy.data[i]!, 0);
    const sumWeighted = members.reduce((total, i) => total + dy.data[i]! * normalized(i), 0);
    dbeta.data[c]! += sum;
    dgamma.data[c]! += sumWeighted;
    for (const i of members) {
      const centred = dy.data[i]! - sum / members.length - (normalized(i) * sumWeighted) / members.length;
      dx.data[i] = (gamma?.data[c] ?? 1) * inverse * centred;
    }
  }
  return [dx, dgamma, dbeta];
}
