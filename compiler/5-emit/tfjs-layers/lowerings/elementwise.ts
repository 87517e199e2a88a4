import { numberAttr } from '../../../ops/attrs.js';
import { cantSay, type Lowering } from '../lowering.js';

export const activation =
  (name: string): Lowering =>
  (to) =>
    to.layer('Activation', [to.input()], { activation: name });

export const leakyRelu: Lowering = (to) =>
  to.layer('LeakyReLU', [to.input()], { alpha: numberAttr(to.attrs, 'slope', 0.01) });

/** One slope, or one a channel, shared over space. */
export const prelu: Lowering = (to) => {
  const rank = to.spatialRank();
  const slopes = numberAttr(to.attrs, 'num_parameters', 1);
  // A single slope is shared by the channels too.
  const shared = Array.from({ length: rank + (slopes === 1 ? 1 : 0) }, (_, k) => k + 1);
  const [alpha] = to.vector(1, 'alpha').map((w) => ({ ...w, shape: [...new Array<number>(rank).fill(1), slopes] }));
  return to.layer('PReLU', [to.input()], { shared_axes: shared }, alpha ? [alpha] : []);
};

/** The ELU of TensorFlow.js has alpha 1 alone; another one is `alpha elu(x) + (1 - alpha) relu(x)`. */
export const elu: Lowering = (to) => {
  const alpha = numberAttr(to.attrs, 'alpha', 1);
  if (alpha === 1) return to.layer('ELU', [to.input()], { alpha });
  const scaled = (part: string, className: string, scale: number) =>
    to.helper(`${part}.scale`, 'Rescaling', [to.helper(part, className, [to.input()], {})], { scale, offset: 0 });
  return to.layer('Add', [scaled('below', 'ELU', alpha), scaled('above', 'ReLU', 1 - alpha)], {});
};

/** The softmax of TensorFlow.js sums along the last axis, which is our channels; another one is brought there and back. */
export const softmax: Lowering = (to) => {
  const axis = numberAttr(to.attrs, 'axis', 1);
  if (axis === 1) return activation('softmax')(to);
  if (axis === 0) return cantSay('layers see one image at a time, and softmax over axis 0 sums over the batch');
  const last = to.value().type.shape.length - 1;
  const dims = Array.from({ length: last }, (_, k) => (k + 1 === axis - 1 ? last : k + 1 === last ? axis - 1 : k + 1));
  const turned = to.helper('turn', 'Permute', [to.input()], { dims });
  const y = to.helper('softmax', 'Activation', [turned], { activation: 'softmax' });
  return to.layer('Permute', [y], { dims });
};

/** In training as in the spec; at inference the identity. */
export const dropout: Lowering = (to) => to.layer('Dropout', [to.input()], { rate: numberAttr(to.attrs, 'rate', 0.5) });

/** Merging layers want two inputs at least. */
export const merging =
  (className: 'Add' | 'Multiply' | 'Average' | 'Maximum' | 'Concatenate'): Lowering =>
  (to) => {
    if (to.inputs.length === 1) return to.input();
    return to.layer(className, to.inputs, className === 'Concatenate' ? { axis: -1 } : {});
  };

export const affine: Lowering = (to) =>
  to.layer('Rescaling', [to.input()], { scale: numberAttr(to.attrs, 'scale'), offset: numberAttr(to.attrs, 'shift') });

/** TensorFlow.js's ReLU has an upper bound but no lower one: it is moved to 0 and back. */
export const clip: Lowering = (to) => {
  const min = numberAttr(to.attrs, 'min');
  const range = { max_value: numberAttr(to.attrs, 'max') - min };
  if (min === 0) return to.layer('ReLU', [to.input()], range);
  const raised = to.helper('raise', 'Rescaling', [to.input()], { scale: 1, offset: -min });
  return to.layer('Rescaling', [to.helper('cut', 'ReLU', [raised], range)], { scale: 1, offset: min });
};

/** TensorFlow.js has no layer that subtracts. */
export const sub: Lowering = (to) => {
  const minus = to.helper('minus', 'Rescaling', [to.input(1)], { scale: -1, offset: 0 });
  return to.layer('Add', [to.input(0), minus], {});
};

/** Only passes write these operators, and none that deploys a network does. */
export const onlyInTraining: Lowering = (to) => {
  throw new Error(`${to.node.op} at ${to.node.origin.path} has no place in a deployed graph`);
};
