import { boolAttr, numberAttr } from '../../../ops/attrs.js';
import { cantSay, type Lowering, type LoweringContext } from '../lowering.js';
import { channelsLast, flattened, layerShape, lifted } from './layout.js';

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

/** Layer normalization over space alone; a scale and a shift for each channel are a 1x1 depthwise convolution. */
export const instancenorm: Lowering = (to) => {
  const rank = to.spatialRank();
  const channels = to.channels();
  const affine = boolAttr(to.attrs, 'affine', false);
  const space = to.fixedSpace();
  if (rank === 3 && !space) return cantSay(onlyImages('instance'), 'give the volumes a size: --size DxHxW');
  const config = { axis: rank === 1 ? [1] : [1, 2], epsilon: eps(to), center: false, scale: false };
  const x = rank === 3 && space ? flattened(to, to.input(), space) : to.input();
  if (!affine && rank < 3) return to.layer('LayerNormalization', [x], config);
  const normal = to.helper('normalize', 'LayerNormalization', [x], config);
  if (!affine) return to.layer('Reshape', [normal], { target_shape: layerShape(to.output) });
  const scale = to.parameter(1);
  if (!scale) throw new Error(`instancenorm at ${to.node.origin.path} has no weight`);
  const kernel = { name: 'depthwise_kernel', shape: [1, 1, channels, 1], data: scale.data };
  const y = to.layer(
    'DepthwiseConv2D',
    [rank === 1 ? lifted(to, normal, channels) : normal],
    { kernel_size: [1, 1], strides: [1, 1], padding: 'valid', ...channelsLast, depth_multiplier: 1, use_bias: true },
    [kernel, ...to.vector(2, 'bias')],
  );
  if (rank === 1) return to.helper('lower', 'Reshape', [y], { target_shape: layerShape(to.output) });
  return rank === 2 ? y : to.helper('volume', 'Reshape', [y], { target_shape: layerShape(to.output) });
};
