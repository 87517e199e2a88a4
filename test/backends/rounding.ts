import type { Attrs, Graph, Node } from '../../compiler/ir/graph.js';
import { listAttr, numberAttr, stringAttr } from '../../compiler/ops/attrs.js';
import { type ComposedName, composedOps, type OpName } from '../../compiler/ops/index.js';
import { resolveWindow } from '../../compiler/ops/spatial.js';
import { stream } from '../../compiler/random.js';
import { type Compute, evaluate, type Float64Tensor, kernels } from '../../testing/reference/index.js';

/** Unit roundoffs: half the distance from 1 to the next number. */
export const single = 2 ** -24;
export const bfloat = 2 ** -8;
export const half = 2 ** -11;
/** Of a float16 below 2^-14, whatever its size. */
const halfStep = 2 ** -25;

/** What an engine promises of its numbers. */
export interface Arithmetic {
  /** Error of exp, log, erf and their like, and of a division, as a share of max(1, |result|), in unit roundoffs of `single`. */
  readonly functions: number;
  /** Whether what computes in bf16 or f16 also adds in it, instead of in single precision. */
  readonly lowSums?: boolean;
}

/** How an operator rounds, in any engine. */
interface Rounding {
  /** Terms of its longest sum, which is kept in single precision, unless the engine says otherwise. */
  readonly terms: number;
  /** Roundings to the type of its result on the way of a term to it; 0 for one that only moves and compares numbers. */
  readonly stores: number;
  /** Whether it takes an elementary function or a division. */
  readonly functions?: boolean;
  /** Inputs that the sums go over; default: all. Others decide where numbers go, and are exact. */
  readonly over?: readonly number[];
}

type Tensors = readonly Float64Tensor[];
type Rule = (attrs: Attrs, inputs: Tensors, outputs: Tensors) => Rounding;

const size = (t: Float64Tensor | undefined): number => t?.data.length ?? 1;
const product = (list: readonly number[]): number => list.reduce((a, b) => a * b, 1);

const exact: Rule = () => ({ terms: 0, stores: 0 });
const rounds =
  (stores: number): Rule =>
  () => ({ terms: 0, stores });
/** One element from one, by an elementary function. */
const curve: Rule = () => ({ terms: 1, stores: 2, functions: true });
/** A few of them, one after the other. */
const composition: Rule = () => ({ terms: 3, stores: 6, functions: true });
const fold: Rule = (_, inputs) => ({ terms: inputs.length, stores: inputs.length });

const channels = (t: Float64Tensor | undefined): number => t?.shape[1] ?? 1;
const taps = (w: Float64Tensor | undefined): number => product(w?.shape.slice(2) ?? []);
const window = (attrs: Attrs, t: Float64Tensor | undefined): number =>
  product(resolveWindow(attrs, (t?.shape.length ?? 2) - 2).kernel);
const reduced: Rule = (_, [x], [y]) => ({ terms: size(x) / size(y), stores: 1 });
const normalized =
  (elements: (x: Float64Tensor | undefined) => number, at: number): Rule =>
  (_, inputs) => ({ terms: elements(inputs[at]), stores: 3, functions: true });
const ofChannel = (x: Float64Tensor | undefined): number => size(x) / channels(x);
const ofPlane = (x: Float64Tensor | undefined): number => product(x?.shape.slice(2) ?? []);
const alongAxis: Rule = (attrs, [x]) => ({
  terms: x?.shape[numberAttr(attrs, 'axis', 1)] ?? 1,
  stores: 1,
  functions: true,
});
const isNearest = (attrs: Attrs): boolean => stringAttr(attrs, 'mode', 'nearest') === 'nearest';

