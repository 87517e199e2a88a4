import type { Attrs } from '../../compiler/ir/graph.js';
import { type ComposedName, composedOps, type OpName } from '../../compiler/ops/index.js';
import { resolveWindow, type Window } from '../../compiler/ops/spatial.js';
import { type Float64Tensor, kernels, tensor, zeros } from '../../testing/reference/index.js';
import type { Draw } from './draw.js';

/** One random application: attributes and all inputs, parameters included. */
export interface Case {
  readonly attrs: Attrs;
  readonly inputs: readonly Float64Tensor[];
}

/** Spatial sizes by rank that keep a case small. */
const most = [6, 4, 3];

const space = (d: Draw, rank: number): number[] => d.ints(rank, 1, most[rank - 1]!);

const image = (d: Draw, channels = d.int(1, 3)): number[] => [d.int(1, 2), channels, ...space(d, d.int(1, 3))];

const someShape = (d: Draw): number[] => d.ints(d.int(0, 4), 1, 3);

const list = (values: number[], d: Draw): number | number[] =>
  values.every((v) => v === values[0]) && d.pick(true, false) ? values[0]! : values;

/** Random sizes that a window's stride divides and where it fits at least once. */
const spaceUnder = (d: Draw, w: Window): number[] =>
  w.stride.map((s, i) => {
    const slack = w.begin[i]! + w.end[i]! - w.dilation[i]! * (w.kernel[i]! - 1) - 1;
    const least = Math.max(1, -Math.floor(slack / s));
    return s * d.int(least, Math.max(least, Math.floor(most[w.stride.length - 1]! / s)));
  });

function conv(d: Draw): Case {
  const rank = d.int(1, 3);
  const groups = d.pick(1, 1, 2, 3);
  const inner = d.int(1, 2);
  const channels = groups * d.int(1, 2);
  const kernel = d.ints(rank, 1, rank === 3 ? 2 : 3);
  const padding = d.pick<Attrs[string]>('same', 'same', 'valid', 1, d.ints(rank, 0, 2), d.ints(2 * rank, 0, 2));
  const bias = d.pick(true, false);
  const attrs = {
    channels,
    groups,
    kernel: list(kernel, d),
    stride: list(d.ints(rank, 1, 2), d),
    dilation: list(d.ints(rank, 1, 2), d),
    padding,
    bias,
  };
  const x = d.tensor([d.int(1, 2), groups * inner, ...spaceUnder(d, resolveWindow(attrs, rank))]);
  const w = d.tensor([channels, inner, ...kernel]);
  return { attrs, inputs: bias ? [x, w, d.tensor([channels])] : [x, w] };
}

function convTranspose(d: Draw): Case {
  const rank = d.int(1, 3);
  const channels = d.int(1, 2);
  const stride = d.ints(rank, 1, 2);
  const kernel = stride.map((s) => s + d.int(0, 2));
  const padding = d.pick<Attrs[string]>('same', 'same', 'valid', 1, d.ints(2 * rank, 0, 1));
  const bias = d.pick(true, false);
  const attrs = { channels, kernel: list(kernel, d), stride: list(stride, d), padding, bias };
  // Three elements leave at least one, whatever is cropped.
  const x = d.tensor([d.int(1, 2), d.int(1, 2), ...d.ints(rank, padding === 'same' ? 1 : 3, 3)]);
  const w = d.tensor([x.shape[1]!, channels, ...kernel]);
  return { attrs, inputs: bias ? [x, w, d.tensor([channels])] : [x, w] };
}

function pool(d: Draw): Case {
  const rank = d.int(1, 3);
  const kernel = d.ints(rank, 1, 3);
  const stride = d.pick<Attrs[string]>('kernel', 1, d.ints(rank, 1, 2));
  const padding = d.pick<Attrs[string]>(
    0,
    0,
    'same',
    kernel.map((k) => k - 1),
    [...kernel.map((k) => d.int(0, k - 1)), ...kernel.map((k) => d.int(0, k - 1))],
  );
  const attrs = { kernel: list(kernel, d), stride, padding };
  return { attrs, inputs: [d.tensor([d.int(1, 2), d.int(1, 2), ...spaceUnder(d, resolveWindow(attrs, rank))])] };
}

