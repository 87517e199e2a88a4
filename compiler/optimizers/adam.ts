import type { Settings, SettingValues } from '../knob.js';
import { defineOptimizer, pieceByPiece } from './optimizer.js';

/** Of adam and adamw, but for the weight decay. PyTorch's. */
const common = {
  lr: { default: 1e-3, above: 0 },
  beta1: { default: 0.9, least: 0, below: 1 },
  beta2: { default: 0.999, least: 0, below: 1 },
  eps: { default: 1e-8, above: 0 },
} as const;

type AdamSettings = SettingValues<typeof common & { readonly weightDecay: Settings[string] }> & {
  readonly weightDecay: number;
};

const step = (decoupled: boolean) =>
  pieceByPiece(
    ({ beta1, beta2, eps, weightDecay }: AdamSettings, { parameters, slots, gradient }, { lr, step: count }, build) =>
      build.emitAll('adam_update', [parameters, ...slots, gradient, lr, count], {
        beta1,
        beta2,
        eps,
        weight_decay: weightDecay,
        decoupled,
      }),
  );

export const adam = defineOptimizer({
  doc: 'Adam (Kingma & Ba, 2015); weight decay is an L2 penalty.',
  summary: 'Kingma and Ba, 2015; `weight_decay` is an L2 penalty',
  settings: { ...common, weightDecay: { default: 0, least: 0 } },
  slots: () => ['m', 'v'],
  update: step(false),
});

export const adamw = defineOptimizer({
  doc: 'Adam with decoupled weight decay (Loshchilov & Hutter, 2019).',
  summary: 'Loshchilov and Hutter, 2019: `weight_decay` beside the gradient',
  settings: { ...common, weightDecay: { default: 0.01, least: 0 } },
  slots: () => ['m', 'v'],
  update: step(true),
});
