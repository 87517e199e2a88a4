import * as activations from './activations.js';
import * as arithmetic from './arithmetic.js';
import { avgpool, avgpoolGrad } from './avgpool.js';
import { batchnorm, batchnormGrad, batchnormTrain } from './batchnorm.js';
import { cast } from './cast.js';
import { concat } from './concat.js';
import { conv, convFilterGrad, convInputGrad } from './conv.js';
import { convTranspose } from './conv-transpose.js';
import { dropout, dropoutMask } from './dropout.js';
import * as elementwise from './elementwise.js';
import { globalAvgpool } from './global-avgpool.js';
import { groupnorm } from './groupnorm.js';
import { instancenorm, instancenormGrad } from './instancenorm.js';
import { interleave } from './interleave.js';
import { layernorm } from './layernorm.js';
import { lovaszWeights } from './lovasz.js';
import { maxpool, maxpoolGrad } from './maxpool.js';
import type { Op } from './op.js';
import { adamUpdate, sgdUpdate } from './optimizers.js';
import { crop, pad } from './pad.js';
import { pixelShuffle, pixelUnshuffle } from './pixel-shuffle.js';
import { prelu } from './prelu.js';
import { dequantize, fakeQuantize } from './quantize.js';
import { reduceMean, reduceSum } from './reduce.js';
import { broadcastTo, constant, reshape } from './shaping.js';
import { slice } from './slice.js';
import { logSoftmax, softmax } from './softmax.js';
import { split } from './split.js';
import { upsample, upsampleGrad } from './upsample.js';
import { upsampleKernel, upsampleKernelGrad } from './upsample-kernel.js';

/** Every operator of the IR by its name. A new one is a file and a line here; each emitter's table then asks for it. */
export const ops = {
  // In the language.
  conv,
  conv_transpose: convTranspose,
  maxpool,
  avgpool,
  global_avgpool: globalAvgpool,
  upsample,
  pixel_shuffle: pixelShuffle,
  pixel_unshuffle: pixelUnshuffle,
  batchnorm,
  instancenorm,
  groupnorm,
  layernorm,
  relu: activations.relu,
  leaky_relu: activations.leakyRelu,
  prelu,
  elu: activations.elu,
  gelu: activations.gelu,
  silu: activations.silu,
  sigmoid: activations.sigmoid,
  softmax,
  tanh: activations.tanh,
  dropout,
  add: arithmetic.add,
  sub: arithmetic.sub,
  mul: arithmetic.mul,
  concat,
  mean: arithmetic.mean,
  max: arithmetic.max,
  pad,
  crop,
  // Only passes write these.
  affine: elementwise.affine,
  div: arithmetic.div,
  sqrt: elementwise.sqrt,
  exp: elementwise.exp,
  log: elementwise.log,
  abs: elementwise.abs,
  softplus: elementwise.softplus,
  pow: elementwise.pow,
  clip: elementwise.clip,
  greater: arithmetic.greater,
  equal: arithmetic.equal,
  constant,
  reduce_sum: reduceSum,
  reduce_mean: reduceMean,
  broadcast_to: broadcastTo,
  reshape,
  interleave,
  slice,
  split,
  cast,
  log_softmax: logSoftmax,
  batchnorm_train: batchnormTrain,
  dropout_mask: dropoutMask,
  conv_input_grad: convInputGrad,
  conv_filter_grad: convFilterGrad,
  relu_grad: activations.reluGrad,
  gelu_grad: activations.geluGrad,
  maxpool_grad: maxpoolGrad,
  avgpool_grad: avgpoolGrad,
  upsample_grad: upsampleGrad,
  upsample_kernel: upsampleKernel,
  upsample_kernel_grad: upsampleKernelGrad,
  batchnorm_grad: batchnormGrad,
  instancenorm_grad: instancenormGrad,
  sgd_update: sgdUpdate,
  adam_update: adamUpdate,
  lovasz_weights: lovaszWeights,
  fake_quantize: fakeQuantize,
  dequantize,
} as const satisfies Record<string, Op>;

export type OpName = keyof typeof ops;

export const isOpName = (name: string): name is OpName => Object.hasOwn(ops, name);

export const opOf = (name: OpName): Op => ops[name];

/** All names, in the order above. */
export const opNames = Object.keys(ops) as readonly OpName[];
