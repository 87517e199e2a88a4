import type { Graph, Node, Value } from '../../ir/graph.js';
import { roleOf } from './roles.js';

/** What is quantized of a graph, and which values share a scale. */
export interface QuantizationPlan {
  /** Convolutions that multiply bytes. */
  readonly layers: ReadonlySet<Node>;
  /** Nodes beside them that work on levels. */
  readonly carriers: ReadonlySet<Node>;
  /** Ids of values that become levels, in the graph's order. */
  readonly levels: readonly Value[];
  /**
   * By id of such a value: those whose range it needs. Itself where it is computed; what it is made of where an operator only
   * moves or joins numbers.
   */
  readonly sources: ReadonlyMap<number, ReadonlySet<number>>;
}

/**
 * Chooses what is quantized: every convolution but those named, what it reads and what it puts out; and between them whatever
 * works on levels too, so that nothing becomes f32 on the way from one to the next. A relu behind a convolution or a sum is
 * part of it: the levels below 0 are cut off by the scale itself.
 *
 * @param floats paths of convolutions that stay in f32
 */
export function planQuantization(graph: Graph, floats: ReadonlySet<string>): QuantizationPlan {
  const fused = fusedRelus(graph);
  const layers = new Set(graph.nodes.filter((n) => roleOf(n) === 'multiplies' && !floats.has(n.origin.path)));
  const carriers = new Set<Node>();
  const wanted = new Set<number>();
  for (const node of graph.nodes.toReversed()) {
    const result = (fused.get(node) ?? node).outputs[0] as Value;
    if (layers.has(node)) {
      wanted.add((node.inputs[0] as Value).id);
      wanted.add(result.id);
    } else if (roleOf(node) !== 'multiplies' && roleOf(node) !== 'float' && wanted.has(result.id)) {
      carriers.add(node);
      for (const v of node.inputs) wanted.add(v.id);
    }
  }
  const values = [...graph.inputs.map((i) => i.value), ...graph.nodes.flatMap((n) => n.outputs)];
  return {
    layers,
    carriers,
    levels: values.filter((v) => wanted.has(v.id)),
    sources: sourcesOf(graph, carriers),
  };
}

/** The relu behind each node whose result nothing else reads. */
export function fusedRelus(graph: Graph): ReadonlyMap<Node, Node> {
  const uses = new Map<number, number>();
  const use = (v: Value): void => void uses.set(v.id, (uses.get(v.id) ?? 0) + 1);
  for (const node of graph.nodes) node.inputs.forEach(use);
  for (const { value } of graph.outputs) use(value);
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((v) => [v.id, node] as const)));
  const fused = new Map<Node, Node>();
  for (const relu of graph.nodes) {
    if (relu.op !== 'relu') continue;
    const from = relu.inputs[0] as Value;
    const producer = producers.get(from.id);
    if (producer && (producer.op === 'conv' || producer.op === 'add') && uses.get(from.id) === 1)
      fused.set(producer, relu);
  }
  return fused;
}

function sourcesOf(graph: Graph, carriers: ReadonlySet<Node>): Map<number, ReadonlySet<number>> {
  const sources = new Map<number, ReadonlySet<number>>();
  const of = (v: Value): ReadonlySet<number> => sources.get(v.id) ?? new Set([v.id]);
  for (const node of graph.nodes) {
    const role = roleOf(node);
    if (!carriers.has(node) || (role !== 'moves' && role !== 'joins')) continue;
    const all = new Set(node.inputs.flatMap((v) => [...of(v)]));
    for (const output of node.outputs) sources.set(output.id, all);
  }
  return sources;
}

/** What is to be measured: ids of values whose ranges scales are made of. */
export function observed(plan: QuantizationPlan): ReadonlySet<number> {
  return new Set(plan.levels.flatMap((v) => [...(plan.sources.get(v.id) ?? [v.id])]));
}
