import { GraphBuilder, nextId, withoutDeadNodes } from '../../ir/builder.js';
import { knownShape, num, sameShape } from '../../ir/dim.js';
import type { Attrs, Graph, Node, Param, Value } from '../../ir/graph.js';
import type { OpName } from '../../ops/index.js';
import type { Window } from '../../ops/spatial.js';
import type { WeightArrays } from '../fold.js';
import { inputChannels, type Kernel, summedTaps, type Taps, tapsOfPhase, transposedKernel } from './kernels.js';
import { channelsOf, type Part, partsOf, producersOf, windowOf } from './parts.js';
import { type Product, transposedAttrs, writeSum } from './sum.js';

/**
 * How a convolution reads the small image that `upsample` would repeat. Both multiply k + s - 1 times along each dimension for k s
 * times (16 for 36 with 3 x 3 taps and scale 2), and are exact but for the order of sums.
 *
 *   phases      conv(concat(a, upsample(b)), w) -> interleave(phase by phase: conv(a, w_a, stride s) + conv(b, w_bp))
 *               w_bp: the taps that read the same element of b, summed. The sub-pixel convolution of Shi et al., 2016, whose other
 *               summand is computed phase by phase too, so that an activation comes before anything is put together.
 *   transposed  ... -> conv(a, w_a) + conv_transpose(b, w_b', stride s), as in training
 *
 * ONNX Runtime's transposed convolution writes what it multiplied before it is summed, and its blocked layout has none; OpenVINO's
 * (oneDNN's) is as fast as its convolutions, while interleaving takes longer there.
 */
export type UpsamplingForm = 'phases' | 'transposed';

/**
 * Rewrites every convolution that it saves multiplications for; batch norms must be folded before, or they keep activations
 * from being moved. New parameters are named after the one that they are made of. Left alone: groups, strides, dilations, linear
 * upsampling, and padding that changes the size.
 * @param weights null: the graph alone, for plans; its new parameters have no numbers then
 */
export function mergeUpsampling<W extends WeightArrays | null>(
  graph: Graph,
  weights: W,
  form: UpsamplingForm,
): { graph: Graph; weights: W } {
  const first = graph.nodes[0];
  if (!first) return { graph, weights };
  const writer = new Writer(new GraphBuilder(nextId(graph), first.origin), weights, graph);
  const producers = producersOf(graph);
  const activations = form === 'phases' ? activationsOf(graph) : new Map<Node, Node>();
  const moved = new Set<Node>();
  for (const node of graph.nodes) {
    if (moved.has(node)) continue;
    const window = writer.owns(node.inputs[1]) ? windowOf(node) : null;
    const parts = window ? writable(node, window, partsOf(node.inputs[0] as Value, window, producers), form) : null;
    if (!window || !parts) {
      writer.build.carry(node, node.inputs);
      continue;
    }
    const activation = activations.get(node);
    if (activation) moved.add(activation);
    if (form === 'phases') writer.phases(node, window, parts, activation);
    else writer.transposed(node, window, parts);
  }
  const merged = withoutDeadNodes({ ...graph, nodes: writer.build.nodes, params: [...graph.params, ...writer.params] });
  if (weights === null) return { graph: merged, weights };
  const kept = merged.params.map(({ origin: { path } }) => [path, writer.arrays.get(path) as Float32Array] as const);
  return { graph: merged, weights: new Map(kept) as WeightArrays as W };
}

/** Functions of each element alone, without parameters: they may run before phases are interleaved. */
const pointwise: ReadonlySet<OpName> = new Set(['relu', 'leaky_relu', 'elu', 'gelu', 'silu', 'sigmoid', 'tanh']);

/** By convolution, the activation that alone reads it. */
function activationsOf(graph: Graph): ReadonlyMap<Node, Node> {
  const readers = new Map<number, Node | null>();
  for (const node of graph.nodes)
    for (const v of node.inputs) readers.set(v.id, readers.has(v.id) || !pointwise.has(node.op) ? null : node);
  for (const { value } of graph.outputs) readers.set(value.id, null);
  const found = new Map<Node, Node>();
  for (const node of graph.nodes) {
    const reader = readers.get((node.outputs[0] as Value).id);
    if (node.op === 'conv' && reader) found.set(node, reader);
  }
  return found;
}

