import type { Graph, Node, Value } from '../ir/graph.js';

/** When a value exists: from the step that makes it to the last that reads it, both included. */
export interface Interval {
  readonly value: Value;
  readonly from: number;
  readonly to: number;
}

/** Operators whose output is their input's memory under another shape. */
export const isView = (node: Node): boolean => node.op === 'reshape';

/**
 * The live interval of every node output, by position in `order`. A view has none of its own: its uses extend the
 * interval of the value it looks at. An output of the graph lives to the end. Inputs and parameters are not listed: they
 * are the caller's memory.
 */
export function liveness(graph: Graph, order: readonly Node[]): Interval[] {
  const base = new Map<number, number>();
  const root = (v: Value): number => base.get(v.id) ?? v.id;
  const intervals = new Map<number, { value: Value; from: number; to: number }>();
  order.forEach((node, time) => {
    for (const input of node.inputs) {
      const interval = intervals.get(root(input));
      if (interval) interval.to = time;
    }
    if (isView(node)) {
      base.set((node.outputs[0] as Value).id, root(node.inputs[0] as Value));
      return;
    }
    for (const value of node.outputs) intervals.set(value.id, { value, from: time, to: time });
  });
  for (const { value } of graph.outputs) {
    const interval = intervals.get(root(value));
    if (interval) interval.to = order.length;
  }
  return [...intervals.values()];
}
