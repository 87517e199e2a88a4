import { tensorInputs } from '../ir/builder.js';
import type { Dim } from '../ir/dim.js';
import type { Attrs, Graph, Node, Value } from '../ir/graph.js';
import { boolAttr, listAttr, numberAttr, stringAttr } from '../ops/attrs.js';
import { isComposed, type PrimitiveName } from '../ops/index.js';
import { resolveSides } from '../ops/pad.js';
import { resolveTransposeWindow, resolveWindow } from '../ops/spatial.js';
import { resolveScale } from '../ops/upsample.js';
import { identity, join, type ReceptiveAxis, readThrough } from './receptive-axis.js';

/** The receptive field of a value: the input pixels that one of its elements depends on. */
export interface ReceptiveField {
  /**
   * Input pixels along each spatial axis, from the first to the last that matters, at the position where they are most;
   * in an image without borders. 0: no pixel through windows alone.
   */
  readonly size: readonly number[];
  /**
   * It also depends on every pixel, through a global mean or a normalization over the image (or through a size
   * that only one input size has, such as a 1x1 value blown up); `size` leaves those paths out.
   */
  readonly global: boolean;
}

/** A value's receptive field along each axis; null: no path of windows leads to the input. */
interface Field {
  readonly axes: readonly (ReceptiveAxis | null)[];
  readonly global: boolean;
}

/**
 * The receptive field of every value between inputs and outputs, by id (Araujo, Norris & Sim, "Computing Receptive
 * Fields of Convolutional Neural Networks", 2019, with the union of all paths followed element by element, so that it is
 * exact where upsampling makes it depend on the position). Linear upsampling with aligned corners, which stretches by a
 * factor that depends on the size, has the bound that holds at every size: at most a few pixels more than at one.
 * Parameters and gradients, which are not images, have none.
 */
export function receptiveFields(graph: Graph): ReadonlyMap<number, ReceptiveField> {
  const fields = new Map<number, Field>();
  for (const { value } of graph.inputs) {
    fields.set(value.id, { axes: value.type.shape.slice(2).map(() => identity(graph.nodes.length)), global: false });
  }
  for (const node of graph.nodes) {
    const field = fieldOf(node, fields);
    if (field) for (const output of node.outputs) fields.set(output.id, field);
  }
  return new Map([...fields].map(([id, { axes, global }]) => [id, { size: axes.map(widest), global }]));
}

/** The largest span of one period. */
const widest = (axis: ReceptiveAxis | null): number =>
  axis === null ? 0 : axis.spans.reduce((most, s) => (s === null ? most : Math.max(most, s.to - s.from + 1)), 0);

function fieldOf(node: Node, fields: ReadonlyMap<number, Field>): Field | null {
  const seen = tensorInputs(node.op, node.inputs).map((v) => broadcast(fields.get(v.id), v, node));
  const known = seen.filter((s) => s !== undefined);
  // Constants depend on no pixel; a value without an entry comes from an operator that makes no image.
  if (known.length === 0 || known.length < seen.length) return null;
  const rule = isComposed(node.op) ? pointwise : rules[node.op];
  return rule(node.attrs, known, node.outputs);
}

/** An element broadcast along an axis depends on the same pixels at each position: no window moves along that axis. */
function broadcast(field: Field | undefined, from: Value, { inputs, outputs }: Node): Field | undefined {
  const shape = outputs[0]?.type.shape ?? [];
  if (field === undefined || inputs.length < 2 || from.type.shape.length !== shape.length) return field;
  const isOne = (d: Dim | undefined): boolean => d !== undefined && d.symbol === null && d.offset === 1;
  const spread = field.axes.map((axis, k) => axis !== null && isOne(from.type.shape[k + 2]) && !isOne(shape[k + 2]));
  if (!spread.includes(true)) return field;
  return { axes: field.axes.map((axis, k) => (spread[k] ? null : axis)), global: true };
}

type Rule = (attrs: Attrs, inputs: readonly Field[], outputs: readonly Value[]) => Field | null;

/** Element by element: the union of the receptive fields of the inputs. */
const pointwise: Rule = (_, inputs) => {
  const [first, ...others] = inputs;
  return others.reduce((a, b) => {
    const axes = a.axes.map((axis, k) => join(axis, b.axes[k] ?? null));
    const strange = axes.includes(undefined);
    return {
      axes: axes.map((axis, k) => (axis === undefined ? (a.axes[k] ?? null) : axis)),
      global: a.global || b.global || strange,
    };
  }, first as Field);
};

/** Each axis by itself; `through` says which positions of the input an output's position reads. */
const spatially =
  (through: (attrs: Attrs, rank: number) => (axis: ReceptiveAxis, k: number) => ReceptiveAxis | undefined): Rule =>
  (attrs, [x]) => {
    const { axes, global } = x as Field;
    const step = through(attrs, axes.length);
    const after = axes.map((axis, k) => (axis === null ? null : step(axis, k)));
    return {
      axes: after.map((axis) => axis ?? null),
      global: global || after.includes(undefined),
    };
  };

const window: Rule = spatially((attrs, rank) => {
  const { kernel, stride, dilation, begin } = resolveWindow(attrs, rank);
  return (axis, k) => {
    const [s, d, b] = [stride[k]!, dilation[k]!, begin[k]!];
    return readThrough(axis, { grow: 1, shrink: s }, (p) => ({ first: s * p - b, length: kernel[k]! }), d);
  };
});

