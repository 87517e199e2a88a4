import type { Value } from '../ir/graph.js';
import { bytesOf } from './bytes.js';
import type { Interval } from './liveness.js';

/** A value's place in the arena; alive during [from, to]. */
export interface Buffer {
  readonly value: Value;
  readonly from: number;
  readonly to: number;
  /** In bytes, a multiple of `alignment`. */
  readonly offset: number;
  readonly bytes: number;
}

/** A cache line. */
export const alignment = 64;

/**
 * Places every interval at an offset such that two values alive at once never overlap: largest first, each in the
 * lowest gap that fits (Pisarchyk & Lee, 2020, "greedy by size").
 */
export function placeBuffers(intervals: readonly Interval[]): { buffers: Buffer[]; arenaBytes: number } {
  const sorted = intervals
    .map((i, k) => ({ ...i, k, bytes: Math.ceil(bytesOf(i.value) / alignment) * alignment }))
    .sort((a, b) => b.bytes - a.bytes || a.k - b.k);
  const placed: Placed[] = [];
  const shelves = new Shelves(intervals.reduce((last, i) => Math.max(last, i.to), 0));
  let arenaBytes = 0;
  for (const item of sorted) {
    const rivals = shelves.during(item).sort((a, b) => a.offset - b.offset);
    let offset = 0;
    for (const rival of rivals) {
      if (offset + item.bytes <= rival.offset) break;
      offset = Math.max(offset, rival.offset + rival.bytes);
    }
    const buffer = { ...item, offset };
    placed.push(buffer);
    shelves.add(buffer);
    arenaBytes = Math.max(arenaBytes, offset + item.bytes);
  }
  placed.sort((a, b) => a.k - b.k);
  return {
    buffers: placed.map(({ value, from, to, offset, bytes }) => ({ value, from, to, offset, bytes })),
    arenaBytes,
  };
}

type Placed = Buffer & { readonly k: number };

/** Buffers by the time they are alive, so that those of a moment are found without a look at all others. */
class Shelves {
  /** Steps to a shelf: about as many as there are shelves, so that neither a short life nor a long one costs much. */
  private readonly steps: number;
  private readonly shelves: Placed[][];

  constructor(lastStep: number) {
    this.steps = Math.ceil(Math.sqrt(lastStep + 1));
    this.shelves = Array.from({ length: Math.floor(lastStep / this.steps) + 1 }, () => []);
  }

  add(buffer: Placed): void {
    for (const shelf of this.covering(buffer)) shelf.push(buffer);
  }

  /** Those alive at any moment of an interval. */
  during(interval: Pick<Interval, 'from' | 'to'>): Placed[] {
    const found = new Set<Placed>();
    for (const shelf of this.covering(interval)) {
      for (const other of shelf) if (other.from <= interval.to && interval.from <= other.to) found.add(other);
    }
    return [...found];
  }

  private covering({ from, to }: Pick<Interval, 'from' | 'to'>): Placed[][] {
    return this.shelves.slice(Math.floor(from / this.steps), Math.floor(to / this.steps) + 1);
  }
}
