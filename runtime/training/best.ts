import type { EpochLine } from './position.js';

/** What can choose the best epoch: figures of the default output on held-out images, or the training loss. */
export const bestMetrics = ['iou', 'dice', 'iou-foreground', 'bce', 'loss'] as const;
export type BestMetric = (typeof bestMetrics)[number];

export const defaultBest: BestMetric = 'iou';

type Judged = Pick<EpochLine, 'output' | 'loss'>;

/**
 * What an epoch is judged by, larger is better (`bce` and `loss` negated). Without held-out images the loss, whatever was asked;
 * `iou-foreground` is `iou` where no class is the background. NaN where no held-out image has any class.
 */
export function scoreOf({ output, loss }: Judged, metric: BestMetric = defaultBest): number {
  if (!output || metric === 'loss') return -loss;
  const { iou, dice, bce, iouForeground } = output;
  const scores = { iou, dice, bce: -bce, 'iou-foreground': iouForeground ?? iou };
  // A figure that was not a number was written as null.
  return scores[metric] ?? Number.NaN;
}

/** The epoch with the highest score; the first of equals. */
export function bestOf(
  lines: readonly Pick<EpochLine, 'epoch' | 'output' | 'loss'>[],
  metric: BestMetric = defaultBest,
): { epoch: number; score: number } | null {
  let best: { epoch: number; score: number } | null = null;
  for (const line of lines) {
    const score = scoreOf(line, metric);
    if (!best || score > best.score || (Number.isNaN(best.score) && !Number.isNaN(score))) {
      best = { epoch: line.epoch, score };
    }
  }
  return best;
}

/** `IoU on held-out images, mean over images`: what the best epoch is chosen by. */
export function bestBy(metric: BestMetric, heldOut: boolean): string {
  if (!heldOut) return 'training loss, for no images are held out';
  const says: Readonly<Record<BestMetric, string>> = {
    iou: 'IoU on held-out images, mean over images',
    dice: 'Dice on held-out images, mean over images',
    'iou-foreground': 'IoU without the background on held-out images, mean over images',
    bce: 'cross-entropy on held-out images',
    loss: 'training loss',
  };
  return says[metric];
}
