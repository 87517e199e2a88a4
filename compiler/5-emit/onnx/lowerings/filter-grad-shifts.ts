import type { Window } from '../../../ops/spatial.js';
import { type LoweringContext, product } from '../lowering.js';
import { indices } from './filter-grad.js';
import { zeros } from './zeros.js';

/**
 * The filter gradient of a convolution with stride 1, as one matrix product of long rows.
 *
 * Lay the positions of x and dy on one grid whose rows end in zeros, and read it as a flat row. A tap then is one distance
 * between x and dy, whatever the position: dw[o, c, tap] = sum over l of dy[o, l] * x[c, l + distance(tap)]. So a stack
 * of copies of x, each placed at another distance, times dy, is the whole gradient. Copies are contiguous and one Concat
 * makes all of them, which is what makes it fast: slices of a padded image, the usual way, cost more than the product.
 *
 * Which side is copied is free for each spatial dimension. Copies of dy for the rows of a 3x3 kernel and of x for its
 * columns need 3 (C + O) rows, copies of dy alone 9 O + C: the smallest wins (bench/onnx-lowerings.mjs).
 *
 * Small images (up to `foldBelow` positions) would make short rows and many products, so there the whole batch is one row.
 */
export const canShift = ({ kernel, stride, dilation, begin, end }: Window): boolean =>
  kernel.every((k, i) => {
    const reach = (dilation[i] as number) * (k - 1);
    return stride[i] === 1 && (begin[i] as number) <= reach && (end[i] as number) <= reach;
  });

const foldBelow = 1024;

/** Where copies lie: the flat row of every operand has `length` elements, of which `grid` hold an operand's own. */
interface Layout {
  /** Positions along each spatial dimension, its zeros included. */
  readonly dims: readonly number[];
  /** Elements of one operand before it is placed: the whole grid, times the batch where that is folded. */
  readonly grid: number;
  readonly length: number;
}

export function byFlatShifts(to: LoweringContext, shape: readonly number[], window: Window): string {
  const { model } = to;
  const [n, channels, ...space] = to.shape(0) as [number, number, ...number[]];
  const [, outChannels, ...out] = to.shape(1) as [number, number, ...number[]];
  const { kernel, dilation, begin, end } = window;
  const folded = n > 1 && product(space) <= foldBelow;
  const onX = copiedOnX(kernel, channels, outChannels, folded);

  const dims = space.map((s, i) =>
    i === 0 && !folded ? Math.max(s, out[0] as number) : s + Math.max(begin[i] as number, end[i] as number),
  );
  const strides = dims.map((_, i) => product(dims.slice(i + 1)));
  const along = (tap: readonly number[], side: boolean): number =>
    tap.reduce((sum, t, i) => (onX[i] === side ? sum + t * (dilation[i] as number) * (strides[i] as number) : sum), 0);
  const last = kernel.map((k) => k - 1);
  // Element l of x meets element l of dy: at tap t, x must lie sum (begin - t dilation) strides further than dy.
  const lead = begin.reduce((sum, b, i) => sum + b * (strides[i] as number), 0) - along(last, true);
  const [firstX, firstDy] = [Math.max(0, lead), Math.max(0, -lead)];
  const taps = (side: boolean) => indices(kernel.map((k, i) => (onX[i] === side ? k : 1)));
  const placesX = taps(true).map((t) => firstX + along(last, true) - along(t, true));
  const placesDy = taps(false).map((t) => firstDy + along(t, false));

  const grid = product(dims) * (folded ? n : 1);
  const layout = { dims, grid, length: grid + Math.max(...placesX, ...placesDy) };
  const x = copies(to, to.input(0), [n, channels, ...space], placesX, layout, folded);
  const dy = copies(to, to.input(1), [n, outChannels, ...out], placesDy, layout, folded);

  // The side with more rows on the left: engines split the work over its rows, and repack the right one.
  const xLeft = channels * placesX.length > outChannels * placesDy.length;
  const across = { perm: folded ? [1, 0] : [0, 2, 1] };
  const [left, right] = xLeft ? [x, dy] : [dy, x];
  const each = model.node('MatMul', [left, model.node('Transpose', [right], across)]);
  const sum = folded || n === 1 ? each : model.node('ReduceSum', [each, model.ints([0])], { keepdims: 0 });
  return toWeights(to, sum, shape, onX, xLeft);
}

