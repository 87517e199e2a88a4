import type { PrimitiveName } from '../../../ops/index.js';
import { resolveSides } from '../../../ops/pad.js';
import type { Lowering } from '../lowering.js';
import * as conv from './conv.js';
import * as elementwise from './elementwise.js';
import { cropped, padded } from './layout.js';
import * as normalize from './normalize.js';
import * as pixelShuffle from './pixel-shuffle.js';
import * as pool from './pool.js';
import { upsample } from './upsample.js';

const { activation, merging, onlyInTraining } = elementwise;

const pad: Lowering = (to) =>
  padded(to, to.input(), resolveSides(to.attrs, to.spatialRank()), { channels: to.channels(), last: true });
const crop: Lowering = (to) =>
  cropped(to, to.input(), resolveSides(to.attrs, to.spatialRank()), { channels: to.channels(), last: true });

/** The lowering of each operator of the IR to stock layers of TensorFlow.js. Exhaustive by type: a new one doesn't compile without. */
export const lowerings: Readonly<Record<PrimitiveName, Lowering>> = {
  conv: conv.conv,
  conv_transpose: conv.convTranspose,
  maxpool: pool.maxpool,
  avgpool: pool.avgpool,
  global_avgpool: pool.globalAvgpool,
  upsample,
  pixel_shuffle: pixelShuffle.pixelShuffle,
  pixel_unshuffle: pixelShuffle.pixelUnshuffle,
  batchnorm: normalize.batchnorm,
  instancenorm: normalize.instancenorm,
  groupnorm: normalize.groupnorm,
  layernorm: normalize.layernorm,

  relu: activation('relu'),
  leaky_relu: elementwise.leakyRelu,
  prelu: elementwise.prelu,
  elu: elementwise.elu,
  gelu: activation('gelu'),
  silu: activation('swish'),
  sigmoid: activation('sigmoid'),
  tanh: activation('tanh'),
  softplus: activation('softplus'),
  // What composed operators are made of.
  affine: elementwise.affine,
  clip: elementwise.clip,
  softmax: elementwise.softmax,
  dropout: elementwise.dropout,

  add: merging('Add'),
  sub: elementwise.sub,
  mul: merging('Multiply'),
  mean: merging('Average'),
  max: merging('Maximum'),
  concat: merging('Concatenate'),
  pad,
  crop,

  div: onlyInTraining,
  sqrt: onlyInTraining,
  exp: onlyInTraining,
  log: onlyInTraining,
  abs: onlyInTraining,
  pow: onlyInTraining,
  greater: onlyInTraining,
  equal: onlyInTraining,
  constant: onlyInTraining,
  reduce_sum: onlyInTraining,
  reduce_mean: onlyInTraining,
  broadcast_to: onlyInTraining,
  reshape: onlyInTraining,
  slice: onlyInTraining,
  split: onlyInTraining,
  cast: onlyInTraining,
  fake_quantize: onlyInTraining,
  dequantize: onlyInTraining,
  lovasz_weights: onlyInTraining,
  log_softmax: onlyInTraining,
  batchnorm_train: onlyInTraining,
  dropout_mask: onlyInTraining,
  conv_input_grad: onlyInTraining,
  conv_filter_grad: onlyInTraining,
  relu_grad: onlyInTraining,
  gelu_grad: onlyInTraining,
  maxpool_grad: onlyInTraining,
  avgpool_grad: onlyInTraining,
  upsample_grad: onlyInTraining,
  // Written for engines that multiply fast, not for layers.
  interleave: onlyInTraining,
  upsample_kernel: onlyInTraining,
  upsample_kernel_grad: onlyInTraining,
  batchnorm_grad: onlyInTraining,
  instancenorm_grad: onlyInTraining,
  sgd_update: onlyInTraining,
  adam_update: onlyInTraining,
};
