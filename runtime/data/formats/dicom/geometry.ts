import { basename } from 'node:path';
import { UserError } from '../../../../compiler/user-error.js';
import { type Placed, turnLps } from '../placement.js';
import type { Slice } from './instance.js';

/** Millimetres by which slices may lie beside their place, and cosines by which they may be turned. */
const tolerance = 1e-3;
/** Positions are written with few digits: gaps may differ by a hundredth. */
const gapTolerance = 0.01;

/** Slices in their order, lowest along their normal first, and how the volume they make lies in space. */
export interface Stack {
  readonly slices: readonly Slice[];
  readonly placed: Partial<Placed>;
}

/**
 * Orders slices by where they lie, never by name or number, and checks that they make one regular grid: what would be
 * averaged, skipped or sheared without a word is refused, and the slice is named.
 *
 * @throws UserError when slices are missing, doubled, unevenly apart, turned differently, or sheared by a tilted gantry
 */
export function stackOf(path: string, slices: readonly Slice[]): Stack {
  const [first] = slices;
  if (!first) throw new Error('no slice');
  if (slices.length === 1) return { slices, placed: planeOf(first) };
  const { axes, spacing } = first;
  for (const slice of slices) {
    const { axes: a, spacing: s, position } = slice;
    if (!a || !s || !position || !axes || !spacing) {
      throw irregular(`${nameOf(slice)} does not say where it lies`, 'remove it, or export the series anew');
    }
    if (differ(a, axes) || differ(s, spacing)) {
      const what = differ(a, axes) ? 'turned' : 'spaced';
      throw irregular(
        `${nameOf(slice)} is ${what} otherwise than ${nameOf(first)}`,
        'keep one series of parallel slices in a folder: localizers and other series apart',
      );
    }
  }
  const normal = cross(axes!.slice(0, 3), axes!.slice(3));
  const height = (slice: Slice): number => dot(slice.position!, normal);
  const sorted = [...slices].sort((a, b) => height(a) - height(b));
  const gaps = sorted.slice(1).map((slice, k) => height(slice) - height(sorted[k]!));
  const usual = [...gaps].sort((a, b) => a - b)[Math.floor((gaps.length - 1) / 2)]!;
  for (const [k, gap] of gaps.entries()) {
    const [below, above] = [sorted[k]!, sorted[k + 1]!];
    const between = `between ${nameOf(below)} and ${nameOf(above)}`;
    if (gap < tolerance) {
      const hint = 'remove one of them: two series, two times or two echoes can not make one volume';
      throw irregular(`${nameOf(below)} and ${nameOf(above)} lie at the same place`, hint);
    }
    const millimetres = `${print(gap)} mm, where slices are ${print(usual)} mm apart`;
    if (Math.abs(gap - usual) <= gapTolerance * usual) continue;
    const missing = Math.round(gap / usual) - 1;
    if (missing >= 1 && Math.abs(gap / usual - missing - 1) < 0.1) {
      const count = missing === 1 ? 'a slice is' : `${missing} slices are`;
      throw irregular(`${count} missing ${between}: ${millimetres}`, 'add them, or cut the series before the gap');
    }
    throw irregular(`slices are not evenly apart: ${between} ${millimetres}`, 'resample the series to even slices');
  }
  const step = sorted.at(-1)!.position!.map((value, k) => (value - first0(sorted)[k]!) / gaps.length);
  const along = dot(step, normal);
  const sideways = Math.hypot(...step.map((value, k) => value - along * normal[k]!));
  if (sideways > tolerance * 10 * along) {
    const degrees = (Math.atan2(sideways, along) * 180) / Math.PI;
    throw irregular(
      `the slices are shifted against each other, as by a gantry tilted by ${degrees.toFixed(1)} degrees`,
      'correct the tilt (dcm2niix does) and use its NIfTI',
    );
  }
  const plane = planeOf(sorted[0]!);
  if (!plane.orientation || !plane.spacing) throw new Error('checked above');
  return {
    slices: sorted,
    placed: {
      spacing: [along, ...plane.spacing],
      orientation: {
        origin: plane.orientation.origin,
        directions: [turnLps(normal), ...plane.orientation.directions],
      },
    },
  };

  function irregular(message: string, hint: string): UserError {
    return new UserError('dicom-geometry', `${path}: ${message}`, hint);
  }
}

const first0 = (sorted: readonly Slice[]): readonly number[] => sorted[0]!.position!;

function planeOf({ position, axes, spacing }: Slice): Partial<Placed> {
  return {
    ...(spacing ? { spacing } : {}),
    ...(position && axes
      ? {
          orientation: {
            origin: turnLps(position),
            // A step to the next row goes down a column.
            directions: [turnLps(axes.slice(3)), turnLps(axes.slice(0, 3))],
          },
        }
      : {}),
  };
}

const nameOf = ({ path, frame }: Slice): string => basename(path) + (frame > 0 ? ` (frame ${frame + 1})` : '');
const print = (value: number): string => String(Number(value.toFixed(3)));
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, k) => sum + value * b[k]!, 0);
const differ = (a: readonly number[], b: readonly number[]): boolean =>
  a.some((value, k) => !(Math.abs(value - b[k]!) <= tolerance));
const cross = ([a = 0, b = 0, c = 0]: readonly number[], [x = 0, y = 0, z = 0]: readonly number[]): number[] => [
  b * z - c * y,
  c * x - a * z,
  a * y - b * x,
];
