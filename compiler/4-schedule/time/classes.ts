import { isComposed, type OpName, type PrimitiveName } from '../../ops/index.js';

/** Operators that engines run by the same kind of loop, and whose speed is therefore measured together. */
export type WorkClass =
  | 'conv'
  | 'transpose'
  | 'input_grad'
  | 'filter_grad'
  | 'elementwise'
  | 'curve'
  | 'norm'
  | 'norm_train'
  | 'pool'
  | 'enlarge'
  | 'move'
  | 'shuffle'
  | 'reduce'
  | 'update'
  | 'free';

/** Exhaustive by type: a new operator doesn't compile without. `free`: makes no memory pass of its own. */
const classes: Readonly<Record<PrimitiveName, WorkClass>> = {
  conv: 'conv',
  conv_transpose: 'transpose',
  conv_input_grad: 'input_grad',
  conv_filter_grad: 'filter_grad',

  relu: 'elementwise',
  leaky_relu: 'elementwise',
  prelu: 'elementwise',
  add: 'elementwise',
  sub: 'elementwise',
  mul: 'elementwise',
  div: 'elementwise',
  mean: 'elementwise',
  max: 'elementwise',
  affine: 'elementwise',
  abs: 'elementwise',
  sqrt: 'elementwise',
  clip: 'elementwise',
  greater: 'elementwise',
  equal: 'elementwise',
  relu_grad: 'elementwise',
  dropout: 'elementwise',
  cast: 'elementwise',
  fake_quantize: 'elementwise',

  elu: 'curve',
  gelu: 'curve',
  gelu_grad: 'curve',
  silu: 'curve',
  sigmoid: 'curve',
  tanh: 'curve',
  softmax: 'curve',
  log_softmax: 'curve',
  exp: 'curve',
  log: 'curve',
  softplus: 'curve',
  pow: 'curve',
  dropout_mask: 'curve',
  lovasz_weights: 'curve',

  batchnorm: 'norm',
  instancenorm: 'norm',
  groupnorm: 'norm',
  layernorm: 'norm',
  batchnorm_train: 'norm_train',
  batchnorm_grad: 'norm_train',
  instancenorm_grad: 'norm_train',

  maxpool: 'pool',
  maxpool_grad: 'pool',
  avgpool: 'pool',
  avgpool_grad: 'pool',

  upsample: 'enlarge',
  upsample_grad: 'enlarge',

  concat: 'move',
  slice: 'move',
  split: 'move',
  pad: 'move',
  crop: 'move',
  pixel_shuffle: 'shuffle',
  pixel_unshuffle: 'shuffle',
  interleave: 'shuffle',
  broadcast_to: 'move',
  upsample_kernel: 'move',
  upsample_kernel_grad: 'move',

  global_avgpool: 'reduce',
  reduce_sum: 'reduce',
  reduce_mean: 'reduce',

  sgd_update: 'update',
  adam_update: 'update',

  constant: 'free',
  dequantize: 'free',
  reshape: 'free',
};

/** Composed operators are timed by their parts; one that is not decomposed yet counts as one pass of a function. */
export const classOf = (op: OpName): WorkClass => (isComposed(op) ? 'curve' : classes[op]);
