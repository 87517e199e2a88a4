import type { Window } from '../../../ops/spatial.js';
import { product } from '../../shared.js';
import type { LoweringContext } from '../lowering.js';

/*
 * The filter gradient of a convolution, itself as one convolution: its batch is what channels were, and its filters are the other
 * operand, as large as an image. What makes it fast is where the channels of the image lie: innermost, so that the last
 * dimension is (position, channel) as one, along which a step to the next position is a dilation of as many elements as there are channels:
 *
 *   out[f, tap, c] = sum over position p of filter[f, p] * image[(p * stride + tap) * channels + c]
 *
 * The engine gathers, within its cache and on every thread, runs of taps times channels; nothing shifted is ever written. A stride of the
 * forward convolution is a dilation here, and the other way round. Against a product of shifted copies (filter-grad-shifts.ts): bench/onnx-lowerings.mjs.
 */

/** Which of the equal ways to write it. */
export interface Exchange {
  /** The operand whose channels become part of the positions; the other one is the filters. */
  readonly image: 'x' | 'dy';
  /** Whether each sample is a group with products of its own, summed afterwards, rather than a channel. */
  readonly grouped: boolean;
}

/**
 * The way for these shapes, or null where there is none. The filters are the operand with more channels, x where they have as many: the engine reads what it gathered once
 * for each of a dozen rows of them. More filters than products a row would make it write out all it gathers.
 * Samples are groups where the products are smaller than the operand that would else be transposed.
 */
export function exchange(x: readonly number[], dy: readonly number[], window: Window): Exchange | null {
  const { kernel, stride, dilation, begin } = window;
  const [n, channels] = x as [number, number];
  const outChannels = dy[1] as number;
  const taps = product(kernel);
  // Three dimensions are what the engine's fast path takes; a single tap is a matrix product as it is.
  if (taps === 1 || (kernel.length > 2 && dilation.at(-1) !== 1)) return null;
  const ways = [{ image: 'x', of: channels, filters: outChannels, positions: product(dy.slice(2)) }];
  const turned = kernel.every((k, i) => stride[i] === 1 && (begin[i] as number) <= (dilation[i] as number) * (k - 1));
  if (turned) ways.push({ image: 'dy', of: outChannels, filters: channels, positions: product(x.slice(2)) });
  const best = ways
    .filter(({ of, filters }) => filters <= taps * of)
    .reduce<(typeof ways)[number] | null>((most, way) => (most && most.filters > way.filters ? most : way), null);
  if (!best) return null;
  return { image: best.image as Exchange['image'], grouped: n > 1 && taps * best.of <= best.positions };
}

/** (x, dy) -> dw of `shape`; for `dy` as the image the stride must be 1 and padding at most the kernel's reach. */
export function byExchange(
  to: LoweringContext,
  shape: readonly number[],
  window: Window,
  { image, grouped }: Exchange,
): string {
  const { model } = to;
  const { kernel, stride, dilation } = window;
  const [imageAt, filtersAt] = image === 'x' ? [0, 1] : [1, 0];
  const [n, channels, ...space] = to.shape(imageAt) as [number, number, ...number[]];
  const [, filters, ...size] = to.shape(filtersAt) as [number, number, ...number[]];
  const rank = kernel.length;
  const last = rank - 1;

  // With dy as the image, taps come out backwards.
  const before = kernel.map((k, i) => {
    const begin = window.begin[i] as number;
    return image === 'x' ? begin : (dilation[i] as number) * (k - 1) - begin;
  });
  const steps = image === 'x' ? stride : stride.map(() => 1);
  const read = kernel.map(
    (k, i) => ((size[i] as number) - 1) * (steps[i] as number) + (dilation[i] as number) * (k - 1) + 1,
  );
  const after = read.map((r, i) => Math.max(0, r - (space[i] as number) - (before[i] as number)));
  /** Taps that come out: more than the kernel has where a stride left the end of the image unread. */
  const out = read.map((r, i) => {
    const more = (space[i] as number) + (before[i] as number) + (after[i] as number) - r;
    return (kernel[i] as number) + Math.floor(more / (dilation[i] as number));
  });

  // Positions a tap apart are neighbours only without dilation; else channels are a dimension of their own.
  const flat = dilation[last] === 1;
  const joined = (list: readonly number[], ofLast: (v: number) => number, channel: number): number[] =>
    flat ? list.map((v, i) => (i === last ? ofLast(v) : v)) : [...list, channel];
  const perChannel = (v: number): number => v * channels;
  const innermost = model.node('Transpose', [to.input(imageAt)], {
    perm: [0, ...space.map((_, i) => i + 2), 1],
  });
  const whole = model.node('Reshape', [innermost, model.ints([1, n, ...joined(space, perChannel, channels)])]);
  const extent = joined(size, (v) => v, 1);
  const rows = grouped
    ? model.node('Reshape', [to.input(filtersAt), model.ints([n * filters, 1, ...extent])])
    : model.node('Reshape', [exchanged(to, filtersAt), model.ints([filters, n, ...extent])]);
  const products = model.node('Conv', [whole, rows], {
    kernel_shape: extent,
    strides: joined(dilation, (v) => v, 1),
    dilations: joined(steps, perChannel, 1),
    pads: [...joined(before, perChannel, 0), ...joined(after, perChannel, 0)],
    group: grouped ? n : 1,
  });
  if (!grouped) return toWeights(to, products, shape, image, out);
  const each = model.node('Reshape', [products, model.ints([n, filters, ...out, channels])]);
  return toWeights(to, model.node('ReduceSum', [each, model.ints([0])], { keepdims: 0 }), shape, image, out);
}

/** [filters, N, ...] of an operand. */
function exchanged(to: LoweringContext, k: number): string {
  const [n, , ...space] = to.shape(k) as [number, number, ...number[]];
  if (n === 1) return to.input(k);
  return to.model.node('Transpose', [to.input(k)], { perm: [1, 0, ...space.map((_, i) => i + 2)] });
}

/** [filters, ...out, channels] into [O, C, ...kernel]. */
function toWeights(
  to: LoweringContext,
  products: string,
  shape: readonly number[],
  image: Exchange['image'],
  out: readonly number[],
): string {
  const { model } = to;
  const [outChannels, channels, ...kernel] = shape as [number, number, ...number[]];
  const [filters, of] = image === 'x' ? [outChannels, channels] : [channels, outChannels];
  const whole = model.node('Reshape', [products, model.ints([filters, ...out, of])]);
  const axes = kernel.map((_, i) => i + 1);
  const cropped = out.every((o, i) => o === kernel[i])
    ? whole
    : model.node('Slice', [whole, model.ints(kernel.map(() => 0)), model.ints(kernel), model.ints(axes)]);
  if (image === 'x') return model.node('Transpose', [cropped], { perm: [0, axes.length + 1, ...axes] });
  const taps = product(kernel);
  const listed = model.node('Reshape', [cropped, model.ints([filters, taps, of])]);
  const backwards = model.ints(Array.from({ length: taps }, (_, k) => taps - 1 - k));
  const turned = model.node('Gather', [listed, backwards], { axis: 1 });
  const moved = model.node('Transpose', [turned], { perm: [2, 0, 1] });
  return model.node('Reshape', [moved, model.ints(shape)]);
}
