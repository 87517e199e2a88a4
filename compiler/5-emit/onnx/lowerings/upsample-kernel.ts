import { known } from '../../../ir/dim.js';
import type { Value } from '../../../ir/graph.js';
import { listAttr } from '../../../ops/attrs.js';
import { indices, product } from '../../shared.js';
import type { Lowering, LoweringContext } from '../lowering.js';

/*
 * Kernels are small and many. As copies, moved and summed, each was forty operators of which engines run most on one thread; as
 * one matrix product with zeros and ones it is as exact, and a few times faster.
 */

/** [taps, taps of the summed kernel]: whether tap t is summed in u, which is where k-1-u <= t < k-1-u+s along every dimension. */
function summed(
  { model }: LoweringContext,
  kernel: readonly number[],
  scale: readonly number[],
  adjoint: boolean,
): string {
  const meets = (t: readonly number[], u: readonly number[]): boolean =>
    kernel.every((k, i) => {
      const moved = (t[i] as number) - (k - 1 - (u[i] as number));
      return moved >= 0 && moved < (scale[i] as number);
    });
  const [from, to] = [indices(kernel), indices(kernel.map((k, i) => k + (scale[i] as number) - 1))];
  const one = (t: readonly number[], u: readonly number[]): number => (meets(t, u) ? 1 : 0);
  if (adjoint)
    return model.floats(
      to.flatMap((u) => from.map((t) => one(t, u))),
      [to.length, from.length],
    );
  return model.floats(
    from.flatMap((t) => to.map((u) => one(t, u))),
    [from.length, to.length],
  );
}

/** [A, B, ...kernel] times the matrix, as [B, A, ...sizes]. */
function multiplied(to: LoweringContext, matrix: string): string {
  const { model } = to;
  const [a, b, ...kernel] = to.shape(0) as [number, number, ...number[]];
  const listed = model.node('Reshape', [to.input(0), model.ints([a, b, product(kernel)])]);
  const moved = model.node('Transpose', [model.node('MatMul', [listed, matrix])], { perm: [1, 0, 2] });
  return model.node('Reshape', [moved, model.ints((to.node.outputs[0] as Value).type.shape.map(known))]);
}

/** [O, I, ...k] -> [I, O, ...(k + s - 1)]. */
export const upsampleKernel: Lowering = (to) =>
  multiplied(to, summed(to, to.shape(0).slice(2), listAttr(to.attrs, 'scale'), false));

/** [I, O, ...(k + s - 1)] -> [O, I, ...k]. */
export const upsampleKernelGrad: Lowering = (to) => {
  const kernel = (to.node.outputs[0] as Value).type.shape.slice(2).map(known);
  return multiplied(to, summed(to, kernel, listAttr(to.attrs, 'scale'), true));
};
