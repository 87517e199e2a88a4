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
  /** By id of a value: those whose ranges its scale must hold, computed ones that share it. */
  readonly sources: ReadonlyMap<number, ReadonlySet<number>>;
}

/**
 * Chooses what is quantized: every convolution but those named, its inputs and its output; and between them whatever
 * works on levels too, so that no value becomes f32 between them. A relu behind a convolution or a sum is
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

/** The relu behind each node whose result has no other consumer. */
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

/**
 * Values are on one scale where an operator moves numbers from one to the other. Of those that a concatenation joins, each on a scale of
 * its own would have to be brought to another as it is joined; on one scale bytes are copied. Measured, nothing was lost with it.
 */
function sourcesOf(graph: Graph, carriers: ReadonlySet<Node>): Map<number, ReadonlySet<number>> {
  const scaleOf = new Map<number, number>();
  const find = (id: number): number => {
    let at = id;
    for (let next = scaleOf.get(at); next !== undefined; next = scaleOf.get(at)) at = next;
    return at;
  };
  const moved = new Set<number>();
  for (const node of graph.nodes) {
    if (!carriers.has(node) || roleOf(node) !== 'moves') continue;
    const [result] = node.outputs as [Value];
    moved.add(result.id);
    for (const v of node.inputs) if (find(v.id) !== find(result.id)) scaleOf.set(find(v.id), find(result.id));
  }
  const members = new Map<number, Set<number>>();
  const values = [...graph.inputs.map((i) => i.value), ...graph.nodes.flatMap((n) => n.outputs)];
  for (const { id } of values) {
    const found = members.get(find(id)) ?? new Set();
    members.set(find(id), moved.has(id) ? found : found.add(id));
  }
  return new Map(values.map(({ id }) => [id, members.get(find(id)) as ReadonlySet<number>]));
}

/** What is to be measured: ids of values whose ranges scales are made of. */
export function calibrationValues(plan: QuantizationPlan): ReadonlySet<number> {
  return new Set(plan.levels.flatMap((v) => [...(plan.sources.get(v.id) ?? [])]));
}
