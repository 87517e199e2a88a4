import type { Link } from '../picture/picture.js';
import type { Spot } from './cells.js';
import { curve, type Path, type Point } from './geometry.js';

/** How many boxes a link within a row passes over; 0 between rows. */
export function nodesBetween({ from, to }: Link, spots: ReadonlyMap<string, Spot>): number {
  const [a, b] = [spots.get(from), spots.get(to)];
  if (!a || !b || a.row !== b.row || a.row < 0) return 0;
  let count = 0;
  for (const s of spots.values()) if (s.row === a.row && s.column > a.column && s.column < b.column) count++;
  return count;
}

/**
 * How high above its boxes an arc over `over` of them reaches: nested arcs apart, and those of equal length that cross,
 * because they begin a column or two from each other, too.
 */
export const arcPeak = (over: number, column: number): number =>
  over === 0 ? 0 : 9 + 14 * over + (Math.floor(column / 2) % 2) * 7;

/** From the top of a box to the top of another in its row. */
export function arc(start: Point, end: Point, peak: number): Path {
  const lift = peak / 0.75;
  const lean = Math.min(0.22 * (end.x - start.x), 70);
  return curve(start, { x: start.x + lean, y: start.y - lift }, { x: end.x - lean, y: end.y - lift }, end);
}