/**
 * The parts as the form can write them, or null: phases are of one scale, that of most channels, and what has another stays
 * enlarged; so do all where the plain part can't be computed in phases.
 */
function writable(node: Node, { begin, end }: Window, parts: readonly Part[], form: UpsamplingForm): Part[] | null {
  const image = node.inputs[0] as Value;
  const [, , ...large] = image.type.shape;
  const [, , ...out] = (node.outputs[0] as Value).type.shape;
  const channels = new Map<string, number>();
  for (const part of parts)
    if (part.scale) channels.set(`${part.scale}`, (channels.get(`${part.scale}`) ?? 0) + channelsOf(part));
  if (channels.size === 0) return null;
  if (form === 'transposed') return [...parts];
  const most = [...channels].reduce((a, b) => (b[1] > a[1] ? b : a))[0];
  const chosen = parts.map((part) => (part.scale && `${part.scale}` !== most ? { value: part.enlarged } : part));
  const scale = chosen.find((part) => part.scale)?.scale as readonly number[];
  const strided = chosen.every((part) => part.scale) || scale.every((s, i) => s - 1 <= Math.min(begin[i]!, end[i]!));
  return sameShape(large, out) && strided ? chosen : null;
}

/** Writes convolutions in either form, and makes their parameters. */
class Writer {
  readonly params: Param[] = [];
  readonly arrays: Map<string, Float32Array>;
  private readonly owned: ReadonlyMap<number, Param>;

  constructor(
    readonly build: GraphBuilder,
    private readonly weights: WeightArrays | null,
    graph: Graph,
  ) {
    this.arrays = new Map(weights);
    this.owned = new Map(graph.params.map((p) => [p.id, p]));
  }

  /** Weights that another node makes, as those that were quantized, are left as they are. */
  owns(weight: Value | undefined): boolean {
    return weight !== undefined && this.owned.has(weight.id);
  }

  phases(node: Node, window: Window, parts: readonly Part[], activation: Node | undefined): void {
    const { build } = this;
    const { origin } = node;
    build.from(origin);
    const [, weight, ...bias] = node.inputs as [Value, Value, Value?];
    const scale = parts.find((part) => part.scale)?.scale as readonly number[];
    const plain = this.part(weight, parts, (part) => !part.scale, 'plain');
    const small = this.part(weight, parts, (part) => part.scale !== undefined, 'upsampled');
    const { channels } = node.attrs as { channels: number };
    const images = phasesOf(scale).map((phase) => {
      const terms: Value[] = [];
      /** The first is given the bias. */
      const multiply = (image: Value, kernel: Value, attrs: Attrs): void => {
        const own = terms.length === 0 ? (bias as Value[]) : [];
        const all = { channels, dilation: 1, groups: 1, bias: own.length > 0, ...attrs };
        terms.push(build.emit('conv', [image, kernel, ...own], all));
      };
      if (plain) {
        // Element s h + p of the result: every s-th place of the window, from p on.
        const before = window.begin.map((b, i) => b - (phase[i] as number));
        const after = window.end.map((e, i) => e - (scale[i] as number) + 1 + (phase[i] as number));
        multiply(plain.image, plain.weight, { kernel: window.kernel, stride: scale, padding: [...before, ...after] });
      }
      if (small) {
        const taps = phase.map((p, i) => tapsOfPhase(window.kernel[i]!, window.begin[i]!, scale[i]!, p));
        const kernel = taps.map(({ count }) => count);
        const padding = [...taps.map(({ first }) => -first), ...taps.map(({ first, count }) => first + count - 1)];
        multiply(small.image, this.ofPhase(small.weight, phase, taps), { kernel, stride: 1, padding });
      }
      const sum = terms.length === 1 ? (terms[0] as Value) : build.emit('add', terms);
      return activation ? build.from(activation.origin).emit(activation.op, [sum], activation.attrs) : sum;
    });
    const { outputs } = activation ?? node;
    build.carry({ op: 'interleave', attrs: { scale }, inputs: images, outputs, origin }, images);
  }

