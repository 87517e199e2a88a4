import { known } from '../../../ir/dim.js';
import type { Value } from '../../../ir/graph.js';
import { listAttr } from '../../../ops/attrs.js';
import type { Lowering, LoweringContext } from '../lowering.js';

/** The taps of a kernel backwards, and its two channel axes exchanged. */
function turned({ model }: LoweringContext, kernel: string, rank: number): string {
  const axes = Array.from({ length: rank }, (_, i) => i + 2);
  const exchanged = model.node('Transpose', [kernel], { perm: [1, 0, ...axes] });
  const last = model.ints(axes.map(() => -1));
  const beforeFirst = model.ints(axes.map(() => Number.MIN_SAFE_INTEGER));
  return model.node('Slice', [exchanged, last, beforeFirst, model.ints(axes), last]);
}

/** Along one dimension after another, a sum of one copy for each of the scale. */
function boxed(to: LoweringContext, x: string, copy: (x: string, axis: number, step: number, scale: number) => string) {
  return listAttr(to.attrs, 'scale').reduce((sum, scale, i) => {
    if (scale === 1) return sum;
    return to.model.node(
      'Sum',
      Array.from({ length: scale }, (_, step) => copy(sum, i + 2, step, scale)),
    );
  }, x);
}

/** As many copies as the scale, each moved by one more, summed. */
export const upsampleKernel: Lowering = (to) => {
  const rank = to.spatialRank();
  return boxed(to, turned(to, to.input(0), rank), (x, axis, step, scale) => {
    const pads = new Array<number>(2 * (rank + 2)).fill(0);
    pads[axis] = step;
    pads[axis + rank + 2] = scale - 1 - step;
    return to.model.node('Pad', [x, to.model.ints(pads)]);
  });
};

export const upsampleKernelGrad: Lowering = (to) => {
  const sizes = (to.node.outputs[0] as Value).type.shape.map(known);
  const { model } = to;
  const summed = boxed(to, to.input(0), (x, axis, step) =>
    model.node('Slice', [x, model.ints([step]), model.ints([step + (sizes[axis] as number)]), model.ints([axis])]),
  );
  return turned(to, summed, to.spatialRank());
};
