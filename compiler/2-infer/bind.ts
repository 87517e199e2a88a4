import { evaluateDim, num, type Shape } from '../ir/dim.js';
import type { Graph, Network, Value } from '../ir/graph.js';

export type Sizes = Readonly<Record<string, number>>;

/**
 * The graph at given sizes of its symbols (N, H, W, D): every dimension a number, ids kept.
 * The sizes must be valid (`sizeRules`); a dimension that does not come out whole is a caller's bug and throws.
 */
export function bindGraph(graph: Graph, sizes: Sizes): Graph {
  const bound = new Map<number, Value>();
  const bindShape = (shape: Shape, path: string): Shape =>
    shape.map((d) => {
      const value = evaluateDim(d, sizes);
      if (!Number.isInteger(value) || value < 1) throw new Error(`${path}: size ${value} after binding`);
      return num(value);
    });
  const bind = <V extends Value>(v: V): V => {
    const before = bound.get(v.id);
    if (before) return before as V;
    const after = { ...v, type: { ...v.type, shape: bindShape(v.type.shape, v.origin.path) } };
    bound.set(v.id, after);
    return after;
  };
  return {
    inputs: graph.inputs.map((i) => ({ ...i, value: bind(i.value) })),
    params: graph.params.map(bind),
    nodes: graph.nodes.map((n) => ({ ...n, inputs: n.inputs.map(bind), outputs: n.outputs.map(bind) })),
    outputs: graph.outputs.map((o) => ({ ...o, value: bind(o.value) })),
  };
}

/** `bindGraph` for a whole network: heads and mode outputs follow their values. */
export function bind(network: Network, sizes: Sizes): Network {
  const graph = bindGraph(network.graph, sizes);
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
