import type { Node } from '../ir/graph.js';

/** Who makes what a node reads or waits for, and who reads or awaits what it makes, by position in a list of nodes; each position once. */
export interface Dependencies {
  readonly makers: readonly (readonly number[])[];
  readonly readers: readonly (readonly number[])[];
}

export function dependencies(nodes: readonly Node[]): Dependencies {
  const producer = new Map<number, number>();
  nodes.forEach((n, k) => {
    for (const o of n.outputs) producer.set(o.id, k);
  });
  const makers = nodes.map((n) => [
    ...new Set(
      [...n.inputs, ...(n.after ?? [])].map((v) => producer.get(v.id)).filter((p): p is number => p !== undefined),
    ),
  ]);
  const readers = nodes.map((): number[] => []);
  makers.forEach((from, k) => {
    for (const p of from) readers[p]?.push(k);
  });
  return { makers, readers };
}
