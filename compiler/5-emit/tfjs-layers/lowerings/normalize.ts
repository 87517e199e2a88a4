import { boolAttr, numberAttr } from '../../../ops/attrs.js';
import { cantSay, type Lowering, type LoweringContext } from '../lowering.js';
import { channelsLast, flattened, layerShape } from './layout.js';

const eps = (to: LoweringContext): number => numberAttr(to.attrs, 'eps', 1e-5);

/**
 * Kept whole, moving statistics and all, so that the model goes on learning. Keras' momentum is what stays of the old
 * statistics, ours what comes in of the new.
 */
export const batchnorm: Lowering = (to) => {
  const config = {
    axis: -1,
    momentum: 1 - numberAttr(to.attrs, 'momentum', 0.1),
    epsilon: eps(to),
    center: true,
    scale: true,
  };
  const weights = ['gamma', 'beta', 'moving_mean', 'moving_variance'].flatMap((name, k) => to.vector(k + 1, name));
  const normalize = (x: string) => to.layer('BatchNormalization', [x], config, weights);
  if (to.spatialRank() < 3) return normalize(to.input());
  const space = to.fixedSpace();
  if (!space) return cantSay(onlyImages('batch'), 'give the volumes a size: --size DxHxW');
  const y = normalize(flattened(to, to.input(), space));
  return to.helper('volume', 'Reshape', [y], { target_shape: layerShape(to.output) });
};

const onlyImages = (which: string): string =>
  `TensorFlow.js has no ${which} normalization of volumes, and open sizes can't be reshaped to an image`;

/** Over space alone: layer normalization along the spatial dimensions of an image, or of a volume laid out as one. */
export const instancenorm: Lowering = (to) => {
  const rank = to.spatialRank();
  const space = to.fixedSpace();
  if (rank === 3 && !space) return cantSay(onlyImages('instance'), 'give the volumes a size: --size DxHxW');
  const x = rank === 3 && space ? flattened(to, to.input(), space) : to.input();
  return normalized(to, x, rank === 1 ? [1] : [1, 2], layout(to));
};

/**
 * Over space and the channels of a group: with one group those are all, with several they are a dimension more,
 * [N, space, groups, channels], which has no way back to an open height and width.
 */
export const groupnorm: Lowering = (to) => {
  const rank = to.spatialRank();
  const channels = to.channels();
  const groups = numberAttr(to.attrs, 'groups');
  const space = to.fixedSpace();
  if (groups === 1 && rank < 3) return normalized(to, to.input(), rank === 1 ? [1, 2] : [1, 2, 3], layout(to));
  if (rank > 1 && !space) {
    return cantSay(
      'layers of TensorFlow.js split the channels of images of a given size alone',
      `give them one: --size ${rank === 2 ? 'HxW' : 'DxHxW'}${rank === 2 ? '; or groups: 1' : ''}`,
    );
  }
  const x = to.helper('groups', 'Reshape', [to.input()], { target_shape: [-1, groups, channels / groups] });
  return normalized(to, x, [1, 3], 'other');
};

/** Over the channels of each pixel. */
export const layernorm: Lowering = (to) => {
  const rank = to.spatialRank();
  const space = to.fixedSpace();
  if (rank === 3 && !space) return cantSay(onlyImages('layer'), 'give the volumes a size: --size DxHxW');
  const x = rank === 3 && space ? flattened(to, to.input(), space) : to.input();
  const affine = boolAttr(to.attrs, 'affine', false);
  const config = { axis: -1, epsilon: eps(to), center: affine, scale: affine };
  const y = to.layer('LayerNormalization', [x], config, [...to.vector(1, 'gamma'), ...to.vector(2, 'beta')]);
  return rank < 3 ? y : to.helper('volume', 'Reshape', [y], { target_shape: layerShape(to.output) });
};

/** Whether a tensor lies as the node's output does, or has to be brought back to it. */
const layout = (to: LoweringContext): 'own' | 'other' => (to.spatialRank() === 3 ? 'other' : 'own');

/** Layer normalization along `axis`, then a scale and a shift of each channel where the node has them: a 1x1 depthwise convolution. */
function normalized(to: LoweringContext, x: string, axis: readonly number[], lies: 'own' | 'other'): string {
  const config = { axis, epsilon: eps(to), center: false, scale: false };
  const own = { target_shape: layerShape(to.output) };
  const scale = boolAttr(to.attrs, 'affine', false) ? to.parameter(1) : undefined;
  if (!scale && lies === 'own') return to.layer('LayerNormalization', [x], config);
  const normal = to.helper('normalize', 'LayerNormalization', [x], config);
  if (!scale) return to.layer('Reshape', [normal], own);
  const channels = to.channels();
  const image =
    lies === 'own' && to.spatialRank() === 2
      ? normal
      : to.helper('image', 'Reshape', [normal], { target_shape: [-1, 1, channels] });
  const y = to.layer(
    'DepthwiseConv2D',
    [image],
    { kernel_size: [1, 1], strides: [1, 1], padding: 'valid', ...channelsLast, depth_multiplier: 1, use_bias: true },
    [{ name: 'depthwise_kernel', shape: [1, 1, channels, 1], data: scale.data }, ...to.vector(2, 'bias')],
  );
  return image === normal ? y : to.helper('back', 'Reshape', [y], own);
}
