/** Points in user units of the drawing, x to the right, y down. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A rectangle by its centre. */
export interface Frame {
  readonly x: number;
  readonly y: number;
  readonly halfWidth: number;
  readonly halfHeight: number;
}

/** A path of straight lines and cubic curves; `via` are the controls of a curve. */
export interface Path {
  readonly start: Point;
  readonly steps: readonly Step[];
}

export interface Step {
  readonly via?: readonly [Point, Point];
  readonly to: Point;
}

export const line = (start: Point, ...to: readonly Point[]): Path => ({ start, steps: to.map((p) => ({ to: p })) });

export const curve = (start: Point, a: Point, b: Point, to: Point): Path => ({ start, steps: [{ via: [a, b], to }] });

export const endOf = (path: Path): Point => path.steps.at(-1)?.to ?? path.start;

/** Where the path comes from just before its end: its arrow head points from there. */
export function beforeEnd(path: Path): Point {
  const last = path.steps.at(-1);
  return last?.via?.[1] ?? path.steps.at(-2)?.to ?? path.start;
}

/** Points along a path, its ends included, about `apart` from each other. */
export function sample(path: Path, apart = 4): Point[] {
  const points: Point[] = [path.start];
  let from = path.start;
  for (const { via, to } of path.steps) {
    const [a, b] = via ?? [mix(from, to, 1 / 3), mix(from, to, 2 / 3)];
    const length = distance(from, a) + distance(a, b) + distance(b, to);
    const count = Math.max(1, Math.ceil(length / apart));
    for (let k = 1; k <= count; k++) points.push(at(from, a, b, to, k / count));
    from = to;
  }
  return points;
}

const at = (p: Point, a: Point, b: Point, q: Point, t: number): Point => {
  const u = 1 - t;
  const weigh = (d: 'x' | 'y'): number =>
    u * u * u * p[d] + 3 * u * u * t * a[d] + 3 * u * t * t * b[d] + t * t * t * q[d];
  return { x: weigh('x'), y: weigh('y') };
};

export const mix = (p: Point, q: Point, t: number): Point => ({ x: p.x + (q.x - p.x) * t, y: p.y + (q.y - p.y) * t });

export const distance = (p: Point, q: Point): number => Math.hypot(p.x - q.x, p.y - q.y);

/** Inside the frame, or nearer to it than `margin`. */
export const isInside = (p: Point, frame: Frame, margin = 0): boolean =>
  Math.abs(p.x - frame.x) < frame.halfWidth + margin && Math.abs(p.y - frame.y) < frame.halfHeight + margin;

/** The point half way along a path. */
export function middle(path: Path): Point {
  const points = sample(path, 2);
  return points[Math.floor(points.length / 2)] ?? path.start;
}