function upsample(d: Draw): Case {
  const mode = d.pick('nearest', 'linear');
  const shape = image(d, d.int(1, 2));
  const scale = list(d.ints(shape.length - 2, 1, 3), d);
  return { attrs: { scale, mode, align_corners: mode === 'linear' && d.pick(true, false) }, inputs: [d.tensor(shape)] };
}

/** Shapes that broadcast: some sizes 1, some tensors scalar. */
function broadcasting(d: Draw, count: number): Float64Tensor[] {
  const shape = someShape(d);
  return Array.from({ length: count }, () =>
    d.tensor(d.int(0, 5) === 0 ? [] : shape.map((size) => (d.int(0, 3) === 0 ? 1 : size))),
  );
}

const pair = (d: Draw): Case => ({ attrs: {}, inputs: broadcasting(d, 2) });
const many = (d: Draw): Case => ({ attrs: {}, inputs: broadcasting(d, d.int(1, 4)) });
const unary = (d: Draw): Case => ({ attrs: {}, inputs: [d.tensor(someShape(d))] });
const positive = (d: Draw): Case => ({ attrs: {}, inputs: [d.positive(someShape(d))] });

const withAttrs =
  (make: (d: Draw) => Case, attrs: (d: Draw) => Attrs) =>
  (d: Draw): Case => ({ ...make(d), attrs: attrs(d) });

function alongAxis(d: Draw): Case {
  const shape = d.ints(d.int(2, 4), 1, 4);
  return { attrs: { axis: d.int(0, shape.length - 1) }, inputs: [d.tensor(shape)] };
}

function reduction(d: Draw): Case {
  const shape = d.ints(d.int(1, 4), 1, 3);
  const axes = shape.flatMap((_, i) => (d.pick(true, false) ? [i] : []));
  return { attrs: { axes, keepdims: d.pick(true, false) }, inputs: [d.tensor(shape)] };
}

function concat(d: Draw): Case {
  const shape = d.ints(d.int(1, 4), 1, 3);
  const axis = d.int(0, shape.length - 1);
  const inputs = Array.from({ length: d.int(1, 4) }, () => d.tensor(shape.with(axis, d.int(1, 3))));
  return { attrs: shape.length > 1 && axis === 1 && d.pick(true, false) ? {} : { axis }, inputs };
}

function split(d: Draw): Case {
  const lengths = d.ints(d.int(1, 3), 1, 3);
  const shape = d.ints(d.int(1, 4), 1, 3);
  const axis = d.int(0, shape.length - 1);
  return {
    attrs: { axis, lengths },
    inputs: [
      d.tensor(
        shape.with(
          axis,
          lengths.reduce((a, b) => a + b, 0),
        ),
      ),
    ],
  };
}

function upsampleKernel(d: Draw): Case {
  const rank = d.int(1, 3);
  return {
    attrs: { scale: d.ints(rank, 1, 3) },
    inputs: [d.tensor([d.int(1, 3), d.int(1, 3), ...d.ints(rank, 1, rank === 3 ? 2 : 3)])],
  };
}

function slice(d: Draw): Case {
  const shape = d.ints(d.int(1, 4), 1, 4);
  const axis = d.int(0, shape.length - 1);
  const start = d.int(0, shape[axis]! - 1);
  return { attrs: { axis, start, length: d.int(1, shape[axis]! - start) }, inputs: [d.tensor(shape)] };
}

