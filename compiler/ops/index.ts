import * as activations from './activations.js';
import * as arithmetic from './arithmetic.js';
import { avgpool, avgpoolGrad } from './avgpool.js';
import { batchnorm, batchnormGrad, batchnormTrain } from './batchnorm.js';
import { cast } from './cast.js';
import { type ComposedOp, type Decompose, gradientOf } from './composed.js';
import { concat } from './concat.js';
import { conv, convFilterGrad, convInputGrad } from './conv.js';
import { convTranspose } from './conv-transpose.js';
import { dropout, dropoutMask } from './dropout.js';
import * as elementwise from './elementwise.js';
import { globalAvgpool } from './global-avgpool.js';
import { groupnorm } from './groupnorm.js';
import { hardSigmoid, hardSwish, relu6 } from './hard-activations.js';
import { instancenorm, instancenormGrad } from './instancenorm.js';
import { interleave } from './interleave.js';
import { layernorm } from './layernorm.js';
import { lovaszWeights } from './lovasz.js';
import { maxpool, maxpoolGrad } from './maxpool.js';
import { mish } from './mish.js';
import type { Op } from './op.js';
import { adamUpdate, sgdUpdate } from './optimizers.js';
import { crop, pad } from './pad.js';
import { pixelShuffle, pixelUnshuffle } from './pixel-shuffle.js';
import { prelu } from './prelu.js';
import { dequantize, fakeQuantize } from './quantize.js';
import { reduceMean, reduceSum } from './reduce.js';
import { selu } from './selu.js';
import { broadcastTo, constant, reshape } from './shaping.js';
import { slice } from './slice.js';
import { logSoftmax, softmax } from './softmax.js';
import { split } from './split.js';
import { upsample, upsampleGrad } from './upsample.js';
import { upsampleKernel, upsampleKernelGrad } from './upsample-kernel.js';

/** Operators that are a composition of others: a new one is a file, a line here and a line in the float64 reference. */
export const composedOps = {
  mish,
  selu,
  hard_sigmoid: hardSigmoid,
  hard_swish: hardSwish,
  relu6,
} as const satisfies Record<string, ComposedOp>;

/** Operators that emitters, schedules and precision know one by one: their tables ask for a new one. */
const primitiveOps = {
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

/** Every operator of the IR by its name. */
export const ops = { ...primitiveOps, ...composedOps } as const;

export type PrimitiveName = keyof typeof primitiveOps;
export type ComposedName = keyof typeof composedOps;
export type OpName = PrimitiveName | ComposedName;

export const isComposed = (name: OpName): name is ComposedName => Object.hasOwn(composedOps, name);

/** The name of an operator that tables of primitives know; composed ones are gone once `decompose` has run. */
export function primitiveName(name: OpName): PrimitiveName {
  if (isComposed(name)) throw new Error(`${name} should have been decomposed by now`);
  return name;
}

/** How an operator is written in others, null if it is a primitive. */
export const decompositionOf = (name: OpName): Decompose | null =>
  isComposed(name) ? composedOps[name].decompose : null;

export const isOpName = (name: string): name is OpName => Object.hasOwn(ops, name);

/** Composed operators with the gradient of their decomposition. */
const differentiable = new Map<OpName, Op>(
  Object.entries(composedOps).map(([name, op]) => [
    name as ComposedName,
    { ...op, gradient: (context) => [gradientOf(op.decompose, context, opOf)] },
  ]),
);

export const opOf = (name: OpName): Op => differentiable.get(name) ?? ops[name];

/** All names, in the order above. */
export const opNames = Object.keys(ops) as readonly OpName[];
