import { defineLoss } from './loss.js';

/**
 * 1 - (I + 1) / (I + alpha (P - I) + beta (Y - I) + 1), over (sample, channel): Salehi et al., 2017, whose best pair is the default. alpha
 * weighs false positives, beta false negatives.
 */
export const tversky = defineLoss({
  doc: 'Dice with weights of its own for false positives and negatives (Salehi et al., 2017).',
  summary: '1 - (I + 1) / (I + alpha (P - I) + beta (Y - I) + 1) (Salehi et al., 2017)',
  settings: { alpha: { default: 0.3, least: 0, most: 1 }, beta: { default: 0.7, least: 0, most: 1 } },
  on: { sigmoid: true, softmax: 'beside cross_entropy' },
  rule: (t, { alpha, beta }) =>
    t.overlap((i, p, y) => {
      const misses = t.emit('add', [t.affine(p, alpha), t.affine(y, beta)]);
      return [t.affine(i, 1, 1), t.affine(t.emit('add', [t.affine(i, 1 - alpha - beta), misses]), 1, 1)];
    }),
});
