import { GraphBuilder, nextId, withoutDeadNodes } from '../../ir/builder.js';
import { known } from '../../ir/dim.js';
import type { DType, Graph, Node, Param, Value } from '../../ir/graph.js';
import { checked } from '../../ir/verify.js';
import { resolveScale } from '../../ops/upsample.js';
import type { WeightArrays } from '../fold.js';
import { fusedRelus, planQuantization } from './plan.js';
import { roleOf, unsupportedReason } from './roles.js';
import { joined, quantizeBias, quantizeWeights, type Range, type Scale, scaleOf } from './scales.js';

export { calibrationValues, planQuantization, type QuantizationPlan } from './plan.js';
export { roleOf, unsupportedReason } from './roles.js';
export type { Range } from './scales.js';

export interface QuantizeOptions {
  /** Of the values that `calibrationValues` names, by id. */
  readonly ranges: ReadonlyMap<number, Range>;
  /** Paths of convolutions that stay in f32. */
  readonly floats: ReadonlySet<string>;
  /** Whose kernels the graph is shaped for; it is right in both. Default: ort. */
  readonly runtime?: IntegerRuntime;
}

/**
 * Runtimes with int8 kernels. They differ in how they enlarge bytes: `ort` copies them ten times as fast as it resizes them,
 * `openvino` resizes them fast.
 */
export const integerRuntimes = ['ort', 'openvino'] as const;

export type IntegerRuntime = (typeof integerRuntimes)[number];

/**
 * A deployed graph, its batch norms folded, in int8: convolutions multiply bytes by bytes (weights symmetric with per-channel
 * scales, activations with a scale and a zero a tensor) and add biases of 32 bits. Written as rounding in f32: an engine
 * that recognizes the pattern computes the same in int8. Values keep their ids; the quantized form of one is a separate value.
 *
 * Throws if a range is missing.
 */
export function quantize(
  graph: Graph,
  weights: WeightArrays,
  { ranges, floats, runtime = 'ort' }: QuantizeOptions,
): { graph: Graph; weights: WeightArrays } {
  const plan = planQuantization(graph, floats);
  if (plan.layers.size === 0) return { graph, weights };
  const scales = new Map(plan.levels.map((v) => [v.id, scaleFor(v, plan.sources, ranges)]));
  const whole = new WholeParams(graph, weights);
  const build = new GraphBuilder(nextId(graph), (graph.nodes[0] as Node).origin);
  const levels = new Map<number, Value>();
  const inWhole = new Set<Node>([...plan.layers, ...plan.carriers]);
  // The output of a relu behind them is quantized as their own output is.
  const fused = fusedRelus(graph);
  for (const [node, relu] of fused) if (inWhole.has(node)) inWhole.add(relu);
  const onlyLevels = new Set<number>();
  // Levels, and what only moves them on.
  const passed = new Set<number>();

  const toLevels = (v: Value): void => {
    const scale = scales.get(v.id);
    if (!scale) return;
    const made = build.from(v.origin).emit('fake_quantize', [v], { ...scale });
    levels.set(v.id, made);
    passed.add(made.id);
  };
  const read = (v: Value, asLevels: boolean): Value => (asLevels || onlyLevels.has(v.id) ? (levels.get(v.id) ?? v) : v);

  for (const { value } of graph.inputs) toLevels(value);
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((v) => read(v, inWhole.has(node)));
    if (plan.layers.has(node)) {
      const [x, w, b] = node.inputs as [Value, Value, Value | undefined];
      const { scale } = scales.get(x.id) as Scale;
      build.carry(node, [inputs[0] as Value, ...whole.of(build.from(node.origin), { w, b, step: scale })]);
    } else if (runtime === 'ort' && node.op === 'upsample' && plan.carriers.has(node)) {
      enlargeByCopies(
        build.from(node.origin),
        node,
        inputs[0] as Value,
        scales.get((node.outputs[0] as Value).id) as Scale,
      );
    } else if (isQuantizable(node)) {
      const [x, ...params] = inputs as [Value, ...Value[]];
      build.carry(node, [passed.has(x.id) ? unseen(build.from(node.origin), x) : x, ...params]);
    } else build.carry(node, inputs);
    const moves = roleOf(node) === 'moves';
    for (const v of node.outputs) {
      toLevels(v);
      if (moves && inputs.some((i) => passed.has(i.id))) passed.add(v.id);
      if (inWhole.has(node)) onlyLevels.add(v.id);
    }
  }
  const outputs = graph.outputs.map(({ name, value }) => ({ name, value: read(value, false) }));
  const quantized = withoutDeadNodes({
    ...graph,
    params: [...graph.params, ...whole.params],
    nodes: build.nodes,
    outputs,
  });
  const kept = new Set(quantized.params.map((p) => p.origin.path));
  return {
    graph: checked('quantize', quantized),
    weights: new Map([...weights, ...whole.arrays].filter(([path]) => kept.has(path))),
  };
}

