import { isNumber } from '../../../ir/dim.js';
import type { LoweringContext } from '../lowering.js';

/** A size: a number where it is known, else the name of a vector of one int64, read from a tensor when the model runs. */
export type Size = number | string;

/** The sizes of input 0. */
export function sizesOf(to: LoweringContext): Size[] {
  const { model } = to;
  let shape: string | undefined;
  return to.value(0).type.shape.map((d, i) => {
    if (isNumber(d)) return d.offset;
    shape ??= model.node('Shape', [to.input(0)]);
    return model.node('Slice', [shape, model.ints([i]), model.ints([i + 1])]);
  });
}

export const larger = (to: LoweringContext, size: Size, factor: number): Size =>
  typeof size === 'number' ? size * factor : to.model.node('Mul', [size, to.model.ints([factor])]);

export const smaller = (to: LoweringContext, size: Size, factor: number): Size =>
  typeof size === 'number' ? size / factor : to.model.node('Div', [size, to.model.ints([factor])]);

/** The elements of `x` in a shape of these sizes. */
export function reshaped(to: LoweringContext, x: string, sizes: readonly Size[]): string {
  const { model } = to;
  const numbers = sizes.filter((s) => typeof s === 'number');
  const shape =
    numbers.length === sizes.length
      ? model.ints(numbers)
      : model.node(
          'Concat',
          sizes.map((s) => (typeof s === 'number' ? model.ints([s]) : s)),
          { axis: 0 },
        );
  return model.node('Reshape', [x, shape]);
}
