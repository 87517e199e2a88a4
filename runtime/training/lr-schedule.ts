import type { Schedule } from '../../compiler/recipe.js';
import { type BestMetric, defaultBest, scoreOf } from './best.js';
import type { EpochLine } from './position.js';

/** What plateau looks at of an epoch. */
type Judged = Pick<EpochLine, 'epoch' | 'loss' | 'output'>;

/** Where a step stands in a run: all counts in optimizer steps, `step` from 0. */
export interface Progress {
  readonly step: number;
  readonly total: number;
  readonly stepsPerEpoch: number;
  /** The epochs that are finished; only plateau asks. */
  readonly lines?: readonly Judged[];
  /** What it judges them by; default: IoU. */
  readonly best?: BestMetric;
}

/**
 * The learning rate of one step, `base` times a factor in (0, 1]:
 *   warm-up   (step + 1) / w over the first w = warmup * stepsPerEpoch steps; the last of them runs at the full rate
 *   constant  1
 *   step      gamma^floor(epoch / every), epochs counted from the start of the run as PyTorch's StepLR does
 *   cosine    floor + (1 - floor) * (1 + cos(pi t)) / 2  (Loshchilov & Hutter, "SGDR", 2017, eq. 5, one period)
 *   poly      floor + (1 - floor) * (1 - t)^power        (Chen et al., "DeepLab", 2017)
 *   plateau   factor^reductions, not below floor: see `reductions`
 * with t in [0, 1) the share of the steps after warm-up that are done.
 */
export function learningRate(
  schedule: Schedule,
  base: number,
  { step, total, stepsPerEpoch, lines = [], best }: Progress,
): number {
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
    case 'plateau':
      return base * Math.max(schedule.floor, schedule.factor ** reductions(schedule, lines, best));
  }
}

/**
 * How often plateau has reduced the rate after these epochs, as PyTorch's ReduceLROnPlateau counts (threshold_mode rel): an
 * epoch whose score is not above best * (1 + threshold) is bad, more than `patience` bad ones in a row reduce, and `cooldown`
 * epochs after that none is bad. The score is the one that chooses the best checkpoint: by default the IoU of held-out images, or the
 * loss, which must fall below best * (1 - threshold). Epochs of the warm-up do not count.
 *
 * A function of the finished epochs alone, which a checkpoint carries: a resumed run goes on with the same rate.
 */
export function reductions(schedule: Schedule, lines: readonly Judged[], metric: BestMetric = defaultBest): number {
  const { patience, threshold, cooldown, warmup } = schedule;
  let best = Number.NEGATIVE_INFINITY;
  let bad = 0;
  let cooling = 0;
  let count = 0;
  for (const line of lines.slice(Math.ceil(warmup))) {
    const score = scoreOf(line, metric);
    // A loss is negated to be a score; its threshold still is a share of its size.
    if (score > best + threshold * Math.abs(best) || best === Number.NEGATIVE_INFINITY) {
      best = score;
      bad = 0;
    } else bad++;
    if (cooling > 0) {
      cooling--;
      bad = 0;
    }
    if (bad > patience) {
      count++;
      cooling = cooldown;
      bad = 0;
    }
  }
  return count;
}
