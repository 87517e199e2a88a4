import { product } from '../../shared.js';
import type { LoweringContext } from '../lowering.js';

/** `matrix[o][i]`: what output element o takes of input element i along one dimension. */
export type Matrix = readonly (readonly number[])[];

/**
 * The adjoint of a linear operator that acts along each spatial dimension on its own: multiplies `dy` of `shape`
 * [N, C, ...out] by each dimension's transposed matrix, giving [N, C, ...in].
 */
export function separable(
  to: LoweringContext,
  dy: string,
  shape: readonly number[],
  matrices: readonly Matrix[],
): string {
  const { model } = to;
  const now = [...shape];
  let value = dy;
  matrices.forEach((matrix, k) => {
    const axis = k + 2;
    const [rows, columns] = [matrix.length, matrix[0]?.length ?? 0];
    if (axis === now.length - 1) {
      const weights = model.floats(matrix.flat(), [rows, columns]);
      value = model.node('MatMul', [value, weights]);
      now[axis] = columns;
      return;
    }
    const transposed = Array.from({ length: columns }, (_, i) => matrix.map((row) => row[i] as number));
    const weights = model.floats(transposed.flat(), [columns, rows]);
    const rest = now.slice(axis + 1);
    const stacked = model.node('Reshape', [value, model.ints([product(now.slice(0, axis)), rows, product(rest)])]);
    now[axis] = columns;
    value = model.node('Reshape', [model.node('MatMul', [weights, stacked]), model.ints(now)]);
  });
  return value;
}
