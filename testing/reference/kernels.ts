import type { Attrs } from '../../compiler/ir/graph.js';
import { boolAttr, listAttr, numberAttr, stringAttr } from '../../compiler/ops/attrs.js';
import type { OpName } from '../../compiler/ops/index.js';
import { resolveSides } from '../../compiler/ops/pad.js';
import { conv, convFilterGrad, convInputGrad, convTranspose } from './conv.js';
import {
  bfloat16,
  float16,
  logSoftmax,
  map,
  normalCdf,
  normalPdf,
  reduce,
  sigmoid,
  softplus,
  zip,
} from './elementwise.js';
import { interleave } from './interleave.js';
import { lovaszWeights } from './lovasz.js';
import { byChannel, byGroup, byPixel, byPlane, moments, normalize, normalizeGrad } from './normalize.js';
import { adamUpdate, sgdUpdate } from './optimizers.js';
import { pixelShuffle, pixelUnshuffle } from './pixel-shuffle.js';
import { avgpool, avgpoolGrad, maxpool, maxpoolGrad } from './pool.js';
import { dequantize, fakeQuantize } from './quantize.js';
import { concat, dropoutMask, shift, slice } from './shaping.js';
import { type Float64Tensor, tensor, zeros } from './tensor.js';
import { upsample, upsampleGrad } from './upsample.js';
import { upsampleKernel, upsampleKernelGrad } from './upsample-kernel.js';

/** What an operator does: its outputs from its attributes and all of its inputs, parameters included. */
export type Kernel = (attrs: Attrs, inputs: readonly Float64Tensor[]) => readonly Float64Tensor[];

type Tensors = readonly Float64Tensor[];

const unary =
  (f: (x: number, attrs: Attrs) => number): Kernel =>
  (attrs, [x]) => [map(x!, (value) => f(value, attrs))];

const elementwise =
  (f: (values: readonly number[]) => number): Kernel =>
  (_, inputs) => [zip(inputs, f)];

const sumOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

const eps = (attrs: Attrs): number => numberAttr(attrs, 'eps', 1e-5);

const shapeAttr = (attrs: Attrs): readonly number[] => listAttr(attrs, 'shape');

/** Pads where `sign` is 1, crops where it is -1. */
function resize(attrs: Attrs, x: Float64Tensor, sign: 1 | -1): Float64Tensor {
  const { begin, end } = resolveSides(attrs, x.shape.length - 2);
  const shape = x.shape.map((size, i) => (i < 2 ? size : size + sign * (begin[i - 2]! + end[i - 2]!)));
  return shift(x, shape, [0, 0, ...begin.map((n) => -sign * n)]);
}

