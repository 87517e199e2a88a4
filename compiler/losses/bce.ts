import { defineLoss } from './loss.js';

/** softplus(z) - y z, the mean over every element. */
export const bce = defineLoss({
  doc: 'Binary cross entropy of each pixel and channel; for heads that end in sigmoid.',
  summary: 'binary cross entropy of each pixel and class; under sigmoid',
  settings: {},
  on: { sigmoid: true, softmax: false },
  rule: (t) => t.mean(t.binaryEntropy()),
});
