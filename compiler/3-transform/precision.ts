import { GraphBuilder, nextId } from '../ir/builder.js';
import type { Graph, Node, Value } from '../ir/graph.js';
import { largestHalf, smallestHalf } from '../ir/half.js';
import { checked } from '../ir/verify.js';
import { numberAttr } from '../ops/attrs.js';
import { type OpName, type PrimitiveName, primitiveName } from '../ops/index.js';
import { decompose } from './decompose.js';

/** A type of half the bytes: bf16 in engines, f16 in files. */
export type LowType = 'bf16' | 'f16';

/**
 * How an operator takes part in mixed precision (Micikevicius et al., 2018; Kalamkar et al., 2019 for bf16):
 *
 *   low     computes in the low type, whatever it is given
 *   follow  computes in it as soon as one of its inputs is
 *   agree   computes in it if all of its inputs are
 *   image   takes its images in it as soon as one is, its vectors in f32
 *   high    stays in f32
 */
export type Precision = 'low' | 'follow' | 'agree' | 'image' | 'high';

export interface PrecisionRule {
  readonly precision: Precision;
  readonly why: string;
}

const product: PrecisionRule = {
  precision: 'low',
  why: 'multiplies matrices: most of the time goes there, kernels accumulate in f32, and half the bytes move',
};
const moves: PrecisionRule = { precision: 'follow', why: 'moves or compares numbers and rounds none' };
const gate: PrecisionRule = {
  precision: 'follow',
  why: 'multiplies each number by one at most: as its input is',
};
const blocks: PrecisionRule = { precision: 'follow', why: 'sums the few numbers of a window at most' };
const few: PrecisionRule = { precision: 'agree', why: 'combines a few numbers of one size: as its inputs are' };
const norm: PrecisionRule = {
  precision: 'image',
  why: 'has kernels that read and write images in bf16 and keep statistics in f32',
};
const sums: PrecisionRule = {
  precision: 'high',
  why: 'sums over many elements, which lose what so few bits cannot hold',
};
const curve: PrecisionRule = {
  precision: 'high',
  why: 'answers close to 0 or 1, where few bits tell too few numbers apart',
};
const update: PrecisionRule = {
  precision: 'high',
  why: 'adds small steps to large numbers, which few bits would swallow',
};
const scalars: PrecisionRule = {
  precision: 'high',
  why: 'is part of losses and coefficients: cheap, and the result depends on it',
};
const kernels: PrecisionRule = {
  precision: 'high',
  why: 'sums parameters, or a gradient of them: small, and kept in f32',
};
const levels: PrecisionRule = { precision: 'high', why: 'rounds to levels that few bits could not tell apart' };
const integer: PrecisionRule = { precision: 'high', why: 'is made from whole numbers' };

/** Exhaustive by type: a new operator doesn't compile without. */
export const precisionRules: Readonly<Record<PrimitiveName, PrecisionRule>> = {
  conv: product,
  conv_transpose: product,
  conv_input_grad: product,
  conv_filter_grad: product,

  maxpool: moves,
  maxpool_grad: blocks,
  concat: moves,
  slice: moves,
  split: moves,
  pad: moves,
  crop: moves,
  relu: moves,
  relu_grad: moves,
  leaky_relu: gate,
  dropout: moves,
  pixel_shuffle: moves,
  interleave: moves,
  pixel_unshuffle: moves,

  add: few,
  mean: few,
  max: few,
  sub: few,
  mul: few,
  affine: few,

  batchnorm: norm,
  batchnorm_train: norm,
  batchnorm_grad: norm,

  // Linear; nearest is another matter: see `ruleOf`.
  upsample: { precision: 'high', why: 'blends linearly, which every kernel there is does in f32' },
  upsample_grad: { precision: 'high', why: 'blends linearly, which every kernel there is does in f32' },

  avgpool: sums,
  avgpool_grad: sums,
  global_avgpool: sums,
  instancenorm: sums,
  groupnorm: sums,
  layernorm: sums,
  instancenorm_grad: sums,
  reduce_sum: sums,
  reduce_mean: sums,

  sigmoid: curve,
  tanh: curve,
  softmax: curve,
  log_softmax: curve,
  elu: curve,
  gelu: curve,
  gelu_grad: curve,
  silu: curve,
  prelu: { precision: 'high', why: 'has a slope that is a parameter, learned in f32' },

  sgd_update: update,
  adam_update: update,

  div: scalars,
  sqrt: scalars,
  exp: scalars,
  log: scalars,
  abs: scalars,
  softplus: scalars,
  pow: scalars,
  clip: scalars,
  greater: scalars,
  equal: scalars,
  constant: scalars,
  lovasz_weights: scalars,
  broadcast_to: scalars,
  reshape: scalars,
  cast: { precision: 'high', why: 'goes from one to the other' },
  dropout_mask: integer,

  fake_quantize: levels,
  dequantize: levels,

  upsample_kernel: kernels,
  upsample_kernel_grad: kernels,
};

