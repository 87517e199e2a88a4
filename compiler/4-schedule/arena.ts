import type { Value } from '../ir/graph.js';
import { bytesOf } from './bytes.js';
import type { Interval } from './liveness.js';
import { bytesAt } from './order.js';

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

/** Times what must be: who is this near tries no further. */
const closeEnough = 1.001;

type Item = Omit<Buffer, 'offset'> & { readonly k: number };

/** Which goes first; tried, each into the lowest gap and into the tightest, until one needs hardly more than the peak of live bytes. */
const priorities = [(i: Item) => i.bytes, (i: Item) => i.bytes * (i.to - i.from + 1), (i: Item) => i.to - i.from];
/** Tried only for few values, where gaps remain; with many thousands the gaps are negligible, and each try takes long. */
const moreForFew = [(i: Item) => -i.from, (i: Item) => i.to];
const few = 4096;

/**
 * Places every interval at an offset such that two values alive at once never overlap: largest first, each in the
 * lowest gap that fits, or the tightest (Pisarchyk & Lee, 2020, "greedy by size"); where that leaves gaps, also by size times life, by life, by
 * beginning and by end, and the best is kept. On random networks the arena is at most 1.1 times the peak of live bytes, in whole
 * lines, and one line (test/properties); on the presets see bench/memory.mjs.
 */
export function placeBuffers(intervals: readonly Interval[]): { buffers: Buffer[]; arenaBytes: number } {
  const items = intervals.map(
    (i, k): Item => ({ ...i, k, bytes: Math.ceil(bytesOf(i.value) / alignment) * alignment }),
  );
  const steps = items.reduce((last, i) => Math.max(last, i.to), 0);
  const floor = bytesAt(items, steps).reduce((most, bytes) => Math.max(most, bytes), 0);
  let best: { buffers: Buffer[]; arenaBytes: number } | undefined;
  const tried = items.length > few ? priorities : [...priorities, ...moreForFew];
  for (const { priority, tightest } of tried.flatMap((p) => [false, true].map((t) => ({ priority: p, tightest: t })))) {
    const turn = items.toSorted((a, b) => priority(b) - priority(a) || b.bytes - a.bytes || a.k - b.k);
    const placed = withSpillsFirst(turn, steps, tightest, floor);
    if (!best || placed.arenaBytes < best.arenaBytes) best = placed;
    if (best.arenaBytes <= closeEnough * floor) break;
  }
  return best ?? { buffers: [], arenaBytes: 0 };
}

/** Whatever ends above all that must be goes first in a next attempt, a few times over. */
function withSpillsFirst(turn: readonly Item[], steps: number, tightest: boolean, floor: number) {
  let best = placeInTurn(turn, steps, tightest);
  let [order, placed] = [turn, best];
  for (let attempt = 0; attempt < 8 && best.arenaBytes > closeEnough * floor; attempt++) {
    const { buffers } = placed;
    const spills = (i: Item): boolean => (buffers[i.k] as Buffer).offset + i.bytes > floor;
    order = [...order.filter(spills), ...order.filter((i) => !spills(i))];
    placed = placeInTurn(order, steps, tightest);
    if (placed.arenaBytes < best.arenaBytes) best = placed;
  }
  return best;
}

function placeInTurn(
  items: readonly Item[],
  steps: number,
  tightest: boolean,
): { buffers: Buffer[]; arenaBytes: number } {
  const placed = new Placements(steps);
  const buffers = new Array<Buffer>(items.length);
  let arenaBytes = 0;
  for (const { value, from, to, bytes, k } of items) {
    let end = 0;
    let gap = { offset: 0, size: Number.POSITIVE_INFINITY };
    for (const rival of placed.near({ from, to })) {
      if (rival.from > to || from > rival.to) continue;
      const size = rival.offset - end;
      if (size >= bytes && size < gap.size) gap = { offset: end, size };
      if (gap.size < Number.POSITIVE_INFINITY && (!tightest || gap.size === bytes)) break;
      end = Math.max(end, rival.offset + rival.bytes);
    }
    const offset = gap.size < Number.POSITIVE_INFINITY ? gap.offset : end;
    const buffer = { value, from, to, offset, bytes };
    placed.add(buffer);
    buffers[k] = buffer;
    arenaBytes = Math.max(arenaBytes, offset + bytes);
  }
  return { buffers, arenaBytes };
}

type Life = Pick<Interval, 'from' | 'to'>;

/**
 * What is placed, lowest first: all in one list, and by the time that each is alive. Of a chain's values few are alive at once,
 * and those of a moment are found without a look at all others; of a training step's most are, and one list is sooner read than
 * many are joined.
 */
class Placements {
  private readonly all: Buffer[] = [];
  /** Steps to a shelf: about as many as there are shelves, so that neither a short life nor a long one costs much. */
  private readonly steps: number;
  private readonly shelves: Buffer[][];

  constructor(lastStep: number) {
    this.steps = Math.ceil(Math.sqrt(lastStep + 1));
    this.shelves = Array.from({ length: Math.floor(lastStep / this.steps) + 1 }, () => []);
  }

  add(buffer: Buffer): void {
    insert(this.all, buffer);
    for (const shelf of this.covering(buffer)) shelf.push(buffer);
  }

  /** Those alive at any moment of a life, by offset, and maybe others. */
  near(life: Life): readonly Buffer[] {
    const shelves = this.covering(life);
    const found = shelves.reduce((n, shelf) => n + shelf.length, 0);
    if (found * Math.log2(found + 2) > this.all.length) return this.all;
    return [...new Set(shelves.flat())].sort((a, b) => a.offset - b.offset);
  }

  private covering({ from, to }: Life): Buffer[][] {
    return this.shelves.slice(Math.floor(from / this.steps), Math.floor(to / this.steps) + 1);
  }
}

/** Into a list sorted by offset, behind its equals. */
function insert(list: Buffer[], buffer: Buffer): void {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] as Buffer).offset <= buffer.offset) low = middle + 1;
    else high = middle;
  }
  list.splice(low, 0, buffer);
}
