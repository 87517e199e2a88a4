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
 * How high above its boxes an arc over `over` of them reaches: nested arcs lie apart, and those of one length that cross do
 * so at an angle that can be seen.
 */
export const arcPeak = (over: number): number => (over === 0 ? 0 : 8 + 16 * over);

/** From the top of a box to the top of another in its row. */
export function arc(start: Point, end: Point, peak: number): Path {
  const lift = peak / 0.75;
  const lean = 0.27 * (end.x - start.x);
  return curve(start, { x: start.x + lean, y: start.y - lift }, { x: end.x - lean, y: end.y - lift }, end);
}
