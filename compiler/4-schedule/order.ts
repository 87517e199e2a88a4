import type { Graph, Node } from '../ir/graph.js';
import { bytesOf } from './bytes.js';
import { Heap } from './heap.js';
import type { Interval } from './liveness.js';

/**
 * A topological order that keeps memory low: of the nodes that could run next, the one that frees most (or takes least),
 * the earliest of equals. Greedy, as list scheduling for register pressure (Goodman & Hsu, 1988); `executionPlan` keeps it
 * only where nothing beats it.
 */
export function greedyOrder(graph: Graph): Node[] {
  const producer = new Map<number, number>();
  graph.nodes.forEach((n, k) => {
    for (const o of n.outputs) producer.set(o.id, k);
  });
  const kept = new Set(graph.outputs.map((o) => o.value.id));
  const waiting = graph.nodes.map(
    (n) =>
      new Set([...n.inputs, ...(n.after ?? [])].map((v) => producer.get(v.id)).filter((p) => p !== undefined)).size,
  );
  const readers = new Map<number, Set<number>>();
  graph.nodes.forEach((n, k) => {
    for (const v of n.inputs) {
      if (!producer.has(v.id)) continue;
      const set = readers.get(v.id) ?? new Set<number>();
      readers.set(v.id, set.add(k));
    }
  });
  /** Who waits for a value without reading it. */
  const waiters = new Map<number, number[]>();
  graph.nodes.forEach((n, k) => {
    for (const v of n.after ?? []) waiters.set(v.id, [...(waiters.get(v.id) ?? []), k]);
  });
  const cost = (k: number): number => {
    const node = graph.nodes[k] as Node;
    const made = node.outputs.reduce((n, v) => n + bytesOf(v), 0);
    const freed = [...new Set(node.inputs)].reduce((n, v) => {
      const left = readers.get(v.id);
      return left?.size === 1 && left.has(k) && !kept.has(v.id) ? n + bytesOf(v) : n;
    }, 0);
    return made - freed;
  };
  const ready = new Heap<{ readonly node: number; readonly cost: number }>(
    (a, b) => a.cost < b.cost || (a.cost === b.cost && a.node < b.node),
  );
  const offer = (k: number): void => ready.push({ node: k, cost: cost(k) });
  waiting.forEach((n, k) => {
    if (n === 0) offer(k);
  });
  const order: Node[] = [];
  const done = new Set<number>();
  for (let best = ready.pop(); best !== undefined; best = ready.pop()) {
    // Offered again at a lower cost since, and taken then.
    if (done.has(best.node)) continue;
    done.add(best.node);
    const node = graph.nodes[best.node] as Node;
    order.push(node);
    for (const v of new Set(node.inputs)) {
      const left = readers.get(v.id);
      left?.delete(best.node);
      // Who reads a value last frees it.
      const [last] = left ?? [];
      if (left?.size === 1 && waiting[last as number] === 0) offer(last as number);
    }
    const next = new Set<number>();
    for (const o of node.outputs) {
      for (const k of [...(readers.get(o.id) ?? []), ...(waiters.get(o.id) ?? [])]) next.add(k);
    }
    for (const k of next) {
      waiting[k] = (waiting[k] as number) - 1;
      if (waiting[k] === 0) offer(k);
    }
  }
  return order;
}

/** Bytes alive at each step of an order, given each value's interval. */
export const liveBytes = (intervals: readonly Pick<Interval, 'value' | 'from' | 'to'>[], steps: number): Float64Array =>
  bytesAt(
    intervals.map(({ value, from, to }) => ({ from, to, bytes: bytesOf(value) })),
    steps,
  );

/** The same of lives whose bytes are known. */
export function bytesAt(
  lives: readonly { readonly from: number; readonly to: number; readonly bytes: number }[],
  steps: number,
): Float64Array {
  const change = new Float64Array(steps + 2);
  for (const { from, to, bytes } of lives) {
    change[from] = (change[from] as number) + bytes;
    change[to + 1] = (change[to + 1] as number) - bytes;
  }
  let alive = 0;
  return change.map((c) => {
    alive += c;
    return alive;
  });
}

/** The peak of live bytes. */
export const peakOf = (intervals: readonly Pick<Interval, 'value' | 'from' | 'to'>[], steps: number): number =>
  liveBytes(intervals, steps).reduce((most, bytes) => Math.max(most, bytes), 0);
