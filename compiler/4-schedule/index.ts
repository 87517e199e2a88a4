import type { Graph, Node } from '../ir/graph.js';
import { type Buffer, placeBuffers } from './arena.js';
import { liveness } from './liveness.js';
import { greedyOrder, peakOf } from './order.js';

/** In which order a bound graph runs and where each value lies. */
export interface ExecutionPlan {
  readonly order: readonly Node[];
  readonly buffers: readonly Buffer[];
  /** Bytes alive at the worst moment: no placement can need less in this order. */
  readonly peakBytes: number;
  /** Bytes of the arena that holds every buffer; at least `peakBytes`. */
  readonly arenaBytes: number;
}

/** Plans a bound graph: the better of the order written and a memory-greedy one, then liveness, then an arena. */
export function executionPlan(graph: Graph): ExecutionPlan {
  const candidates = [graph.nodes, greedyOrder(graph)].map((order) => {
    const intervals = liveness(graph, order);
    return { order, intervals, peakBytes: peakOf(intervals, order.length) };
  });
  const best = candidates.reduce((a, b) => (b.peakBytes < a.peakBytes ? b : a));
  return { order: best.order, peakBytes: best.peakBytes, ...placeBuffers(best.intervals) };
}
