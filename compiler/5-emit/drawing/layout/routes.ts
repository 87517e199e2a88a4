import type { Link } from '../picture/picture.js';
import { arc, arcPeak, nodesBetween } from './arcs.js';
import { Crowd } from './crowd.js';
import { curve, distance, endOf, isInside, line, mix, type Path, type Point, type Step, sample } from './geometry.js';
import type { Placed, Row } from './place.js';
import { boxHalfHeight } from './place.js';
import type { Ports } from './ports.js';

/** A straight line or an arc for every link, whatever lies in its way: for pictures with too many of them to look for a free one. */
export function routeCrowded(
  links: readonly Link[],
  ports: ReadonlyMap<Link, Ports>,
  places: ReadonlyMap<string, Placed>,
): ReadonlyMap<Link, Path> {
  const between = nodesBetween(places);
  return new Map(
    links.flatMap((link) => {
      const port = ports.get(link);
      if (!port) return [];
      const peak = arcPeak(between(link), true);
      const path = peak === 0 ? line(port.start, port.end) : arc(port.start, port.end, peak);
      return [[link, path] as const];
    }),
  );
}

/** No path comes nearer than this to a box that it does not lead to. */
const clearance = 5;

/**
 * A path for every link: within a row a straight line or an arc above it; between rows the first of a straight line
 * and ever wider curves that meets no box and lies on no other path; and where none is free, one that goes
 * through the gaps of the rows between, of which there always is one.
 */
export function routeLinks(
  links: readonly Link[],
  ports: ReadonlyMap<Link, Ports>,
  places: ReadonlyMap<string, Placed>,
  rows: readonly Row[],
): ReadonlyMap<Link, Path> {
  const routes = new Map<Link, Path>();
  const between = nodesBetween(places);
  const crowd = new Crowd();
  /** Where a path begins or ends: no other does. */
  const used = new Set<string>();
  const settle = (link: Link, path: Path): void => {
    routes.set(link, path);
    crowd.add(path);
    used.add(key(path.start)).add(key(endOf(path)));
  };
  const across: Link[] = [];
  for (const link of links) {
    const [from, to, port] = [places.get(link.from), places.get(link.to), ports.get(link)];
    if (!from || !to || !port) continue;
    if (from.row !== to.row) across.push(link);
    else {
      const over = between(link);
      settle(link, over === 0 ? line(port.start, port.end) : arc(port.start, port.end, arcPeak(over)));
    }
  }
  const lengthOf = (link: Link): number => {
    const port = ports.get(link);
    return port ? distance(port.start, port.end) : 0;
  };
  const all = [...places.values()];
  const taken = new Map<number, number[]>();
  // Stems of heads are straight; others give way to them, long ones to short ones.
  const rank = (l: Link): number => (l.kind === 'head' ? 0 : 1);
  const order = across
    .map((link, k) => ({ link, k }))
    .sort((a, b) => rank(a.link) - rank(b.link) || lengthOf(a.link) - lengthOf(b.link) || a.k - b.k);
  for (const { link } of order) {
    const [from, to, port] = [places.get(link.from), places.get(link.to), ports.get(link)];
    if (!from || !to || !port) continue;
    const foreign = all.filter((p) => p !== from && p !== to);
    const isFree = (path: Path): boolean =>
      !sample(path).some((p) => foreign.some((f) => isInside(p, f, clearance))) && !crowd.isTight(path);
    let best: { path: Path; cost: number } | undefined;
    const straight = line(port.start, port.end);
    // Between neighbouring rows nothing is in the way, and crossing is what a straight line does best.
    if ((Math.abs(from.row - to.row) === 1 || link.kind === 'head') && isFree(straight))
      best = { path: straight, cost: 0 };
    for (const { path, bend } of candidates(port, from, to)) {
      // Every candidate costs its bend at least: none that is left can be better.
      if (best && best.cost <= bend) break;
      if (used.has(key(path.start)) || used.has(key(endOf(path))) || !isFree(path)) continue;
      const cost = bend + 9 * crowd.crossings(path);
      if (!best || cost < best.cost) best = { path, cost };
    }
    settle(link, best?.path ?? throughGaps(port.start, port.end, rows, all, taken));
  }
  return routes;
}

const key = ({ x, y }: Point): string => `${Math.round(x)} ${Math.round(y)}`;

interface Candidate {
  readonly path: Path;
  /** How much worse than a straight line it looks. */
  readonly bend: number;
}

