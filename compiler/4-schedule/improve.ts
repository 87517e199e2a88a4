import type { Graph, Node } from '../ir/graph.js';
import { bytesOf } from './bytes.js';
import { dependencies } from './dependencies.js';
import { type Interval, liveness } from './liveness.js';
import { liveBytes } from './order.js';

/** An order, and what is alive in it. */
export interface Candidate {
  readonly order: readonly Node[];
  readonly intervals: readonly Interval[];
  readonly peakBytes: number;
}

export function candidateOf(graph: Graph, order: readonly Node[]): Candidate {
  const intervals = liveness(graph, order);
  return { order, intervals, peakBytes: liveBytes(intervals, order.length).reduce((a, b) => Math.max(a, b), 0) };
}

/**
 * Orders tried in all, fewer of large graphs, and for one peak. Bounds the time (to about 0.2 s on a core of 2024), and leaves it to the graph
 * alone what comes out.
 */
const triesOf = (graph: Graph): number => Math.min(200, Math.max(8, Math.floor(200_000 / (graph.nodes.length + 1))));
const triesAPeak = 24;

/**
 * Lowers an order's peak by moves of single nodes, while there is one that does. Of what is alive at the peak and not used there,
 * the largest are looked at first: what makes one is put off until just before its first reader, or its readers are hastened to
 * just after the last of what they read, so that it is gone at the peak.
 */
export function improved(graph: Graph, from: Candidate): Candidate {
  let best = from;
  let left = triesOf(graph);
  while (left > 0) {
    const moves = movesFrom(best).slice(0, Math.min(left, triesAPeak));
    const better = moves.findIndex(({ from, to }) => {
      left--;
      const moved = candidateOf(graph, withMove(best.order, from, to));
      if (!isLower(moved, best)) return false;
      best = moved;
      return true;
    });
    if (better < 0) break;
  }
  return best;
}

interface Move {
  readonly from: number;
  /** The step that it goes before. */
  readonly to: number;
}

function movesFrom({ order, intervals, peakBytes }: Candidate): Move[] {
  const peak = liveBytes(intervals, order.length).indexOf(peakBytes);
  const { makers, readers } = dependencies(order);
  const maker = new Map(order.flatMap((node, k) => node.outputs.map((o) => [o.id, k] as const)));
  const ready = (k: number): number => (makers[k] ?? []).reduce((last, m) => Math.max(last, m + 1), 0);
  return intervals
    .filter((i) => i.from < peak && i.to > peak)
    .sort((a, b) => bytesOf(b.value) - bytesOf(a.value) || a.from - b.from)
    .flatMap((interval) => {
      const made = maker.get(interval.value.id) as number;
      const uses = readers[made] ?? [];
      const first = uses.reduce((least, k) => Math.min(least, k), order.length);
      const putOff = first > peak && first < order.length ? [{ from: made, to: first }] : [];
      const late = uses.filter((k) => k > peak);
      const hasten = late.every((k) => ready(k) <= peak) ? late.map((k) => ({ from: k, to: ready(k) })) : [];
      return [...putOff, ...hasten];
    });
}

/** The node at `from` goes to just before the one at `to`. */
function withMove(order: readonly Node[], from: number, to: number): Node[] {
  const rest = order.toSpliced(from, 1);
  return rest.toSpliced(to > from ? to - 1 : to, 0, order[from] as Node);
}

/** A lower peak, or as high a one at fewer steps. */
function isLower(a: Candidate, b: Candidate): boolean {
  if (a.peakBytes !== b.peakBytes) return a.peakBytes < b.peakBytes;
  const high = ({ intervals, order, peakBytes }: Candidate): number =>
    liveBytes(intervals, order.length).reduce((n, x) => (x === peakBytes ? n + 1 : n), 0);
  return high(a) < high(b);
}
