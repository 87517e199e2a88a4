import { defineLoss } from './loss.js';

/**
 * -sum_k y_k log softmax(z)_k, the mean over pixels. `smoothing` s puts (1 - s) y + s / K in place of y, as `label_smoothing` of PyTorch's
 * CrossEntropyLoss does (Szegedy et al., 2016).
 */
export const crossEntropy = defineLoss({
  doc: 'Cross entropy of each pixel over the channels; for heads that end in softmax.',
  summary:
    'cross entropy over the classes of a pixel, whose labels `smoothing` blends with all classes alike; under softmax',
  settings: { smoothing: { default: 0, least: 0, below: 1 } },
  on: { sigmoid: false, softmax: true },
  rule: (t, { smoothing }) => t.mean(t.crossEntropy(smoothing)),
});
