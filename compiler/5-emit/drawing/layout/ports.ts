import type { Link } from '../picture/picture.js';
import { type NodesBetween, nodesBetween } from './arcs.js';
import type { Point } from './geometry.js';
import { type Placed, portPitch } from './place.js';

/** Where a link leaves one box and enters the other. */
export interface Ports {
  readonly start: Point;
  readonly end: Point;
}

interface Entry {
  readonly link: Link;
  readonly place: Placed;
  readonly side: 'top' | 'bottom';
  readonly end: 'start' | 'end';
  /** Ports lie in this order from the left. */
  readonly order: number;
  /** The preferred place, from the box's centre; null for an arc: beside those before and after it. */
  readonly wanted: number | null;
}

/** Corners are round: no port this near to one. */
const corner = 8;
/** Where arcs begin, beside the lines that leave a box more steeply. */
const firstArc = 23;

/**
 * A port of its own for each end of each link, so that no two lines begin or end at one point. Neighbours in a row face
 * each other; arcs and lines between rows use the top and the bottom: a line where it would meet the edge on its way to
 * the centre, arcs to its left and right, all in the order of where they lead: so those of one box fan out uncrossed.
 */
export function portsOf(links: readonly Link[], places: ReadonlyMap<string, Placed>): ReadonlyMap<Link, Ports> {
  const bySide = new Map<string, Entry[]>();
  const between = nodesBetween(places);
  for (const e of links.flatMap((link) => entriesOf(link, places, between))) {
    const key = `${e.side} ${e.place.box.id}`;
    const there = bySide.get(key);
    if (there) there.push(e);
    else bySide.set(key, [e]);
  }
  const points = new Map<Link, { start?: Point; end?: Point }>();
  for (const entries of bySide.values()) {
    entries.sort((a, b) => a.order - b.order);
    const at = spread(
      entries.map((e) => wantedOf(e, entries)),
      entries[0]?.place.halfWidth ?? 0,
    );
    for (const [k, { link, place, end, side }] of entries.entries()) {
      const y = place.y + (side === 'top' ? -1 : 1) * place.halfHeight;
      points.set(link, { ...points.get(link), [end]: { x: place.x + (at[k] as number), y } });
    }
  }
  const ports = new Map<Link, Ports>();
  for (const link of links) {
    const [from, to] = [places.get(link.from), places.get(link.to)];
    if (!from || !to) continue;
    const { start, end } = points.get(link) ?? {};
    ports.set(link, {
      start: start ?? { x: from.x + from.halfWidth, y: from.y },
      end: end ?? { x: to.x - to.halfWidth, y: to.y },
    });
  }
  return ports;
}

/** The longest arc beside the lines, the shorter ones further out. */
function wantedOf(entry: Entry, entries: readonly Entry[]): number {
  if (entry.wanted !== null) return entry.wanted;
  const side = Math.sign(entry.order);
  const inner = entries.filter(
    (e) => Math.sign(e.order) === side && e.wanted === null && side * e.order < side * entry.order,
  );
  return side * (firstArc + portPitch * inner.length);
}

/** As near as possible to the preferred places, in order and a pitch apart, within the edge. */
function spread(wanted: readonly number[], halfWidth: number): number[] {
  const room = halfWidth - corner;
  const pitch = wanted.length > 1 ? Math.min(portPitch, (2 * room) / (wanted.length - 1)) : 0;
  // Isotonic regression of the preferred places less the pitch: neighbours that prefer the same place share the distance.
  const blocks: { sum: number; count: number }[] = [];
  for (const [k, x] of wanted.entries()) {
    blocks.push({ sum: x - k * pitch, count: 1 });
    for (let n = blocks.length - 1; n > 0; n--) {
      const [a, b] = [blocks[n - 1], blocks[n]];
      if (!a || !b || a.sum / a.count <= b.sum / b.count) break;
      blocks.splice(n - 1, 2, { sum: a.sum + b.sum, count: a.count + b.count });
    }
  }
  const last = wanted.length - 1;
  return blocks
    .flatMap(({ sum, count }) => new Array<number>(count).fill(sum / count))
    .map((x, k) => Math.min(room - (last - k) * pitch, Math.max(-room + k * pitch, x + k * pitch)));
}

/** Links within a row that pass over nothing have none: they run from side to side. */
function entriesOf(link: Link, places: ReadonlyMap<string, Placed>, between: NodesBetween): Entry[] {
  const [from, to] = [places.get(link.from), places.get(link.to)];
  if (!from || !to) return [];
  if (from.row === to.row) {
    if (between(link) === 0) return [];
    const length = to.x - from.x;
    return [
      { link, place: from, side: 'top', end: 'start', order: 1e6 - length, wanted: null },
      { link, place: to, side: 'top', end: 'end', order: -1e6 + length, wanted: null },
    ];
  }
  const falls = to.row > from.row;
  const line = (place: Placed, other: Placed): { order: number; wanted: number } => {
    const [dx, dy] = [other.x - place.x, Math.abs(other.y - place.y)];
    return { order: dx, wanted: Math.max(-16, Math.min(16, (dx * place.halfHeight) / dy)) };
  };
  return [
    { link, place: from, side: falls ? 'bottom' : 'top', end: 'start', ...line(from, to) },
    { link, place: to, side: falls ? 'top' : 'bottom', end: 'end', ...line(to, from) },
  ];
}