/** Enlarges levels an axis at a time, to levels again after each: every piece of it then moves bytes. */
function enlargeByCopies(build: GraphBuilder, node: Node, levels: Value, scale: Scale): void {
  const rank = levels.type.shape.length - 2;
  const factors = resolveScale(node.attrs, rank);
  const axes = factors.flatMap((factor, k) => (factor > 1 ? [k] : []));
  const along = (axis: number) => ({
    mode: 'nearest',
    copies: true,
    scale: factors.map((f, k) => (k === axis ? f : 1)),
  });
  let enlarged = levels;
  for (const axis of axes.slice(0, -1)) {
    enlarged = build.emit('fake_quantize', [build.emit('upsample', [enlarged], along(axis))], { ...scale });
  }
  build.carry({ ...node, attrs: along(axes.at(-1) ?? 0) }, [enlarged]);
}

/**
 * The input of a convolution that stays in f32. ONNX Runtime would quantize one that reads DequantizeLinear's output directly, its
 * weights with a single scale; a clip with no effect between the two prevents that.
 */
const unseen = (build: GraphBuilder, levels: Value): Value =>
  build.emit('clip', [levels], { min: -largest, max: largest });

/** Of f32. */
const largest = (2 - 2 ** -23) * 2 ** 127;

const isQuantizable = (node: Node): boolean => roleOf(node) === 'multiplies' || unsupportedReason(node) !== null;

function scaleFor(
  v: Value,
  sources: ReadonlyMap<number, ReadonlySet<number>>,
  ranges: ReadonlyMap<number, Range>,
): Scale {
  const found = [...(sources.get(v.id) ?? [])].map((id) => ranges.get(id));
  if (found.includes(undefined)) throw new Error(`${v.origin.path} has no range`);
  return scaleOf(joined(found as Range[]));
}

/** Quantized parameters, made on first use. */
class WholeParams {
  readonly params: Param[] = [];
  readonly arrays = new Map<string, Float32Array>();
  readonly #weights: WeightArrays;
  readonly #taken: Set<string>;

  constructor(graph: Graph, weights: WeightArrays) {
    this.#weights = weights;
    this.#taken = new Set(graph.params.map((p) => p.origin.path));
  }

  /** The weight of a convolution in levels, and its bias in units of `step` times the weight's scales. */
  of(
    build: GraphBuilder,
    { w, b, step }: { readonly w: Value; readonly b: Value | undefined; readonly step: number },
  ): Value[] {
    const channels = known(w.type.shape[0]!);
    const bias = b ? this.#numbers(b) : new Float32Array(channels);
    const { levels, scales } = quantizeWeights(this.#numbers(w), channels, bias, step);
    const weight = this.#dequantized(build, w, 'i8', levels, scales);
    if (!b) return [weight];
    const units = scales.map((s) => Math.fround(s * step));
    return [weight, this.#dequantized(build, b, 'i32', quantizeBias(bias, units), units)];
  }

  #numbers(v: Value): Float32Array {
    const found = this.#weights.get(v.origin.path);
    if (!found) throw new Error(`no weights for ${v.origin.path}`);
    return found;
  }

  #dequantized(build: GraphBuilder, of: Value, type: 'i8' | 'i32', levels: Float32Array, scales: Float32Array): Value {
    const q = this.#param(build, of, type, type, levels);
    const scale = this.#param(
      build,
      { ...of, type: { ...of.type, shape: [of.type.shape[0]!] } },
      'f32',
      'scale',
      scales,
    );
    return build.emit('dequantize', [q, scale], { type });
  }

  #param(build: GraphBuilder, like: Value, dtype: DType, suffix: string, numbers: Float32Array): Value {
    let path = `${like.origin.path}.${suffix}`;
    // Two convolutions may share a parameter.
    for (let k = 1; this.#taken.has(path); k++) path = `${like.origin.path}.${suffix}_${k}`;
    this.#taken.add(path);
    const value = build.value({ dtype, shape: like.type.shape }, { ...like.origin, path });
    this.params.push({ ...value, role: 'weight', init: { kind: 'constant', value: 0 } });
    this.arrays.set(path, numbers);
    return value;
  }
}

/** The nodes of a graph that have int8 weights or could have, in order: the layers of the report. */
export const quantizableNodes = (graph: Graph): readonly Node[] => graph.nodes.filter(isQuantizable);
