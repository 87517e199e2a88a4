import type { Orientation } from '../image.js';

/** Spacing and orientation of a grid, axes slowest first. */
export interface Placed {
  readonly spacing: readonly number[];
  readonly orientation: Orientation;
}

/**
 * Takes an affine matrix apart.
 * @param matrix three rows [x, y, z] of [axis 0 .. axis n-1, origin] in RAS+ millimetres, axes fastest first as in NIfTI
 * @returns null where a column is 0 or not finite
 */
export function placedBy(matrix: readonly (readonly number[])[], rank: number): Placed | null {
  const spacing: number[] = [];
  const directions: number[][] = [];
  for (let axis = rank - 1; axis >= 0; axis--) {
    const column = [0, 1, 2].map((row) => matrix[row]?.[axis] ?? 0);
    const length = Math.hypot(...column);
    if (!(length > 0 && Number.isFinite(length))) return null;
    spacing.push(length);
    directions.push(column.map((value) => value / length));
  }
  const origin = [0, 1, 2].map((row) => matrix[row]?.[3] ?? 0);
  if (!origin.every(Number.isFinite)) return null;
  return { spacing, orientation: { origin, directions } };
}

/** A point or direction of DICOM's and ITK's space in this program's, or back: x and y are counted the other way. */
export const turnLps = (vector: readonly number[]): number[] =>
  // Not `-0`, which prints and compares unlike 0.
  vector.map((value, axis) => (axis < 2 ? 0 - value : value));

/** `sform` and the like, printed: the four columns of each row. */
export const printMatrix = (matrix: readonly (readonly number[])[]): string =>
  matrix
    .slice(0, 3)
    .map((row) => `[${row.map((value) => Number(value.toFixed(4))).join(', ')}]`)
    .join(' ');
