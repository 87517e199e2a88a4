import { tensorInputs } from '../ir/builder.js';
import { known } from '../ir/dim.js';
import type { Graph, Node, Value } from '../ir/graph.js';
import { opOf } from '../ops/index.js';

const size = (v: Value): number => v.type.shape.reduce((n, d) => n * known(d), 1);

/** Learned numbers: weights and biases, not running statistics. */
export const countParameters = (graph: Graph): number =>
  graph.params.reduce((n, p) => (p.role === 'weight' ? n + size(p) : n), 0);

/** Learned numbers that belong to one node. */
export const nodeParameters = (node: Node): number =>
  node.inputs.reduce((n, v) => ('role' in v && v.role === 'weight' ? n + size(v) : n), 0);

/** Multiply-accumulates of one node of a bound graph. */
export const nodeMacs = (node: Node): number =>
  opOf(node.op).macs?.(
    node.attrs,
    tensorInputs(node.op, node.inputs).map((v) => v.type),
    node.outputs.map((v) => v.type),
  ) ?? 0;

/** Multiply-accumulates of a bound graph, for its whole batch. */
export const countMacs = (graph: Graph): number => graph.nodes.reduce((n, node) => n + nodeMacs(node), 0);