/** Every operator of the IR in double precision: plain loops, the oracle that engines and gradients are checked against. */
export const kernels: Readonly<Record<OpName, Kernel>> = {
  conv: (attrs, [x, w, b]) => [conv(attrs, x!, w!, b)],
  conv_transpose: (attrs, [x, w, b]) => [convTranspose(attrs, x!, w!, b)],
  conv_input_grad: (attrs, [dy, w]) => [convInputGrad(attrs, dy!, w!, shapeAttr(attrs))],
  conv_filter_grad: (attrs, [x, dy]) => [convFilterGrad(attrs, x!, dy!, shapeAttr(attrs))],

  maxpool: (attrs, [x]) => [maxpool(attrs, x!)],
  maxpool_grad: (attrs, [x, y, dy]) => [maxpoolGrad(attrs, x!, y!, dy!)],
  avgpool: (attrs, [x]) => [avgpool(attrs, x!)],
  avgpool_grad: (attrs, [dy]) => [avgpoolGrad(attrs, dy!, shapeAttr(attrs))],
  global_avgpool: (_, [x]) => [reduce(x!, x!.shape.map((_size, i) => i).slice(2), true, true)],
  upsample: (attrs, [x]) => [upsample(attrs, x!)],
  upsample_grad: (attrs, [dy]) => [upsampleGrad(attrs, dy!, shapeAttr(attrs))],
  interleave: (attrs, images) => [interleave(images, listAttr(attrs, 'scale'))],
  upsample_kernel: (attrs, [w]) => [upsampleKernel(w!, listAttr(attrs, 'scale'))],
  upsample_kernel_grad: (attrs, [kernel]) => [upsampleKernelGrad(kernel!, listAttr(attrs, 'scale'))],

  pixel_shuffle: (attrs, [x]) => [pixelShuffle(x!, numberAttr(attrs, 'upscale_factor'))],
  pixel_unshuffle: (attrs, [x]) => [pixelUnshuffle(x!, numberAttr(attrs, 'downscale_factor'))],

  batchnorm: (attrs, [x, gamma, beta, mean, variance]) => {
    const statistics = { mean: mean!.data, variance: variance!.data };
    return [normalize(x!, byChannel(x!.shape), statistics, eps(attrs), gamma, beta)];
  },
  batchnorm_train: (attrs, [x, gamma, beta]) => {
    const sets = byChannel(x!.shape);
    const { mean, variance } = moments(x!, sets);
    const y = normalize(x!, sets, { mean, variance }, eps(attrs), gamma, beta);
    return [y, tensor([mean.length], mean), tensor([mean.length], variance)];
  },
  batchnorm_grad: (attrs, [dy, x, gamma, mean, variance]) => {
    const statistics = { mean: mean!.data, variance: variance!.data };
    return normalizeGrad(dy!, x!, byChannel(x!.shape), statistics, eps(attrs), gamma);
  },
  instancenorm: (attrs, [x, gamma, beta]) => {
    const sets = byPlane(x!.shape);
    return [normalize(x!, sets, moments(x!, sets), eps(attrs), gamma, beta)];
  },
  instancenorm_grad: (attrs, [dy, x, gamma]) => {
    const sets = byPlane(x!.shape);
    const all = normalizeGrad(dy!, x!, sets, moments(x!, sets), eps(attrs), gamma);
    return gamma === undefined ? [all[0]] : all;
  },
  groupnorm: (attrs, [x, gamma, beta]) => {
    const sets = byGroup(x!.shape, numberAttr(attrs, 'groups'));
    return [normalize(x!, sets, moments(x!, sets), eps(attrs), gamma, beta)];
  },
  layernorm: (attrs, [x, gamma, beta]) => {
    const sets = byPixel(x!.shape);
    return [normalize(x!, sets, moments(x!, sets), eps(attrs), gamma, beta)];
  },

  relu: unary((x) => Math.max(x, 0)),
  relu_grad: (_, inputs) => [zip(inputs, ([dy, y]) => (y! > 0 ? dy! : 0))],
  leaky_relu: unary((x, attrs) => (x > 0 ? x : numberAttr(attrs, 'slope', 0.01) * x)),
  prelu: (_, [x, weight]) => {
    const slopes = tensor(
      x!.shape.map((_size, i) => (i === 1 ? weight!.data.length : 1)),
      weight!.data,
    );
    return [zip([x!, slopes], ([value, slope]) => (value! > 0 ? value! : slope! * value!))];
  },
  elu: unary((x, attrs) => (x > 0 ? x : numberAttr(attrs, 'alpha', 1) * Math.expm1(x))),
  gelu: unary((x) => x * normalCdf(x)),
  gelu_grad: (_, inputs) => [zip(inputs, ([dy, x]) => dy! * (normalCdf(x!) + x! * normalPdf(x!)))],
  silu: unary((x) => x * sigmoid(x)),
  mish: unary((x) => x * Math.tanh(softplus(x))),
  selu: unary((x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x))),
  hard_sigmoid: unary((x) => (x <= -3 ? 0 : x >= 3 ? 1 : (x + 3) / 6)),
  hard_swish: unary((x) => (x <= -3 ? 0 : x >= 3 ? x : (x * (x + 3)) / 6)),
  relu6: unary((x) => Math.min(Math.max(x, 0), 6)),
  sigmoid: unary(sigmoid),
  tanh: unary(Math.tanh),
  softmax: (attrs, [x]) => [map(logSoftmax(x!, numberAttr(attrs, 'axis', 1)), Math.exp)],
  log_softmax: (attrs, [x]) => [logSoftmax(x!, numberAttr(attrs, 'axis', 1))],
  // At inference nothing is dropped; a training graph has no dropout, but a product with a mask.
  dropout: (_, [x]) => [x!],
  dropout_mask: (attrs, [seed]) => [dropoutMask(attrs, seed!.data[0]!, shapeAttr(attrs))],

  add: elementwise(sumOf),
  sub: elementwise(([a, b]) => a! - b!),
  mul: elementwise(([a, b]) => a! * b!),
  div: elementwise(([a, b]) => a! / b!),
  mean: elementwise((values) => sumOf(values) / values.length),
  max: elementwise((values) => Math.max(...values)),
  greater: elementwise(([a, b]) => (a! > b! ? 1 : 0)),
  equal: elementwise(([a, b]) => (a === b ? 1 : 0)),

  affine: unary((x, attrs) => x * numberAttr(attrs, 'scale') + numberAttr(attrs, 'shift')),
  sqrt: unary(Math.sqrt),
  exp: unary(Math.exp),
  log: unary(Math.log),
  abs: unary(Math.abs),
  softplus: unary(softplus),
  pow: unary((x, attrs) => x ** numberAttr(attrs, 'exponent')),
  clip: unary((x, attrs) => Math.min(Math.max(x, numberAttr(attrs, 'min')), numberAttr(attrs, 'max'))),

  lovasz_weights: (_, [errors, labels]) => [lovaszWeights(errors!, labels!)],
  constant: (attrs) => [map(zeros(shapeAttr(attrs)), () => numberAttr(attrs, 'value'))],
  reduce_sum: (attrs, [x]) => [reduce(x!, listAttr(attrs, 'axes'), boolAttr(attrs, 'keepdims'), false)],
  reduce_mean: (attrs, [x]) => [reduce(x!, listAttr(attrs, 'axes'), boolAttr(attrs, 'keepdims'), true)],
  broadcast_to: (attrs, [x]) => [zip([x!, zeros(shapeAttr(attrs))], ([value]) => value!)],
  reshape: (attrs, [x]) => [tensor(shapeAttr(attrs), x!.data)],
  concat: (attrs, inputs: Tensors) => [concat(inputs, numberAttr(attrs, 'axis', 1))],
  split: (attrs, [x]) => {
    const axis = numberAttr(attrs, 'axis');
    let start = 0;
    return listAttr(attrs, 'lengths').map((length) => {
      start += length;
      return slice(x!, axis, start - length, length);
    });
  },
  slice: (attrs, [x]) => {
    return [slice(x!, numberAttr(attrs, 'axis'), numberAttr(attrs, 'start'), numberAttr(attrs, 'length'))];
  },
  cast: (attrs, [x]) => {
    const to = stringAttr(attrs, 'to');
    return [to === 'bf16' ? map(x!, bfloat16) : to === 'f16' ? map(x!, float16) : x!];
  },
  pad: (attrs, [x]) => [resize(attrs, x!, 1)],
  crop: (attrs, [x]) => [resize(attrs, x!, -1)],
  fake_quantize: (attrs, [x]) => [fakeQuantize(attrs, x!)],
  dequantize: (_, [q, scale]) => [dequantize(q!, scale!)],
  sgd_update: sgdUpdate,
  adam_update: adamUpdate,
};
