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
  const placed: (Buffer & { k: number })[] = [];
  let arenaBytes = 0;
  for (const item of sorted) {
    const rivals = placed.filter((p) => p.from <= item.to && item.from <= p.to).sort((a, b) => a.offset - b.offset);
    let offset = 0;
    for (const rival of rivals) {
      if (offset + item.bytes <= rival.offset) break;
      offset = Math.max(offset, rival.offset + rival.bytes);
    }
    placed.push({ ...item, offset });
    arenaBytes = Math.max(arenaBytes, offset + item.bytes);
  }
  placed.sort((a, b) => a.k - b.k);
  return {
    buffers: placed.map(({ value, from, to, offset, bytes }) => ({ value, from, to, offset, bytes })),
    arenaBytes,
  };
}