  transposed(node: Node, window: Window, parts: readonly Part[]): void {
    const weight = node.inputs[1] as Value;
    this.build.from(node.origin);
    const products: Product[] = [];
    const plain = this.part(weight, parts, (part) => !part.scale, 'plain');
    if (plain) products.push({ op: 'conv', image: plain.image, kernel: plain.weight, attrs: node.attrs });
    for (const [k, { value, scale }] of parts.entries()) {
      if (!scale) continue;
      const part = this.part(weight, parts, (_, at) => at === k, `upsampled${k}`) as Read;
      const attrs = transposedAttrs(node, window, scale);
      const kernel = this.derived(
        part.weight,
        'transposed',
        ([o, i]) => [i!, o!, ...(attrs.kernel as readonly number[])],
        (w) => transposedKernel(w, scale),
      );
      products.push({ op: 'conv_transpose', image: value, kernel, attrs });
    }
    writeSum(node, products, this.build);
  }

  /** The channels of chosen parts as one image, with the weights that they meet; null where there are none. */
  private part(
    weight: Value,
    parts: readonly Part[],
    chosen: (part: Part, k: number) => boolean,
    name: string,
  ): Read | null {
    const kept = parts.filter(chosen);
    if (kept.length === 0) return null;
    const values = kept.map(({ value }) => value);
    const image = values.length === 1 ? (values[0] as Value) : this.build.emit('concat', values, { axis: 1 });
    if (kept.length === parts.length) return { image, weight };
    const ranges: [number, number][] = [];
    let start = 0;
    for (const [k, part] of parts.entries()) {
      if (chosen(part, k)) ranges.push([start, channelsOf(part)]);
      start += channelsOf(part);
    }
    const inputs = ranges.reduce((n, [, length]) => n + length, 0);
    const own = this.derived(
      weight,
      name,
      ([o, , ...k]) => [o!, inputs, ...k],
      (w) => inputChannels(w, ranges),
    );
    return { image, weight: own };
  }

  private ofPhase(weight: Value, phase: readonly number[], taps: readonly Taps[]): Value {
    const counts = taps.map(({ count }) => count);
    return this.derived(
      weight,
      `phase${phase.join('_')}`,
      ([o, i]) => [o!, i!, ...counts],
      (w) => summedTaps(w, taps),
    );
  }

  /** A parameter made of another one, named after it. */
  private derived(
    from: Value,
    name: string,
    shapeOf: (shape: readonly number[]) => number[],
    make: (kernel: Kernel) => Float32Array,
  ): Value {
    const source = this.owned.get(from.id) ?? this.params.find((p) => p.id === from.id);
    if (!source) throw new Error(`${from.origin.path} is no parameter`);
    const shape = knownShape(from.type.shape);
    const origin = { ...from.origin, path: `${from.origin.path}.${name}` };
    const made = this.build.value({ dtype: from.type.dtype, shape: shapeOf(shape).map(num) }, origin);
    const { role, init } = source;
    this.params.push({ ...made, role, init });
    if (this.weights) {
      const data = this.arrays.get(from.origin.path);
      if (!data) throw new Error(`no weights for ${from.origin.path}`);
      this.arrays.set(origin.path, make({ data, shape }));
    }
    return made;
  }
}

interface Read {
  readonly image: Value;
  readonly weight: Value;
}

/** Every phase of a scale, the last dimension the fastest: [0, 0], [0, 1], [1, 0], [1, 1]. */
const phasesOf = (scale: readonly number[]): number[][] =>
  scale.reduce<number[][]>(
    (all, s) => all.flatMap((phase) => Array.from({ length: s }, (_, p) => [...phase, p])),
    [[]],
  );