/** Where f16 is another matter than bf16. */
const halfRules: Readonly<Partial<Record<OpName, PrecisionRule>>> = {
  batchnorm: {
    precision: 'high',
    why: 'has kernels of one type for images and statistics, which need f32; behind a convolution it is part of it',
  },
  mul: { precision: 'follow', why: 'scales an image by a gate: 11 bits hold that, and the image stays small' },
};

const coefficient: PrecisionRule = { precision: 'high', why: 'has a coefficient that f16 cannot hold' };

/** Whether f16 holds these numbers as well as it holds any. */
const inRange = (numbers: readonly number[]): boolean =>
  numbers.every((v) => v === 0 || (Math.abs(v) <= largestHalf && Math.abs(v) >= smallestHalf));

/** @param low the type that is asked about */
export function ruleOf(node: Node, low: LowType = 'bf16'): PrecisionRule {
  const rule = low === 'f16' ? halfRules[node.op] : undefined;
  if (rule) return rule;
  if (low === 'f16' && node.op === 'affine' && !inRange(['scale', 'shift'].map((k) => numberAttr(node.attrs, k))))
    return coefficient;
  const nearest = (node.attrs.mode ?? 'nearest') === 'nearest';
  if (nearest && node.op === 'upsample') return moves;
  if (nearest && node.op === 'upsample_grad') return blocks;
  return precisionRules[primitiveName(node.op)];
}

/**
 * The graph with images between convolutions in a low type: casts where a value changes its type, each made once. Inputs, outputs,
 * parameters, optimizer slots, statistics and losses stay f32; so does every gradient once it is a parameter's.
 */
export function lowerPrecision(given: Graph, type: LowType = 'bf16'): Graph {
  const graph = decompose(given);
  const first = graph.nodes[0];
  if (!first) return graph;
  const build = new GraphBuilder(nextId(graph), first.origin);
  const now = new Map<number, Value>();
  const casts = new Map<string, Value>();
  const current = (v: Value): Value => now.get(v.id) ?? v;
  const as = (v: Value, to: 'f32' | LowType): Value => {
    const value = current(v);
    if (value.type.dtype === to || value.type.dtype === 'i64') return value;
    const key = `${value.id} ${to}`;
    const made = casts.get(key) ?? build.emit('cast', [value], { to });
    casts.set(key, made);
    return made;
  };
  const isLow = (v: Value): boolean => current(v).type.dtype === type;

  for (const node of graph.nodes) {
    build.from(node.origin);
    const { precision } = ruleOf(node, type);
    const images = precision === 'image' ? node.inputs.filter((v) => v.type.shape.length > 1) : node.inputs;
    const low =
      precision === 'low' ||
      ((precision === 'follow' || precision === 'image') && images.some(isLow)) ||
      (precision === 'agree' && images.every(isLow));
    const inputs = node.inputs.map((v) => as(v, low && images.includes(v) ? type : 'f32'));
    if (!low && inputs.every((v, k) => v === node.inputs[k])) {
      build.carry(node, node.inputs);
      continue;
    }
    const outputs = build.emitAll(node.op, inputs, node.attrs);
    node.outputs.forEach((v, k) => void now.set(v.id, outputs[k] as Value));
  }
  const outputs = graph.outputs.map(({ name, value }) => ({ name, value: as(value, 'f32') }));
  return checked('precision', { ...graph, nodes: build.nodes, outputs });
}
