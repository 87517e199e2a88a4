import { known } from '../ir/dim.js';
import type { Value } from '../ir/graph.js';
import { defineLoss } from './loss.js';
import type { Tools } from './tools.js';

/**
 * Berman et al., 2018: the sum over a sample's channel of weight * error, weights by `lovasz_weights`; under sigmoid the hinge, errors
 * max(0, 1 - z (2 y - 1)); under softmax errors |y - p|, absent classes included.
 */
export const lovasz = defineLoss({
  doc: 'The Lovász hinge, under softmax Lovász-Softmax: intersection over union itself, made convex (Berman et al., 2018).',
  summary: 'the hinge under sigmoid, Lovász-Softmax under softmax (Berman et al., 2018)',
  settings: {},
  on: { sigmoid: true, softmax: true },
  rule: (t) => {
    const errors = ignoredLast(t, t.prediction.activation === 'softmax' ? missed(t) : hinge(t));
    const weights = t.emit('lovasz_weights', [errors, t.target]);
    const share = t.target.type.shape.slice(2).reduce((n, d) => n * known(d), 1);
    // The mean over elements times their number: a sum over space, a mean over samples and channels.
    return t.affine(t.meanOfAll(t.emit('mul', [t.emit('relu', [errors]), weights])), share);
  },
});

/** 1 - z (2 y - 1): below 0 where the logit is right by more than 1. */
const hinge = (t: Tools): Value => t.affine(t.emit('mul', [t.prediction.logits, t.affine(t.target, 2, -1)]), -1, 1);

/** |y - p| */
const missed = (t: Tools): Value => t.emit('abs', [t.emit('sub', [t.target, t.prediction.probability])]);

/** -1 on what is ignored: behind every error above 0 in rank, so that it changes none of their weights, and 0 itself after relu. */
const ignoredLast = (t: Tools, errors: Value): Value =>
  t.counted ? t.emit('add', [t.only(errors), t.affine(t.counted, 1, -1)]) : errors;
