import { distance, type Path, type Point, sample } from './geometry.js';

const cell = 8;
/** Lines nearer than this are hard to tell apart where they run side by side. */
const near = 4;
/** Sine of the angle from which lines are seen to cross, however near their points are. */
const crossing = 0.25;
/** So far from its ends a path may be near others, which end there too. */
const ends = 22;
/** So far two paths may run side by side. */
const longest = 16;

interface Spot extends Point {
  /** Of the path there; of length 1. */
  readonly direction: Point;
  readonly path: number;
}

/** The paths drawn so far, to find out whether another would lie on one of them. */
export class Crowd {
  readonly #spots = new Map<string, Spot[]>();
  #count = 0;

  add(path: Path): void {
    for (const p of spotsOf(path, this.#count)) {
      const key = keyOf(p, 0, 0);
      const there = this.#spots.get(key);
      if (there) there.push(p);
      else this.#spots.set(key, [p]);
    }
    this.#count++;
  }

  /** Whether the path runs beside one of the others for longer than a crossing takes. */
  isTight(path: Path): boolean {
    const runs = new Map<number, number>();
    for (const p of spotsOf(path, -1)) {
      const beside = new Set<number>();
      for (const q of this.#around(p)) {
        const sine = Math.abs(p.direction.x * q.direction.y - p.direction.y * q.direction.x);
        if (sine < crossing) beside.add(q.path);
      }
      for (const other of runs.keys()) if (!beside.has(other)) runs.delete(other);
      for (const other of beside) {
        const run = (runs.get(other) ?? 0) + step;
        if (run > longest) return true;
        runs.set(other, run);
      }
    }
    return false;
  }

  /** How many paths it crosses. */
  crossings(path: Path): number {
    const met = new Set<number>();
    for (const p of spotsOf(path, -1)) for (const q of this.#around(p)) met.add(q.path);
    return met.size;
  }

  #around(p: Point): Spot[] {
    const found: Spot[] = [];
    for (let dx = -1; dx <= 1; dx++) {
      for (let dy = -1; dy <= 1; dy++) {
        for (const q of this.#spots.get(keyOf(p, dx, dy)) ?? []) if (distance(p, q) < near) found.push(q);
      }
    }
    return found;
  }
}

/** Between samples. */
const step = 3;

const keyOf = (p: Point, dx: number, dy: number): string =>
  `${Math.floor(p.x / cell) + dx} ${Math.floor(p.y / cell) + dy}`;

function spotsOf(path: Path, index: number): Spot[] {
  const points = sample(path, step);
  const [first, last] = [points[0] as Point, points.at(-1) as Point];
  return points.flatMap((p, k) => {
    if (distance(p, first) <= ends || distance(p, last) <= ends) return [];
    const [a, b] = [points[k - 1] as Point, points[k + 1] as Point];
    const length = distance(a, b) || 1;
    return [{ ...p, direction: { x: (b.x - a.x) / length, y: (b.y - a.y) / length }, path: index }];
  });
}
