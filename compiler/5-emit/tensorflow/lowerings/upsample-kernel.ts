import { listAttr } from '../../../ops/attrs.js';
import type { Lowering, LoweringContext } from '../lowering.js';
import type { TfTensor } from '../node.js';
import { total } from './elementwise.js';

/** The taps of a filter backwards, and its channels in and out, the last two axes, exchanged. */
function turned({ b }: LoweringContext, filter: TfTensor, rank: number): TfTensor {
  const taps = Array.from({ length: rank }, (_, i) => i);
  const exchanged = b.transpose(filter, [...taps, rank + 1, rank]);
  return b.op('ReverseV2', [exchanged, b.ints(taps)], { Tidx: { type: 'int32' } });
}

/** Along one dimension after another, a sum of one copy for each of the scale. */
function boxed(
  to: LoweringContext,
  x: TfTensor,
  copy: (x: TfTensor, axis: number, step: number, scale: number) => TfTensor,
) {
  return listAttr(to.attrs, 'scale').reduce((sum, scale, axis) => {
    if (scale === 1) return sum;
    const copies = Array.from({ length: scale }, (_, step) => copy(sum, axis, step, scale));
    return total(to, copies);
  }, x);
}

/** As many copies as the scale, each moved by one more, summed. */
export const upsampleKernel: Lowering = (to) => {
  const { b } = to;
  const rank = to.spatialRank();
  return boxed(to, turned(to, to.input(0), rank), (x, axis, step, scale) => {
    const sides = Array.from({ length: rank + 2 }, (_, k) => (k === axis ? [step, scale - 1 - step] : [0, 0]));
    return b.op('PadV2', [x, b.reshape(b.ints(sides.flat()), [rank + 2, 2]), b.float(0)], {
      Tpaddings: { type: 'int32' },
    });
  });
};

export const upsampleKernelGrad: Lowering = (to) => {
  const { b } = to;
  const rank = to.spatialRank();
  const sizes = to.knownShape(to.output());
  const summed = boxed(to, to.input(0), (x, axis, step) => {
    const begin = Array.from({ length: rank + 2 }, (_, k) => (k === axis ? step : 0));
    const size = Array.from({ length: rank + 2 }, (_, k) => (k === axis ? (sizes[axis] as number) : -1));
    return b.op('Slice', [x, b.ints(begin), b.ints(size)], { Index: { type: 'int32' } });
  });
  return turned(to, summed, rank);
};