function sides(d: Draw, cut: boolean): Case {
  const [n = 1, c = 1, ...rest] = image(d, d.int(1, 2));
  const reach = rest.length === 3 ? 1 : 2;
  const amount = d.pick<Attrs[string]>(1, d.ints(rest.length, 0, reach), d.ints(2 * rest.length, 0, reach));
  return { attrs: { amount }, inputs: [d.tensor([n, c, ...rest.map((size) => size + (cut ? 2 * reach : 0))])] };
}

function batchnorm(d: Draw, statistics: boolean): Case {
  const shape = image(d).with(0, 2);
  const c = [shape[1]!];
  const own = [d.tensor(c), d.tensor(c)];
  const inputs = [d.tensor(shape), ...own, ...(statistics ? [d.tensor(c), d.positive(c)] : [])];
  return { attrs: { eps: d.pick(1e-5, 1e-2), momentum: 0.1 }, inputs };
}

function instancenorm(d: Draw): Case {
  // More than one element a plane: with one, the variance is 0 and nothing is differentiable in practice.
  const [n = 1, c = 1, ...rest] = image(d);
  const shape = [n, c, rest[0]! + 1, ...rest.slice(1)];
  const affine = d.pick(true, false);
  const own = affine ? [d.tensor([c]), d.tensor([c])] : [];
  return { attrs: { eps: 1e-2, affine }, inputs: [d.tensor(shape), ...own] };
}

function groupnorm(d: Draw): Case {
  const groups = d.int(1, 3);
  const shape = image(d, groups * d.int(1, 2));
  const affine = d.pick(true, false);
  const own = affine ? [d.tensor([shape[1]!]), d.tensor([shape[1]!])] : [];
  return { attrs: { groups, eps: 1e-2, affine }, inputs: [d.tensor(shape), ...own] };
}

function layernorm(d: Draw): Case {
  const shape = image(d, d.int(1, 4));
  const affine = d.pick(true, false);
  const own = affine ? [d.tensor([shape[1]!]), d.tensor([shape[1]!])] : [];
  return { attrs: { eps: 1e-2, affine }, inputs: [d.tensor(shape), ...own] };
}

function prelu(d: Draw): Case {
  const x = d.tensor(image(d));
  const num_parameters = d.pick(1, x.shape[1]!);
  return { attrs: { num_parameters, init: 0.25 }, inputs: [x, d.tensor([num_parameters])] };
}

function pixelShuffle(d: Draw): Case {
  const [n = 1, c = 1, ...rest] = image(d, d.int(1, 2));
  const upscale_factor = d.int(1, rest.length === 1 ? 3 : 2);
  return { attrs: { upscale_factor }, inputs: [d.tensor([n, c * upscale_factor ** rest.length, ...rest])] };
}

function pixelUnshuffle(d: Draw): Case {
  const [n = 1, c = 1, ...rest] = image(d, d.int(1, 2));
  const downscale_factor = d.int(1, 2);
  return { attrs: { downscale_factor }, inputs: [d.tensor([n, c, ...rest.map((size) => size * downscale_factor)])] };
}

/** Inputs of a gradient operator, made from a case of the operator whose gradient it is. */
function gradientCase(
  op: OpName,
  make: (d: Draw) => Case,
  pick: (c: Case, y: Float64Tensor, dy: Float64Tensor) => Case,
) {
  return (d: Draw): Case => {
    const c = make(d);
    const y = kernels[op](c.attrs, c.inputs)[0]!;
    return pick(c, y, { shape: y.shape, data: y.data.map((v) => Math.sin(9 * v) + 0.1) });
  };
}

/** Vectors of one length, as flat arenas are. */
function vectors(d: Draw, count: number): Float64Tensor[] {
  const length = d.int(1, 9);
  return Array.from({ length: count }, () => d.tensor([length]));
}

const shapeOf = (t: Float64Tensor | undefined): { shape: readonly number[] } => ({ shape: t!.shape });

