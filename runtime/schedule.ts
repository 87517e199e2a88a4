import type { Schedule } from '../compiler/recipe.js';

/** Where a step stands in a run: all counts in optimizer steps, `step` from 0. */
export interface Progress {
  readonly step: number;
  readonly total: number;
  readonly stepsPerEpoch: number;
}

/**
 * The learning rate of one step, `base` times a factor in (0, 1]:
 *   warm-up   (step + 1) / w over the first w = warmup * stepsPerEpoch steps; the last of them runs at the full rate
 *   constant  1
 *   step      gamma^floor(epoch / every), epochs counted from the start of the run as PyTorch's StepLR does
 *   cosine    floor + (1 - floor) * (1 + cos(pi t)) / 2  (Loshchilov & Hutter, "SGDR", 2017, eq. 5, one period)
 *   poly      floor + (1 - floor) * (1 - t)^power        (Chen et al., "DeepLab", 2017)
 * with t in [0, 1) the share of the steps after warm-up that are done.
 */
export function learningRate(schedule: Schedule, base: number, { step, total, stepsPerEpoch }: Progress): number {
  const warm = Math.min(total, Math.round(schedule.warmup * stepsPerEpoch));
  if (step < warm) return (base * (step + 1)) / warm;
  const t = Math.min(1, (step - warm) / Math.max(1, total - warm));
  const between = (share: number): number => base * (schedule.floor + (1 - schedule.floor) * share);
  switch (schedule.name) {
    case 'constant':
      return base;
    case 'step':
      return base * schedule.gamma ** Math.floor(step / (schedule.every * stepsPerEpoch));
    case 'cosine':
      return between((1 + Math.cos(Math.PI * t)) / 2);
    case 'poly':
      return between((1 - t) ** schedule.power);
  }
}
