import type { Window } from '../../../ops/spatial.js';
import { indices, product } from '../../shared.js';
import type { LoweringContext } from '../lowering.js';
import { zeros } from './zeros.js';

/*
 * The filter gradient of a convolution with stride 1, as one matrix product of long rows.
 *
 * Lay the positions of x and dy on one grid whose rows end in zeros, and read it as a flat row. A tap then is one distance
 * between x and dy, whatever the position: dw[o, c, tap] = sum over l of dy[o, l] * x[c, l + distance(tap)]. So a stack
 * of copies of x, each placed at another distance, times dy, is the whole gradient. Copies are contiguous and one Concat
 * makes all of them, which is what makes it fast: slices of a padded image, the usual way, cost more than the product.
 *
 * Which side is copied is free for each spatial dimension. Copies of dy for the rows of a 3x3 kernel and of x for its
 * columns need 3 (C + O) rows, copies of dy alone 9 O + C: the fewest win (bench/onnx-lowerings.mjs).
 *
 * Small images (up to `foldBelow` positions) would make short rows and many products, so there the whole batch is one row.
 */

/** Whether a window has stride 1 and padding that its kernel reaches across. */
export const canShift = ({ kernel, stride, dilation, begin, end }: Window): boolean =>
  kernel.every((k, i) => {
    const reach = (dilation[i] as number) * (k - 1);
    return stride[i] === 1 && (begin[i] as number) <= reach && (end[i] as number) <= reach;
  });

/** Positions up to which the whole batch is one row. */
const foldBelow = 1024;

/** Which of the equal ways to lay the product out. */
export interface Arrangement {
  /** For each spatial dimension, whether its taps are copies of x rather than of dy. */
  readonly onX: readonly boolean[];
  /** Whether all images make one row, rather than a row each. */
  readonly folded: boolean;
}

/** The arrangement with the fewest rows to copy; measured to be the fastest, or within a tenth of it. */
export function arrangement(x: readonly number[], outChannels: number, kernel: readonly number[]): Arrangement {
  const [n, channels, ...space] = x as [number, number, ...number[]];
  const folded = n > 1 && product(space) <= foldBelow;
  const rows = (onX: readonly boolean[]): number =>
    channels * product(kernel.filter((_, i) => onX[i])) + outChannels * product(kernel.filter((_, i) => !onX[i]));
  // In deep, small layers a mixture costs more to bring into the weights' order than it saves.
  const pure = (onX: readonly boolean[]) => onX.every((side) => side === onX[0]);
  const onX = indices(kernel.map(() => 2))
    .map((choice) => choice.map((c) => c === 1))
    .filter((choice) => !folded || pure(choice))
    .reduce((best, choice) => (rows(choice) < rows(best) ? choice : best));
  return { onX, folded };
}

/** Where copies lie: the flat row of every operand has `length` elements, of which `grid` hold an operand's own. */
interface Layout {
  /** Positions along each spatial dimension, its zeros included. */
  readonly dims: readonly number[];
  /** Elements of one operand before it is placed: the whole grid, times the batch where that is folded. */
  readonly grid: number;
  readonly length: number;
}

/** (x, dy) -> dw of `shape`, in the given arrangement; `canShift` must hold. */
export function byFlatShifts(
  to: LoweringContext,
  shape: readonly number[],
  window: Window,
  { onX, folded }: Arrangement,
): string {
  const { model } = to;
  const [n, channels, ...space] = to.shape(0) as [number, number, ...number[]];
  const [, outChannels, ...out] = to.shape(1) as [number, number, ...number[]];
  const { kernel, dilation, begin, end } = window;
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

  const alone = !folded && (placesX.length === 1 || placesDy.length === 1);
  const grid = product(dims) * (folded ? n : 1);
  const reach = grid + Math.max(...placesX, ...placesDy);
  // An operand without copies is placed by padding alone, which adds whole rows.
  const length = alone ? Math.ceil(reach / (strides[0] as number)) * (strides[0] as number) : reach;
  const layout = { dims, grid, length };
  const row = (operand: string, size: readonly [number, number, ...number[]], places: number[], before: number[]) =>
    alone && places.length === 1
      ? padded(to, operand, size, before, layout)
      : copies(to, operand, size, places, layout, folded);
  const x = row(to.input(0), [n, channels, ...space], placesX, [...begin]);
  const dy = row(
    to.input(1),
    [n, outChannels, ...out],
    placesDy,
    begin.map((b, i) => (last[i] as number) * (dilation[i] as number) - b),
  );

  // The side with more rows on the left: engines split the work over its rows, and repack the right one.
  const xLeft = channels * placesX.length > outChannels * placesDy.length;
  const across = { perm: folded ? [1, 0] : [0, 2, 1] };
  const [left, right] = xLeft ? [x, dy] : [dy, x];
  const each = model.node('MatMul', [left, model.node('Transpose', [right], across)]);
  const sum = folded || n === 1 ? each : model.node('ReduceSum', [each, model.ints([0])], { keepdims: 0 });
  return toWeights(to, sum, shape, onX, xLeft);
}

/** Row [N, channels, length] of an operand that starts `before` positions into each dimension. */
function padded(
  { model }: LoweringContext,
  operand: string,
  [n, channels, ...space]: readonly [number, number, ...number[]],
  before: readonly number[],
  { dims, length }: Layout,
): string {
  const whole = dims.with(0, length / product(dims.slice(1)));
  const after = whole.map((d, i) => d - (space[i] as number) - (before[i] as number));
  const filled = [...before, ...after].some((p) => p > 0)
    ? model.node('Pad', [operand, model.ints([0, 0, ...before, 0, 0, ...after])])
    : operand;
  return model.node('Reshape', [filled, model.ints([n, channels, length])]);
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