const transposedWindow: Rule = spatially((attrs, rank) => {
  const { kernel, stride, begin } = resolveTransposeWindow(attrs, rank);
  return (axis, k) => {
    const s = stride[k]!;
    return readThrough(axis, { grow: s, shrink: 1 }, (p) => {
      const last = Math.floor((p + begin[k]!) / s);
      const first = Math.ceil((p + begin[k]! - kernel[k]! + 1) / s);
      return { first, length: last - first + 1 };
    });
  };
});

const enlarged: Rule = spatially((attrs, rank) => {
  const scale = resolveScale(attrs, rank);
  const mode = stringAttr(attrs, 'mode', 'nearest');
  const corners = boolAttr(attrs, 'align_corners', false);
  return (axis, k) => {
    const f = scale[k]!;
    return readThrough(axis, { grow: f, shrink: 1 }, (p) => {
      const low = Math.floor(p / f);
      if (mode === 'nearest' || f === 1) return { first: low, length: 1 };
      // p (in - 1) / (f in - 1) lies in (p/f - (f-1)/f, p/f], whatever the size.
      const first = Math.floor((p - f + 1) / f);
      if (corners) return { first, length: low + 2 - first };
      // (p + 0.5) / f - 0.5 in integers: where it falls on an element, the weight of its neighbour is 0.
      const twice = 2 * p + 1 - f;
      return { first: Math.floor(twice / (2 * f)), length: twice % (2 * f) === 0 ? 1 : 2 };
    });
  };
});

/** A position's channels come from one element, by the factor nearer to the start. */
const shuffled: Rule = spatially((attrs) => {
  const r = numberAttr(attrs, 'upscale_factor');
  return (axis) => readThrough(axis, { grow: r, shrink: 1 }, (p) => ({ first: Math.floor(p / r), length: 1 }));
});

const unshuffled: Rule = spatially((attrs) => {
  const r = numberAttr(attrs, 'downscale_factor');
  return (axis) => readThrough(axis, { grow: 1, shrink: r }, (p) => ({ first: r * p, length: r }));
});

const moved = (sign: 1 | -1): Rule =>
  spatially((attrs, rank) => {
    const { begin } = resolveSides(attrs, rank);
    return (axis, k) => readThrough(axis, { grow: 1, shrink: 1 }, (p) => ({ first: p + sign * begin[k]!, length: 1 }));
  });

/** Every pixel; what windows led to is still there for those that keep the image, gone for those that do not. */
const wholeImage: Rule = (_, [x]) => ({ axes: (x as Field).axes, global: true });
const collapsed: Rule = (_, [x]) => ({ axes: (x as Field).axes.map(() => null), global: true });

const sliced: Rule = (attrs, [x]) => {
  const k = numberAttr(attrs, 'axis') - 2;
  const start = numberAttr(attrs, 'start');
  const { axes, global } = x as Field;
  const step = (axis: ReceptiveAxis | null): ReceptiveAxis | null =>
    axis && (readThrough(axis, { grow: 1, shrink: 1 }, (p) => ({ first: p + start, length: 1 })) ?? null);
  return { axes: axes.map((axis, i) => (i === k ? step(axis) : axis)), global };
};

const reduced: Rule = (attrs, inputs, outputs) => {
  const spatial = listAttr(attrs, 'axes').some((axis) => axis >= 2);
  if (!spatial) return pointwise(attrs, inputs, outputs);
  return boolAttr(attrs, 'keepdims', true) ? collapsed(attrs, inputs, outputs) : null;
};

const none: Rule = () => null;

const rules: Readonly<Record<PrimitiveName, Rule>> = {
  conv: window,
  conv_transpose: transposedWindow,
  maxpool: window,
  avgpool: window,
  global_avgpool: collapsed,
  upsample: enlarged,
  pixel_shuffle: shuffled,
  pixel_unshuffle: unshuffled,
  // Its statistics come from training: a scale and a shift.
  batchnorm: pointwise,
  instancenorm: wholeImage,
  groupnorm: wholeImage,
  // Over the channels of a pixel alone.
  layernorm: pointwise,
  relu: pointwise,
  leaky_relu: pointwise,
  prelu: pointwise,
  elu: pointwise,
  gelu: pointwise,
  silu: pointwise,
  sigmoid: pointwise,
  softmax: pointwise,
  tanh: pointwise,
  dropout: pointwise,
  add: pointwise,
  sub: pointwise,
  mul: pointwise,
  concat: pointwise,
  mean: pointwise,
  max: pointwise,
  pad: moved(-1),
  crop: moved(1),
  affine: pointwise,
  div: pointwise,
  sqrt: pointwise,
  exp: pointwise,
  log: pointwise,
  abs: pointwise,
  softplus: pointwise,
  pow: pointwise,
  clip: pointwise,
  greater: pointwise,
  equal: pointwise,
  lovasz_weights: none,
  constant: none,
  reduce_sum: reduced,
  reduce_mean: reduced,
  broadcast_to: none,
  reshape: none,
  slice: sliced,
  split: none,
  cast: pointwise,
  log_softmax: pointwise,
  fake_quantize: pointwise,
  dequantize: none,
  batchnorm_train: wholeImage,
  dropout_mask: none,
  conv_input_grad: none,
  conv_filter_grad: none,
  relu_grad: none,
  gelu_grad: none,
  maxpool_grad: none,
  avgpool_grad: none,
  upsample_grad: none,
  interleave: none,
  upsample_kernel: none,
  upsample_kernel_grad: none,
  batchnorm_grad: none,
  instancenorm_grad: none,
  sgd_update: none,
  adam_update: none,
};
