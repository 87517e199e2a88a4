import type { Link } from '../picture/picture.js';
import type { Spot } from './cells.js';
import { curve, type Path, type Point } from './geometry.js';

/** How many boxes a link within a row passes over; 0 between rows. */
export type NodesBetween = (link: Link) => number;

/** Counts for these places, which must not change. */
export function nodesBetween(spots: ReadonlyMap<string, Spot>): NodesBetween {
  const columns = new Map<number, number[]>();
  for (const { row, column } of spots.values()) {
    const there = columns.get(row);
    if (there) there.push(column);
    else columns.set(row, [column]);
  }
  for (const row of columns.values()) row.sort((a, b) => a - b);
  return ({ from, to }) => {
    const [a, b] = [spots.get(from), spots.get(to)];
    if (!a || !b || a.row !== b.row || a.row < 0) return 0;
    const row = columns.get(a.row) ?? [];
    return Math.max(0, countBelow(row, b.column) - countBelow(row, a.column + 1));
  };
}

/** How many numbers of an ascending list are less than `limit`. */
function countBelow(ascending: readonly number[], limit: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] as number) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * How high above its boxes an arc over `over` of them reaches: nested arcs lie apart, and those of one length that cross do
 * so at an angle that can be seen.
 */
export const arcPeak = (over: number, crowded = false): number => {
  if (over === 0) return 0;
  // Of many arcs the longest would make the picture mostly air.
  return crowded ? 8 + (400 * over) / (over + 25) : 8 + 16 * over;
};

/** From the top of a box to the top of another in its row. */
export function arc(start: Point, end: Point, peak: number): Path {
  const lift = peak / 0.75;
  const lean = 0.27 * (end.x - start.x);
  return curve(start, { x: start.x + lean, y: start.y - lift }, { x: end.x - lean, y: end.y - lift }, end);
}
