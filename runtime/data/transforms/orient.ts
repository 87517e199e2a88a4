import { type Grid, type Orientation, type SampleArray, samplesLike, volumeOf } from '../image.js';

/** Axes permuted and mirrored: exact, and without loss. */
export interface Orient {
  readonly kind: 'orient';
  /** Axis k of the result is axis `axes[k]` of what goes in. */
  readonly axes: readonly number[];
  /** Whether axis k of the result runs the other way. */
  readonly flip: readonly boolean[];
}

/**
 * What brings a volume into the one orientation that this program works in: axes from slowest to fastest towards the head,
 * the front and the right (S, A, R; NIfTI's RAS+ with the fastest axis last). The grid stays as it is, so oblique volumes
 * stay oblique: each axis goes to the direction it is closest to. Pictures, and volumes that do not say how they lie,
 * stay as they are.
 */
export function canonical({ shape, orientation }: Pick<Grid, 'shape' | 'orientation'>): Orient {
  const rank = shape.length;
  const axes = shape.map((_, k) => k);
  const flip = shape.map(() => false);
  if (rank !== 3 || !orientation) return { kind: 'orient', axes, flip };
  const { directions } = orientation;
  // The clearest axis chooses first, as in nibabel's io_orientation.
  const cells = axes.flatMap((axis) =>
    [0, 1, 2].map((world) => ({ axis, world, size: Math.abs(directions[axis]![world]!) })),
  );
  cells.sort((a, b) => b.size - a.size || a.axis - b.axis || a.world - b.world);
  const worldOf = new Map<number, number>();
  for (const { axis, world } of cells) {
    if (!worldOf.has(axis) && ![...worldOf.values()].includes(world)) worldOf.set(axis, world);
  }
  for (const [axis, world] of worldOf) {
    // z is the slowest.
    axes[2 - world] = axis;
    flip[2 - world] = directions[axis]![world]! < 0;
  }
  return { kind: 'orient', axes, flip };
}

export function invertOrient({ axes, flip }: Orient): Orient {
  const back = axes.map((_, axis) => axes.indexOf(axis));
  return { kind: 'orient', axes: back, flip: back.map((k) => flip[k]!) };
}

export function applyOrient<T extends SampleArray>(grid: Grid<T>, { axes, flip }: Orient): Grid<T> {
  const { channels, shape, data, spacing, orientation } = grid;
  const strides = shape.map((_, k) => volumeOf(shape.slice(k + 1)));
  const lengths = axes.map((axis) => shape[axis]!);
  const steps = axes.map((axis, k) => (flip[k] ? -strides[axis]! : strides[axis]!));
  const first = axes.reduce((at, axis, k) => at + (flip[k] ? (shape[axis]! - 1) * strides[axis]! : 0), 0);
  const volume = volumeOf(shape);
  const out = samplesLike(data, data.length);
  let to = 0;
  const walk = (axis: number, from: number): void => {
    const length = lengths[axis]!;
    const step = steps[axis]!;
    if (axis === lengths.length - 1) for (let i = 0, at = from; i < length; i++, at += step) out[to++] = data[at]!;
    else for (let i = 0, at = from; i < length; i++, at += step) walk(axis + 1, at);
  };
  for (let c = 0; c < channels; c++) walk(0, c * volume + first);
  return {
    channels,
    shape: lengths,
    data: out,
    ...(spacing ? { spacing: axes.map((axis) => spacing[axis]!) } : {}),
    ...(orientation ? { orientation: turned(orientation, shape, spacing, axes, flip) } : {}),
  };
}

function turned(
  { origin, directions }: Orientation,
  shape: readonly number[],
  spacing: readonly number[] | undefined,
  axes: readonly number[],
  flip: readonly boolean[],
): Orientation {
  const start = [...origin];
  for (const [k, axis] of axes.entries()) {
    if (!flip[k]) continue;
    const length = (shape[axis]! - 1) * (spacing?.[axis] ?? 1);
    for (let w = 0; w < 3; w++) start[w] = start[w]! + length * directions[axis]![w]!;
  }
  return {
    origin: start,
    directions: axes.map((axis, k) => directions[axis]!.map((value) => (flip[k] ? 0 - value : value))),
  };
}
