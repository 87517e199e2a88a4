import { defineLoss } from './loss.js';

/** 1 - (2 I + 1) / (P + Y + 1), I = sum p y, over (sample, channel): Milletari et al., "V-Net", 2016, first powers, smoothing 1. */
export const dice = defineLoss({
  doc: 'One minus the Dice coefficient, 2|A∩B| / (|A| + |B|): of regions, not pixels.',
  summary:
    '1 - (2I + 1) / (P + Y + 1), for each image and class, with intersection I, prediction P and truth Y (Milletari et al., 2016)',
  settings: {},
  on: { sigmoid: true, softmax: 'beside cross_entropy' },
  rule: (t) => t.overlap((i, p, y) => [t.affine(i, 2, 1), t.affine(t.emit('add', [p, y]), 1, 1)]),
});
