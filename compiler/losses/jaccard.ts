import { defineLoss } from './loss.js';

/** 1 - (I + 1) / (P + Y - I + 1), over (sample, channel). */
export const jaccard = defineLoss({
  doc: 'One minus the intersection over union.',
  summary: '1 - (I + 1) / (P + Y - I + 1)',
  settings: {},
  on: { sigmoid: true, softmax: 'beside cross_entropy' },
  rule: (t) => t.overlap((i, p, y) => [t.affine(i, 1, 1), t.affine(t.emit('sub', [t.emit('add', [p, y]), i]), 1, 1)]),
});
