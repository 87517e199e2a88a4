import type { Value } from '../ir/graph.js';
import { defineLoss } from './loss.js';
import type { Tools } from './tools.js';

/**
 * Lin et al., "Focal Loss for Dense Object Detection", 2017: alpha_t (1 - p_t)^gamma bce; under softmax (1 - p_t)^gamma cross entropy. With
 * e the entropy, p_t = e^-e, so that 1 - p_t needs no selection by the target.
 */
export const focal = defineLoss({
  doc: 'Cross entropy that counts pixels less which are right already (Lin et al., 2017).',
  summary: '(1 - p)^gamma times the entropy, weighed by alpha (Lin et al., 2017); under sigmoid or softmax',
  settings: { gamma: { default: 2, least: 0 }, alpha: { default: 0.25, least: 0, most: 1 } },
  on: { sigmoid: true, softmax: true },
  rule: (t, { gamma, alpha }) => {
    const softmax = t.prediction.activation === 'softmax';
    const entropy = softmax ? t.crossEntropy() : t.binaryEntropy();
    const miss = gamma < 1 ? stableMiss(t, entropy) : plainMiss(t, entropy);
    const focused = t.emit('mul', [t.emit('pow', [miss], { exponent: gamma }), entropy]);
    if (softmax) return t.mean(focused);
    return t.mean(t.emit('mul', [t.affine(t.target, 2 * alpha - 1, 1 - alpha), focused]));
  },
});

const plainMiss = (t: Tools, entropy: Value): Value =>
  t.emit('clip', [t.affine(t.emit('exp', [t.affine(entropy, -1)]), -1, 1)], { min: 0, max: 1 });

/**
 * Below gamma 1 the slope of (1 - p_t)^gamma has no bound where p_t nears 1: times an entropy of 0 it is no number, though the slope of the
 * product goes to 0. So 1 - p_t is exact however small (1 - e^-e = tanh(e / 2) (1 + e^-e)), and never 0: 1e-30 has a slope that single
 * precision holds for every gamma. An entropy that rounding made negative counts as 0.
 */
function stableMiss(t: Tools, entropy: Value): Value {
  const tangent = t.emit('tanh', [t.affine(entropy, 0.5)]);
  const miss = t.emit('mul', [tangent, t.affine(t.emit('exp', [t.affine(entropy, -1)]), 1, 1)]);
  return t.emit('clip', [miss], { min: 1e-30, max: 1 });
}