/** For each spatial dimension, whether its taps are copies of x rather than of dy: whatever makes the fewest rows. */
function copiedOnX(kernel: readonly number[], channels: number, outChannels: number, folded: boolean): boolean[] {
  const sides = indices(kernel.map(() => 2)).map((choice) => choice.map((c) => c === 1));
  const rows = (onX: readonly boolean[]): number =>
    channels * product(kernel.filter((_, i) => onX[i])) + outChannels * product(kernel.filter((_, i) => !onX[i]));
  // In deep, small layers a mixture costs more to bring into the weights' order than it saves.
  const pure = (onX: readonly boolean[]) => onX.every((side) => side === onX[0]);
  return sides.filter((onX) => !folded || pure(onX)).reduce((best, onX) => (rows(onX) < rows(best) ? onX : best));
}

/** Rows [.., channels * places, length]: a copy of an operand, on the grid, at each of the places. */
function copies(
  to: LoweringContext,
  operand: string,
  shape: readonly [number, number, ...number[]],
  places: readonly number[],
  layout: Layout,
  folded: boolean,
): string {
  const { model } = to;
  const [n, channels, ...space] = shape;
  const swapped = folded
    ? model.node('Transpose', [operand], { perm: [1, 0, ...space.map((_, i) => i + 2)] })
    : operand;
  const after = layout.dims.map((d, i) => d - (space[i] as number));
  const none = shape.map(() => 0);
  const padded = after.some((p) => p > 0)
    ? model.node('Pad', [swapped, model.ints([...none, 0, 0, ...after])])
    : swapped;
  const heads = folded ? [channels] : [n, channels];
  const row = model.node('Reshape', [padded, model.ints([...heads, layout.grid])]);
  const parts: string[] = [];
  let at = 0;
  const fill = (until: number): void => {
    if (until > at) parts.push(zeros(model, [...heads, until - at]));
    at = until;
  };
  places.forEach((place, k) => {
    fill(k * layout.length + place);
    parts.push(row);
    at += layout.grid;
  });
  fill(places.length * layout.length);
  const joined = parts.length === 1 ? row : model.node('Concat', parts, { axis: heads.length });
  if (places.length === 1) return joined;
  const rows = channels * places.length;
  return model.node('Reshape', [joined, model.ints(folded ? [rows, layout.length] : [n, rows, layout.length])]);
}

/** [O, taps of dy, C, taps of x], or with the sides exchanged, into [O, C, ...kernel]. */
function toWeights(
  to: LoweringContext,
  products: string,
  shape: readonly number[],
  onX: readonly boolean[],
  xLeft: boolean,
): string {
  const { model } = to;
  const [outChannels, channels, ...kernel] = shape as [number, number, ...number[]];
  const dims = (side: boolean) => kernel.flatMap((_, i) => (onX[i] === side ? [i] : []));
  const sizes = (side: boolean) => dims(side).map((i) => kernel[i] as number);
  const names = xLeft ? ['C', ...dims(true), 'O', ...dims(false)] : ['O', ...dims(false), 'C', ...dims(true)];
  const box = xLeft
    ? [channels, ...sizes(true), outChannels, ...sizes(false)]
    : [outChannels, ...sizes(false), channels, ...sizes(true)];
  const perm = ['O', 'C', ...kernel.keys()].map((name) => names.indexOf(name));
  if (perm.every((from, i) => from === i)) return model.node('Reshape', [products, model.ints(shape)]);
  return model.node('Transpose', [model.node('Reshape', [products, model.ints(box)])], { perm });
}
