import type { PrimitiveName } from '../../../ops/index.js';
import type { Lowering } from '../lowering.js';
import * as conv from './conv.js';
import { dropoutMask } from './dropout.js';
import * as elementwise from './elementwise.js';
import { interleave } from './interleave.js';
import { lovaszWeights } from './lovasz.js';
import * as normalize from './normalize.js';
import * as optimizers from './optimizers.js';
import * as pixelShuffle from './pixel-shuffle.js';
import * as pool from './pool.js';
import * as quantize from './quantize.js';
import * as shaping from './shaping.js';
import * as upsample from './upsample.js';
import * as upsampleKernel from './upsample-kernel.js';

const { same, comparison, softmax } = elementwise;

/** The lowering of each operator of the IR to TensorFlow. Exhaustive by type: a new operator doesn't compile without. */
export const lowerings: Readonly<Record<PrimitiveName, Lowering>> = {
  conv: conv.conv,
  conv_transpose: conv.convTranspose,
  conv_input_grad: conv.convInputGrad,
  conv_filter_grad: conv.convFilterGrad,

  maxpool: pool.maxpool,
  avgpool: pool.avgpool,
  global_avgpool: pool.globalAvgpool,
  maxpool_grad: pool.maxpoolGrad,
  avgpool_grad: pool.avgpoolGrad,
  upsample: upsample.upsample,
  upsample_grad: upsample.upsampleGrad,
  upsample_kernel: upsampleKernel.upsampleKernel,
  upsample_kernel_grad: upsampleKernel.upsampleKernelGrad,

  pixel_shuffle: pixelShuffle.pixelShuffle,
  pixel_unshuffle: pixelShuffle.pixelUnshuffle,
  interleave,

  batchnorm: normalize.batchnorm,
  batchnorm_train: normalize.batchnormTrain,
  batchnorm_grad: normalize.batchnormGrad,
  instancenorm: normalize.instancenorm,
  instancenorm_grad: normalize.instancenormGrad,
  groupnorm: normalize.groupnorm,
  layernorm: normalize.layernorm,

  relu: same('Relu'),
  relu_grad: same('ReluGrad'),
  leaky_relu: elementwise.leakyRelu,
  prelu: elementwise.prelu,
  elu: elementwise.elu,
  gelu: elementwise.gelu,
  gelu_grad: elementwise.geluGrad,
  silu: elementwise.silu,
  sigmoid: same('Sigmoid'),
  tanh: same('Tanh'),
  softmax: softmax('Softmax'),
  log_softmax: softmax('LogSoftmax'),
  // At inference nothing is dropped; a training graph has dropout_mask instead.
  dropout: elementwise.identity,
  dropout_mask: dropoutMask,

  add: elementwise.add,
  mean: elementwise.mean,
  max: elementwise.max,
  sub: same('Sub'),
  mul: same('Mul'),
  div: same('RealDiv'),
  greater: comparison('Greater'),
  equal: comparison('Equal'),
  affine: elementwise.affine,
  sqrt: same('Sqrt'),
  exp: same('Exp'),
  log: same('Log'),
  abs: same('Abs'),
  softplus: same('Softplus'),
  pow: elementwise.pow,
  clip: elementwise.clip,

  lovasz_weights: lovaszWeights,

  concat: shaping.concat,
  reshape: shaping.reshape,
  broadcast_to: shaping.broadcastTo,
  constant: shaping.constant,
  slice: shaping.slice,
  split: shaping.split,
  cast: shaping.cast,
  pad: shaping.pad,
  crop: shaping.crop,
  reduce_sum: shaping.reduceSum,
  reduce_mean: shaping.reduceMean,

  fake_quantize: quantize.fakeQuantize,
  dequantize: quantize.dequantize,

  sgd_update: optimizers.sgdUpdate,
  adam_update: optimizers.adamUpdate,
};
