import { GraphBuilder, nextId, renamed, withoutDeadNodes } from '../ir/builder.js';
import { known, num } from '../ir/dim.js';
import type { Graph, Node, Param, Value } from '../ir/graph.js';

export type WeightArrays = ReadonlyMap<string, Float32Array>;

/**
 * Folds batch normalization into the convolution before it, for deployment:
 *   bn(conv(x, W, b)) = conv(x, W * s, (b - mean) * s + beta),  s = gamma / sqrt(var + eps)
 * computed in float64 and rounded once. Declines where the convolution's output is used by anyone else, or is an output.
 * The new bias is named `<conv>.bias` whether or not there was one.
 * @param weights null: the graph alone, for plans
 */
export function foldBatchNorm<W extends WeightArrays | null>(graph: Graph, weights: W): { graph: Graph; weights: W } {
  const producer = new Map<number, Node>();
  const uses = new Map<number, number>();
  const count = (v: Value): void => {
    uses.set(v.id, (uses.get(v.id) ?? 0) + 1);
  };
  for (const node of graph.nodes) {
    for (const o of node.outputs) producer.set(o.id, node);
    for (const v of node.inputs) count(v);
  }
  for (const o of graph.outputs) count(o.value);

  const foldable = new Map<Node, Node>();
  for (const node of graph.nodes) {
    if (node.op !== 'batchnorm') continue;
    const x = node.inputs[0] as Value;
    const conv = producer.get(x.id);
    if (conv && (conv.op === 'conv' || conv.op === 'conv_transpose') && uses.get(x.id) === 1) foldable.set(conv, node);
  }
  if (foldable.size === 0) return { graph, weights };

  const arrays = new Map(weights);
  const added: Param[] = [];
  const replaced = new Map<number, Value>();
  const resolve = (v: Value): Value => replaced.get(v.id) ?? v;
  const builder = new GraphBuilder(nextId(graph), (graph.nodes[0] as Node).origin);
  const gone = new Set<Node>(foldable.values());
  for (const node of graph.nodes) {
    if (gone.has(node)) continue;
    const bn = foldable.get(node);
    const inputs = node.inputs.map(resolve);
    if (!bn) {
      builder.carry(node, inputs);
      continue;
    }
    const [x, w, b] = inputs as [Value, Value, Value | undefined];
    const bias = b ?? biasParam(node, builder);
    if (!b) added.push(bias as Param);
    if (weights) foldInto(arrays, node, bn, w, b, bias);
    builder.carry({ ...node, attrs: { ...node.attrs, bias: true } }, [x, w, bias]);
    replaced.set((bn.outputs[0] as Value).id, node.outputs[0] as Value);
  }
  const folded = withoutDeadNodes({
    ...graph,
    params: [...graph.params, ...added],
    nodes: builder.nodes,
    outputs: renamed(graph.outputs, resolve),
  });
  if (weights === null) return { graph: folded, weights };
  const kept = new Set(folded.params.map((p) => p.origin.path));
  return { graph: folded, weights: new Map([...arrays].filter(([path]) => kept.has(path))) as WeightArrays as W };
}

function biasParam(conv: Node, builder: GraphBuilder): Param {
  const channels = (conv.outputs[0] as Value).type.shape[1];
  if (!channels) throw new Error(`${conv.origin.path} has no channel dimension`);
  const origin = { ...conv.origin, path: `${conv.origin.path}.bias` };
  const value = builder.value({ dtype: 'f32', shape: [num(known(channels))] }, origin);
  return { ...value, role: 'weight', init: { kind: 'constant', value: 0 } };
}

function foldInto(
  arrays: Map<string, Float32Array>,
  conv: Node,
  bn: Node,
  w: Value,
  b: Value | undefined,
  bias: Value,
) {
  const array = (v: Value | undefined): Float32Array => {
    const found = v && arrays.get(v.origin.path);
    if (!found) throw new Error(`no weights for ${v?.origin.path ?? 'a missing parameter'}`);
    return found;
  };
  const [, gamma, beta, mean, variance] = bn.inputs.map((v, k) => (k === 0 ? new Float32Array() : array(v)));
  const eps = bn.attrs.eps as number;
  const channels = (gamma as Float32Array).length;
  const scale = Float64Array.from(gamma as Float32Array, (g, c) => g / Math.sqrt((variance as Float32Array)[c]! + eps));

  const weight = array(w);
  const shape = w.type.shape.map(known);
  const scaled = new Float32Array(weight.length);
  const taps = shape.slice(2).reduce((a, n) => a * n, 1);
  // conv: [Cout, Cin/g, k...]: output channel is the slowest. conv_transpose: [Cin, Cout/g, k...].
  const perOutput = conv.op === 'conv' ? weight.length / channels : taps;
  const perGroup = shape[1] as number;
  const groups = channels / perGroup;
  const inputsPerGroup = (shape[0] as number) / groups;
  for (let block = 0; block * perOutput < weight.length; block++) {
    const channel =
      conv.op === 'conv'
        ? block
        : Math.floor(Math.floor(block / perGroup) / inputsPerGroup) * perGroup + (block % perGroup);
    const by = scale[channel] as number;
    const end = (block + 1) * perOutput;
    for (let k = block * perOutput; k < end; k++) scaled[k] = (weight[k] as number) * by;
  }
  const old = b ? array(b) : new Float32Array(channels);
  const shifted = Float32Array.from(
    old,
    (v, c) => (v - (mean as Float32Array)[c]!) * (scale[c] as number) + (beta as Float32Array)[c]!,
  );
  arrays.set(w.origin.path, scaled);
  arrays.set(bias.origin.path, shifted);
}