/** Exhaustive by type. The bias of a convolution is one more term, and one more rounding of the result. */
const rules: Readonly<Record<OpName, Rule>> = {
  ...(Object.fromEntries(Object.keys(composedOps).map((op) => [op, composition])) as Record<ComposedName, Rule>),
  conv: (_, [, w]) => ({ terms: channels(w) * taps(w) + 1, stores: 2 }),
  conv_transpose: (_, [, w]) => ({ terms: (w?.shape[0] ?? 1) * taps(w) + 1, stores: 2 }),
  conv_input_grad: (_, [, w]) => ({ terms: (w?.shape[0] ?? 1) * taps(w), stores: 1 }),
  conv_filter_grad: (_, [, dy]) => ({ terms: size(dy) / channels(dy), stores: 1 }),

  maxpool: exact,
  // Windows that overlap send an element more than one gradient.
  maxpool_grad: (attrs, [x]) => ({ terms: window(attrs, x), stores: window(attrs, x) - 1, over: [2] }),
  avgpool: (attrs, [x]) => ({ terms: window(attrs, x), stores: 2 }),
  avgpool_grad: (attrs, [dy]) => ({ terms: window(attrs, dy), stores: 2 }),
  global_avgpool: reduced,
  upsample: (attrs, [x]) =>
    isNearest(attrs) ? { terms: 0, stores: 0 } : { terms: 2 ** (size(x) && x!.shape.length - 2), stores: 3 },
  upsample_grad: (attrs, [dy], [dx]) => {
    const scale = size(dy) / size(dx);
    // A linear blend spreads an element over two of them along each axis.
    const terms = isNearest(attrs) ? scale : scale * 2 ** (dy!.shape.length - 2);
    return { terms, stores: scale === 1 && isNearest(attrs) ? 0 : terms };
  },

  upsample_kernel: (attrs) => ({ terms: product(listAttr(attrs, 'scale')), stores: product(listAttr(attrs, 'scale')) }),
  upsample_kernel_grad: (attrs) => ({
    terms: product(listAttr(attrs, 'scale')),
    stores: product(listAttr(attrs, 'scale')),
  }),

  batchnorm: () => ({ terms: 4, stores: 2, functions: true }),
  batchnorm_train: normalized(ofChannel, 0),
  batchnorm_grad: normalized(ofChannel, 1),
  instancenorm: normalized(ofPlane, 0),
  instancenorm_grad: normalized(ofPlane, 1),

  groupnorm: (attrs, [x]) => ({
    terms: size(x) / ((x?.shape[0] ?? 1) * numberAttr(attrs, 'groups')),
    stores: 3,
    functions: true,
  }),
  layernorm: normalized(channels, 0),

  pixel_shuffle: exact,
  pixel_unshuffle: exact,
  interleave: exact,
  prelu: rounds(2),
  // Errors only say the order, and counts are exact.
  lovasz_weights: () => ({ terms: 0, stores: 2, functions: true, over: [] }),

  relu: exact,
  relu_grad: exact,
  leaky_relu: rounds(2),
  elu: curve,
  gelu: curve,
  gelu_grad: curve,
  silu: curve,
  sigmoid: curve,
  tanh: curve,
  softmax: alongAxis,
  log_softmax: alongAxis,
  dropout: exact,
  dropout_mask: exact,

  add: (attrs, inputs, outputs) => (inputs.length === 1 ? exact(attrs, inputs, outputs) : fold(attrs, inputs, outputs)),
  mean: fold,
  max: exact,
  sub: rounds(1),
  mul: rounds(1),
  div: curve,
  greater: exact,
  equal: exact,
  affine: () => ({ terms: 2, stores: 3 }),
  sqrt: curve,
  exp: curve,
  log: curve,
  abs: exact,
  softplus: curve,
  pow: curve,
  // The bounds themselves are rounded.
  clip: rounds(1),
  fake_quantize: exact,
  dequantize: rounds(1),
  constant: rounds(1),
  concat: exact,
  slice: exact,
  split: exact,
  reshape: exact,
  broadcast_to: exact,
  pad: exact,
  crop: exact,
  cast: exact,
  reduce_sum: (attrs, inputs, outputs) =>
    listAttr(attrs, 'axes').length === 0 ? exact(attrs, inputs, outputs) : reduced(attrs, inputs, outputs),
  reduce_mean: (attrs, inputs, outputs) =>
    listAttr(attrs, 'axes').length === 0 ? exact(attrs, inputs, outputs) : reduced(attrs, inputs, outputs),
  sgd_update: () => ({ terms: 4, stores: 4 }),
  adam_update: () => ({ terms: 6, stores: 4, functions: true }),
};

type Noise = (t: Float64Tensor, relative: number, absolute?: number) => Float64Tensor;

/**
 * An operator's arithmetic with its roundings drawn at random, uniform within their bounds (stochastic arithmetic: Vignes,
 * 1978). A sum of n terms in any order loses up to about u sqrt(n) of each of them (Higham and Mary, 2019, a random walk in
 * place of the worst case u n); so the inputs of a sum are disturbed by that, and its result by its own roundings.
 */
function noisily({ functions, lowSums = false }: Arithmetic, noise: Noise): Compute {
  return (node, inputs) => {
    const clean = kernels[node.op](node.attrs, inputs);
    const rule = rules[node.op](node.attrs, inputs, clean);
    const type = (k: number) => node.outputs[k]?.type.dtype;
    const unit = (k: number): number => (type(k) === 'bf16' ? bfloat : type(k) === 'f16' ? half : single);
    const step = (k: number): number => (type(k) === 'f16' ? halfStep : 0);
    const share =
      (lowSums ? unit(0) : single) * Math.sqrt(rule.terms) +
      (rule.stores > 1 ? unit(0) * Math.sqrt(rule.stores - 1) : 0);
    const over = rule.over ?? inputs.map((_, k) => k);
    const shaken =
      share > 0 ? inputs.map((t, k) => (over.includes(k) && !isWhole(node, k) ? noise(t, share) : t)) : inputs;
    const outputs = share > 0 ? kernels[node.op](node.attrs, shaken) : clean;
    const stored = outputs.map((t, k) =>
      rule.stores > 0
        ? noise(t, unit(k), step(k) + (rule.functions && !isMoment(node, k) ? functions * single : 0))
        : t,
    );
    return node.op === 'adam_update' ? corrected(node, inputs, stored, noise) : stored;
  };
}