/** A generator of small random cases for every operator. */
export const cases: Readonly<Record<OpName, (d: Draw) => Case>> = {
  ...(Object.fromEntries(Object.keys(composedOps).map((op) => [op, unary])) as Record<ComposedName, typeof unary>),
  conv,
  conv_transpose: convTranspose,
  maxpool: pool,
  avgpool: pool,
  global_avgpool: (d) => ({ attrs: {}, inputs: [d.tensor(image(d))] }),
  upsample,
  pixel_shuffle: pixelShuffle,
  pixel_unshuffle: pixelUnshuffle,
  batchnorm: (d) => batchnorm(d, true),
  instancenorm,
  groupnorm,
  layernorm,
  relu: unary,
  leaky_relu: withAttrs(unary, (d) => ({ slope: d.pick(0.01, 0, 0.3) })),
  prelu,
  elu: withAttrs(unary, (d) => ({ alpha: d.pick(1, 0.5, 2) })),
  gelu: unary,
  silu: unary,
  sigmoid: unary,
  softmax: alongAxis,
  tanh: unary,
  dropout: withAttrs(unary, (d) => ({ rate: d.pick(0, 0.5) })),
  add: many,
  sub: pair,
  mul: pair,
  concat,
  mean: many,
  max: many,
  pad: (d) => sides(d, false),
  crop: (d) => sides(d, true),
  affine: withAttrs(unary, (d) => ({ scale: d.int(-2, 2), shift: d.int(-2, 2) })),
  div: (d) => {
    const [a, b] = broadcasting(d, 2);
    return { attrs: {}, inputs: [a!, d.positive(b!.shape)] };
  },
  sqrt: positive,
  exp: unary,
  log: positive,
  abs: unary,
  softplus: unary,
  pow: withAttrs(positive, (d) => ({ exponent: d.pick(0, 1, 2, 3, -1, 0.5, 1.7) })),
  clip: withAttrs(unary, (d) => ({ min: d.pick(-1, -0.3), max: d.pick(0, 0.5) })),
  greater: pair,
  equal: pair,
  constant: (d) => ({ attrs: { value: d.int(-3, 3), shape: someShape(d) }, inputs: [] }),
  reduce_sum: reduction,
  reduce_mean: reduction,
  broadcast_to: (d) => {
    const shape = someShape(d);
    const from = d.int(0, 4) === 0 ? [] : shape.map((size) => d.pick(size, 1));
    return { attrs: { shape }, inputs: [d.tensor(from)] };
  },
  reshape: (d) => {
    const [a, b, c] = d.ints(3, 1, 3) as [number, number, number];
    return {
      attrs: { shape: d.pick([a * b * c], [c, a * b], [a, 1, b, c], [b, c, a]) },
      inputs: [d.tensor([a, b, c])],
    };
  },
  interleave: (d) => {
    const rank = d.int(1, 3);
    const scale = d.ints(rank, 1, rank === 3 ? 2 : 3);
    const shape = [d.int(1, 2), d.int(1, 3), ...d.ints(rank, 1, 3)];
    return {
      attrs: { scale },
      inputs: Array.from({ length: scale.reduce((a, b) => a * b, 1) }, () => d.tensor(shape)),
    };
  },
  slice,
  split,
  // To bf16 only a pass and an engine that has it go: test/tensorflow/precision.test.ts.
  cast: withAttrs(unary, () => ({ to: 'f32' })),
  // Scales that division rounds not: levels are then the same in any precision.
  fake_quantize: withAttrs(unary, (d) => ({ scale: d.pick(1, 0.5, 2 ** -7), zero: d.pick(0, 128, d.int(0, 255)) })),
  dequantize: (d) => {
    const [channels = 1, ...rest] = [d.int(1, 3), ...d.ints(d.int(0, 4), 1, 3)];
    const q = d.tensor([channels, ...rest]);
    return {
      attrs: { type: d.pick('i8', 'i32') },
      inputs: [{ shape: q.shape, data: q.data.map((v) => Math.round(40 * v)) }, d.positive([channels])],
    };
  },
  log_softmax: alongAxis,
  batchnorm_train: (d) => batchnorm(d, false),
  dropout_mask: (d) => ({
    attrs: { rate: d.pick(0, 0.5), salt: d.int(0, 99), shape: someShape(d) },
    inputs: [zeros([])],
  }),
  conv_input_grad: gradientCase('conv', conv, ({ attrs, inputs: [x, w] }, _, dy) => ({
    attrs: { ...attrs, ...shapeOf(x) },
    inputs: [dy, w!],
  })),
  conv_filter_grad: gradientCase('conv', conv, ({ attrs, inputs: [x, w] }, _, dy) => ({
    attrs: { ...attrs, ...shapeOf(w) },
    inputs: [x!, dy],
  })),
  relu_grad: gradientCase('relu', unary, (_, y, dy) => ({ attrs: {}, inputs: [dy, y] })),
  gelu_grad: gradientCase('gelu', unary, ({ inputs }, _, dy) => ({ attrs: {}, inputs: [dy, ...inputs] })),
  maxpool_grad: gradientCase('maxpool', pool, ({ attrs, inputs: [x] }, y, dy) => ({ attrs, inputs: [x!, y, dy] })),
  avgpool_grad: gradientCase('avgpool', pool, ({ attrs, inputs: [x] }, _, dy) => ({
    attrs: { ...attrs, ...shapeOf(x) },
    inputs: [dy],
  })),
  upsample_grad: gradientCase('upsample', upsample, ({ attrs, inputs: [x] }, _, dy) => ({
    attrs: { ...attrs, ...shapeOf(x) },
    inputs: [dy],
  })),
  upsample_kernel: upsampleKernel,
  upsample_kernel_grad: gradientCase('upsample_kernel', upsampleKernel, ({ attrs }, _, dy) => ({
    attrs,
    inputs: [dy],
  })),
  batchnorm_grad: (d) => {
    const c = batchnorm(d, false);
    const [y, mean, variance] = kernels.batchnorm_train(c.attrs, c.inputs);
    return { attrs: c.attrs, inputs: [y!, c.inputs[0]!, c.inputs[1]!, mean!, variance!] };
  },
  lovasz_weights: (d) => {
    const errors = d.tensor(image(d, d.int(1, 2)));
    const share = d.pick(0, 0.4, 1);
    return {
      attrs: {},
      inputs: [errors, { shape: errors.shape, data: errors.data.map(() => (d.int(0, 9) < 10 * share ? 1 : 0)) }],
    };
  },
  instancenorm_grad: gradientCase('instancenorm', instancenorm, ({ attrs, inputs: [x, gamma] }, _, dy) => ({
    attrs,
    inputs: gamma === undefined ? [dy, x!] : [dy, x!, gamma],
  })),
  sgd_update: (d) => {
    const [parameters, momentum, gradient] = vectors(d, 3) as [Float64Tensor, Float64Tensor, Float64Tensor];
    const attrs = { momentum: d.pick(0.9, 0.5), nesterov: d.pick(true, false), weight_decay: d.pick(0, 0.1) };
    const slots = d.pick(true, false) ? [momentum] : [];
    return { attrs, inputs: [parameters, ...slots, gradient, d.positive([])] };
  },
  adam_update: (d) => {
    const [parameters, m, gradient] = vectors(d, 3) as [Float64Tensor, Float64Tensor, Float64Tensor];
    const attrs = { beta1: 0.9, beta2: 0.999, eps: d.pick(1e-8, 1e-3) };
    return {
      attrs: { ...attrs, weight_decay: d.pick(0, 0.1), decoupled: d.pick(true, false) },
      inputs: [parameters, m, d.positive(m.shape), gradient, d.positive([]), tensor([], [d.int(1, 50)])],
    };
  },
};
