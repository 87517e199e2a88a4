import { evaluateDim, num, type Shape } from '../ir/dim.js';
import type { Graph, Network, Value } from '../ir/graph.js';

export type Sizes = Readonly<Record<string, number>>;

/**
 * The graph at given sizes of its symbols (N, H, W, D): every dimension a number, ids kept.
 * The sizes must be valid (`sizeRules`); a dimension that does not come out whole is a caller's bug and throws.
 */
export function specializeGraph(graph: Graph, sizes: Sizes): Graph {
  const done = new Map<number, Value>();
  const sized = (shape: Shape, path: string): Shape =>
    shape.map((d) => {
      const value = evaluateDim(d, sizes);
      if (!Number.isInteger(value) || value < 1) throw new Error(`${path}: size ${value} after specialization`);
      return num(value);
    });
  const specialized = <V extends Value>(v: V): V => {
    const before = done.get(v.id);
    if (before) return before as V;
    const after = { ...v, type: { ...v.type, shape: sized(v.type.shape, v.origin.path) } };
    done.set(v.id, after);
    return after;
  };
  return {
    inputs: graph.inputs.map((i) => ({ ...i, value: specialized(i.value) })),
    params: graph.params.map(specialized),
    nodes: graph.nodes.map((n) => ({ ...n, inputs: n.inputs.map(specialized), outputs: n.outputs.map(specialized) })),
    outputs: graph.outputs.map((o) => ({ ...o, value: specialized(o.value) })),
  };
}

/** `specializeGraph` for a whole network: heads and mode outputs follow their values. */
export function specialize(network: Network, sizes: Sizes): Network {
  const graph = specializeGraph(network.graph, sizes);
  const byId = new Map<number, Value>();
  for (const i of graph.inputs) byId.set(i.value.id, i.value);
  for (const n of graph.nodes) for (const o of n.outputs) byId.set(o.id, o);
  const at = (v: Value): Value => byId.get(v.id) ?? v;
  return {
    ...network,
    graph,
    heads: network.heads.map((h) => ({ ...h, value: at(h.value) })),
    modeOutputs: network.modeOutputs.map((m) => ({ ...m, value: at(m.value) })),
    constraints: [],
  };
}
