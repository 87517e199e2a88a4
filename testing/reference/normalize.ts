import { type Float64Tensor, planesOf, zeros } from './tensor.js';

/** Sets of elements that are normalized together: for each set the flat indices in it. */
interface Sets {
  readonly count: number;
  readonly members: (set: number) => readonly number[];
}

/** A channel of the whole batch is a set (batch norm). */
export function byChannel(shape: readonly number[]): Sets {
  const { batch, channels, area } = planesOf(shape);
  const members = (c: number) =>
    Array.from({ length: batch * area }, (_, k) => (Math.floor(k / area) * channels + c) * area + (k % area));
  return { count: channels, members };
}

/** A channel of one image is a set (instance norm). */
export function byPlane(shape: readonly number[]): Sets {
  const { batch, channels, area } = planesOf(shape);
  return runs(batch * channels, area);
}

/** `channels / groups` neighbouring channels of one image are a set (group norm). */
export function byGroup(shape: readonly number[], groups: number): Sets {
  const { batch, channels, area } = planesOf(shape);
  return runs(batch * groups, (channels / groups) * area);
}

/** The channels of one pixel are a set (layer norm). */
export function byPixel(shape: readonly number[]): Sets {
  const { batch, channels, area } = planesOf(shape);
  const members = (set: number) =>
    Array.from({ length: channels }, (_, c) => (Math.floor(set / area) * channels + c) * area + (set % area));
  return { count: batch * area, members };
}

/** `count` sets of `length` neighbouring elements each. */
const runs = (count: number, length: number): Sets => ({
  count,
  members: (set) => Array.from({ length }, (_, k) => set * length + k),
});

function channelOf(shape: readonly number[]): (index: number) => number {
  const { channels, area } = planesOf(shape);
  return (index) => Math.floor(index / area) % channels;
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
  const channel = channelOf(x.shape);
  for (let set = 0; set < sets.count; set++) {
    const inverse = 1 / Math.sqrt(variance[set]! + eps);
    for (const i of sets.members(set)) {
      const c = channel(i);
      y.data[i] = (gamma?.data[c] ?? 1) * (x.data[i]! - mean[set]!) * inverse + (beta?.data[c] ?? 0);
    }
  }
  return y;
}

/**
 * Gradient of `normalize` with the set's own moments, for sets within one channel (Ioffe and Szegedy, 2015): with h the
 * normalized x, dx = gamma / sqrt(variance + eps) (dy - mean(dy) - h mean(dy h)), dgamma = sum(dy h), dbeta = sum(dy).
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
  const channel = channelOf(x.shape);
  for (let set = 0; set < sets.count; set++) {
    const members = sets.members(set);
    const c = channel(members[0]!);
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