/** Straight, round a corner, round the outside, and bows to either side; best first. */
function candidates({ start, end }: Ports, from: Placed, to: Placed): Candidate[] {
  const length = distance(start, end);
  const normal = { x: (start.y - end.y) / length, y: (end.x - start.x) / length };
  const push = (p: Point, by: number): Point => ({ x: p.x + normal.x * by, y: p.y + normal.y * by });
  const down = end.y > start.y ? 1 : -1;
  const found: Candidate[] = [{ path: line(start, end), bend: 0 }];
  for (const [k, slot] of [8, 15, -8, -15].entries()) {
    for (const reach of [0.5, 0.75, 0.95]) {
      const out = { x: from.x + from.halfWidth, y: from.y + down * slot };
      const across = { x: out.x + Math.max(12, (end.x - out.x) * reach), y: out.y };
      const before = { x: end.x, y: end.y - (end.y - out.y) * reach };
      found.push({ path: curve(out, across, before, end), bend: 14 + 3 * k + 8 * reach });
      const into = { x: to.x - to.halfWidth, y: to.y - down * slot };
      const after = { x: start.x, y: start.y + (into.y - start.y) * reach };
      const along = { x: into.x - Math.max(12, (into.x - start.x) * reach), y: into.y };
      found.push({ path: curve(start, after, along, into), bend: 16 + 3 * k + 8 * reach });
    }
  }
  // Around the outside: out of the right side and into the right side, or out of the left and into the left.
  for (const side of [1, -1]) {
    for (const [k, slot] of [8, 15, 0].entries()) {
      for (const [n, landing] of [8, 15, 0].entries()) {
        const out = { x: from.x + side * from.halfWidth, y: from.y + down * slot * side };
        const into = { x: to.x + side * to.halfWidth, y: to.y - down * landing };
        for (const by of [24, 44, 68, 96]) {
          const x = (side > 0 ? Math.max(out.x, into.x) : Math.min(out.x, into.x)) + side * by;
          found.push({ path: curve(out, { x, y: out.y }, { x, y: into.y }, into), bend: 20 + 2 * (k + n) + by / 3 });
        }
      }
    }
  }
  for (const by of [18, -18, 30, -30, 46, -46, 68, -68, 95, -95, 130, -130]) {
    const path = curve(start, push(mix(start, end, 0.3), by), push(mix(start, end, 0.7), by), end);
    found.push({ path, bend: 8 + Math.abs(by) / 2.5 });
  }
  return found.sort((a, b) => a.bend - b.bend);
}

/** Vertically through a gap of each row between, in curves that stay between the rows. */
function throughGaps(
  start: Point,
  end: Point,
  rows: readonly Row[],
  places: readonly Placed[],
  taken: Map<number, number[]>,
): Path {
  const down = end.y > start.y;
  const between = rows
    .map(({ y }, row) => ({ y, row }))
    .filter(({ y }) => y > Math.min(start.y, end.y) + boxHalfHeight && y < Math.max(start.y, end.y) - boxHalfHeight)
    .sort((a, b) => (down ? a.y - b.y : b.y - a.y));
  const steps: Step[] = [];
  let from = start;
  const bend = (to: Point): void => {
    const half = (to.y - from.y) / 2;
    steps.push({
      via: [
        { x: from.x, y: from.y + half },
        { x: to.x, y: to.y - half },
      ],
      to,
    });
    from = to;
  };
  for (const { y, row } of between) {
    const wanted = start.x + ((end.x - start.x) * (y - start.y)) / (end.y - start.y);
    const x = freeAt(
      wanted,
      places.filter((p) => p.row === row),
      taken.get(row) ?? [],
    );
    taken.set(row, [...(taken.get(row) ?? []), x]);
    const side = down ? 1 : -1;
    bend({ x, y: y - side * (boxHalfHeight + clearance) });
    steps.push({ to: { x, y: y + side * (boxHalfHeight + clearance) } });
    from = { x, y: y + side * (boxHalfHeight + clearance) };
  }
  bend(end);
  return { start, steps };
}

/** The nearest x to the preferred one that is in no box of the row and on no path that goes through it already. */
function freeAt(wanted: number, boxes: readonly Placed[], taken: readonly number[]): number {
  const isFree = (x: number): boolean =>
    boxes.every((b) => Math.abs(x - b.x) >= b.halfWidth + clearance + 2) && taken.every((t) => Math.abs(t - x) >= 7);
  for (let off = 0; ; off += 2) {
    if (isFree(wanted + off)) return wanted + off;
    if (isFree(wanted - off)) return wanted - off;
  }
}
