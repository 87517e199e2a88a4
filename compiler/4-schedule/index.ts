import type { Graph, Node } from '../ir/graph.js';
import { type Buffer, placeBuffers } from './arena.js';
import { depthFirstOrder } from './depth-first.js';
import { type Candidate, candidateOf, improved } from './improve.js';
import { greedyOrder } from './order.js';

/** In which order a bound graph runs and where each value lies. */
export interface ExecutionPlan {
  readonly order: readonly Node[];
  readonly buffers: readonly Buffer[];
  /** The peak of live bytes: no placement can need less in this order. */
  readonly peakBytes: number;
  /** Bytes of the arena that holds every buffer; at least `peakBytes`. */
  readonly arenaBytes: number;
  /** The peak of live bytes in the order that the graph was written in. */
  readonly writtenPeakBytes: number;
}

/**
 * Plans a bound graph: the best of the order written, a memory-greedy one and depth-first ones, of which the better two are improved by
 * moves; then liveness, then an arena. The same graph gives the same plan. How close this is to what no order can go below,
 * bench/memory.mjs says.
 */
export function executionPlan(graph: Graph): ExecutionPlan {
  const written = candidateOf(graph, graph.nodes);
  const greedy = greedyOrder(graph);
  const others = [greedy, depthFirstOrder(graph), depthFirstOrder({ ...graph, nodes: greedy })];
  const candidates = [written, ...others.map((order) => candidateOf(graph, order))];
  const [best] = candidates
    .sort(lower)
    .slice(0, 2)
    .map((candidate) => improved(graph, candidate))
    .sort(lower) as [Candidate, Candidate];
  return {
    order: best.order,
    peakBytes: best.peakBytes,
    writtenPeakBytes: written.peakBytes,
    ...placeBuffers(best.intervals),
  };
}

const lower = (a: Candidate, b: Candidate): number => a.peakBytes - b.peakBytes;