/** Adam's moments are sums; the root and the division are the parameters'. Disturbed like these, a small one would be negative. */
const isMoment = (node: Node, k: number): boolean => node.op === 'adam_update' && k > 0;

/** Adam's count of steps goes into an exponent as it is. */
const isWhole = (node: Node, k: number): boolean => node.op === 'adam_update' && k === 5;

/**
 * What is left of single precision in differences from a beta near 1. 1 - beta^t, which a step is divided by: all that moves a
 * parameter. 1 - beta, which TensorFlow takes of beta itself: all that is added to a moment.
 */
function corrected(node: Node, inputs: Tensors, outputs: Tensors, noise: Noise): Tensors {
  const betas = [numberAttr(node.attrs, 'beta1'), numberAttr(node.attrs, 'beta2')] as const;
  const steps = (inputs[5] as Float64Tensor).data[0] as number;
  const left = [1 - betas[1] ** steps, 1 - betas[0], 1 - betas[1]];
  const kept = [1, ...betas];
  return outputs.map((after, k) => {
    const before = inputs[k] as Float64Tensor;
    const moved = { ...after, data: after.data.map((v, i) => v - kept[k]! * (before.data[i] as number)) };
    const off = noise(moved, (2 * single) / left[k]!);
    return { ...after, data: off.data.map((v, i) => v + kept[k]! * (before.data[i] as number)) };
  });
}

/** Disturbs elements each on its own. */
function noiseOf(seed: number): Noise {
  const random = stream(seed, 'rounding');
  return (t, relative, absolute = 0) => ({
    shape: t.shape,
    data: t.data.map(
      (v) => v + v * relative * random.uniform(-1, 1) + Math.max(1, Math.abs(v)) * absolute * random.uniform(-1, 1),
    ),
  });
}

/**
 * How much further than the furthest of a few draws an engine may be: its roundings may conspire where random ones do not,
 * and a largest of thousands is further out than a largest of a few.
 */
const margin = 4;

/** What an answer may be off by at most, by output: one number for all elements, so that small ones are measured by large. */
export type Bounds = ReadonlyMap<string, number>;

/** A computation that can be repeated with other arithmetic. */
export type Computation = (compute?: Compute) => ReadonlyMap<string, Float64Tensor>;

/**
 * The bounds of a computation's answers: how far they spread from `due` under random roundings.
 * @param draws how many times it is repeated
 */
export function boundsOf(
  due: ReadonlyMap<string, Float64Tensor>,
  again: Computation,
  arithmetic: Arithmetic,
  draws: number,
): Bounds {
  const spread = new Map<string, number>([...due.keys()].map((name) => [name, 0]));
  for (let seed = 1; seed <= draws; seed++) {
    for (const [name, t] of again(noisily(arithmetic, noiseOf(seed)))) {
      const off = distance(t, due.get(name) as Float64Tensor);
      spread.set(name, Math.max(off, spread.get(name) as number));
    }
  }
  return new Map([...spread].map(([name, off]) => [name, margin * off]));
}

/** Bounds as they are. @throws Error where one is infinite, since anything would be within it */
export function finite(bounds: Bounds): Bounds {
  for (const [name, bound] of bounds) {
    if (!Number.isFinite(bound)) throw new Error(`${name} has no bound: with its roundings it is no number`);
  }
  return bounds;
}

/** The largest difference of an element; Infinity where shapes differ or an element is no number. */
export function distance(a: Float64Tensor, b: Float64Tensor): number {
  if (a.shape.join() !== b.shape.join()) return Number.POSITIVE_INFINITY;
  return a.data.reduce((most, v, i) => {
    const off = Math.abs(v - (b.data[i] as number));
    return Number.isNaN(off) ? Number.POSITIVE_INFINITY : Math.max(most, off);
  }, 0);
}

export const running =
  (graph: Graph, feeds: ReadonlyMap<string, Float64Tensor>): Computation =>
  (compute) =>
    evaluate(graph, feeds, compute);

/** Outputs that are off by more than their bound, in words. */
export function beyond(
  got: ReadonlyMap<string, Float64Tensor>,
  due: ReadonlyMap<string, Float64Tensor>,
  bounds: Bounds,
): string[] {
  return [...due].flatMap(([name, t]) => {
    const answer = got.get(name);
    if (!answer) return [`${name} is missing`];
    if (answer.shape.join() !== t.shape.join()) return [`${name} is [${answer.shape}], not [${t.shape}]`];
    const off = distance(answer, t);
    const bound = bounds.get(name) as number;
    return off <= bound ? [] : [`${name} is off by ${off.toExponential(1)}, more than ${bound.toExponential(1)}`];
  });
}
