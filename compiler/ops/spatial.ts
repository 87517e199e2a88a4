import { say } from '../../grammar/say.js';
import { type Dim, isNumber, over, plus, type Shape, times } from '../ir/dim.js';
import type { Attrs, AttrValue } from '../ir/graph.js';
import type { Inferred, Refusal } from './op.js';
import { refuse } from './refusal.js';

/** A sliding window with every choice spelled out, one number for each spatial dimension. */
export interface Window {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** Padding before and after each dimension; for `conv_transpose` what is cropped from its full output. */
  readonly begin: readonly number[];
  readonly end: readonly number[];
}

type Constraints = NonNullable<Inferred['constraints']>;

const names = [['width'], ['height', 'width'], ['depth', 'height', 'width']];

/** `height` for dimension 0 of 2. */
export const axisName = (dim: number, rank: number): string => names[rank - 1]?.[dim] ?? `dimension ${dim}`;

const isList = (value: AttrValue): value is readonly number[] => typeof value === 'object';

/** A number, or a list with one for each of `rank` spatial dimensions; null where the list's length is another. */
function perDim(value: AttrValue, rank: number): readonly number[] | null {
  if (typeof value === 'number') return new Array<number>(rank).fill(value);
  return isList(value) && value.length === rank ? value : null;
}

const wrongLength = (op: string, name: string, value: AttrValue, rank: number, twice = false): Refusal =>
  refuse(say.badArgument.list({ name, op, given: isList(value) ? value.length : 0, rank }), [
    `write one number, or ${rank}${twice ? ` (or ${2 * rank}: all befores, then all afters)` : ''}`,
  ]);

/** What goes on each side: an int for all, one for each dimension, or all befores and then all afters. */
function sides(
  op: string,
  name: string,
  value: AttrValue,
  rank: number,
): { readonly begin: readonly number[]; readonly end: readonly number[] } | Refusal {
  const both = perDim(value, rank);
  if (both !== null) return { begin: both, end: both };
  if (isList(value) && value.length === 2 * rank) return { begin: value.slice(0, rank), end: value.slice(rank) };
  return wrongLength(op, name, value, rank, true);
}

/** The two sides of `pad` and `crop` for a rank. */
export const windowSides = (op: string, attrs: Attrs, rank: number) => sides(op, 'amount', attrs.amount ?? 0, rank);

/** As `resolveWindow`, but returns a refusal where the attributes don't fit the rank. */
export function readWindow(op: string, attrs: Attrs, rank: number): Window | Refusal {
  const read = (name: string, fallback: number): readonly number[] | Refusal => {
    const value = attrs[name] ?? fallback;
    const list = perDim(value, rank);
    if (list === null) return wrongLength(op, name, value, rank);
    if (list.some((n) => !Number.isInteger(n) || n < 1)) {
      return refuse(say.badArgument.positive({ name, op }));
    }
    return list;
  };
  const kernel = read('kernel', 1);
  if ('code' in kernel) return kernel;
  const stride = attrs.stride === 'kernel' ? kernel : read('stride', 1);
  if ('code' in stride) return stride;
  const dilation = read('dilation', 1);
  if ('code' in dilation) return dilation;

  const padding = attrs.padding ?? 0;
  if (padding === 'same' || padding === 'valid') {
    const transposed = op === 'conv_transpose';
    const total = kernel.map((k, i) => {
      if (padding === 'valid') return 0;
      return transposed ? k - stride[i]! : dilation[i]! * (k - 1);
    });
    const short = total.findIndex((t) => t < 0);
    if (short >= 0) {
      return refuse(say.badArgument.gaps({ kernel: kernel[short] as number, stride: stride[short] as number }), [
        `use kernel: ${stride[short]}`,
      ]);
    }
    const begin = total.map((t) => Math.floor(t / 2));
    return { kernel, stride, dilation, begin, end: total.map((t, i) => t - begin[i]!) };
  }
  const around = sides(op, 'padding', padding, rank);
  if ('code' in around) return around;
  if ([...around.begin, ...around.end].some((n) => !Number.isInteger(n) || n < 0)) {
    return refuse(say.badArgument.padding({ op }));
  }
  return { kernel, stride, dilation, ...around };
}

/**
 * The window of a `conv`, a pool or one of their gradients on `rank` spatial dimensions.
 * `padding: same` with stride s keeps `size / s`: in all `dilation * (kernel - 1)`, the smaller half before.
 * `stride: 'kernel'`, the default of pools, steps by the kernel.
 */
export const resolveWindow = (attrs: Attrs, rank: number): Window => resolved(readWindow('conv', attrs, rank));

/**
 * The window of a `conv_transpose`: `begin` and `end` are cropped from the full output of size
 * `stride * (in - 1) + kernel`. `padding: same` crops `kernel - stride`, the smaller half before.
 */
export const resolveTransposeWindow = (attrs: Attrs, rank: number): Window =>
  resolved(readWindow('conv_transpose', attrs, rank));

function resolved(window: Window | Refusal): Window {
  if ('code' in window) throw new Error(window.message);
  return window;
}

/** Spatial sizes and what they ask of the input. */
export interface SpatialResult {
  readonly dims: readonly Dim[];
  readonly constraints: Constraints;
}

/**
 * Sizes after a window slides over spatial sizes `input`: a stride must divide the size it enters, so
 * `out = in/s + floor((pads - dilation (k-1) - 1) / s) + 1`, which is the engines' rounded formula where it does.
 * `rounding`: take that formula for numbers as they are (gradients need it), without asking for divisibility.
 */
export function slide(op: string, input: Shape, window: Window, rounding = false): SpatialResult | Refusal {
  const constraints: Constraints[number][] = [];
  const dims: Dim[] = [];
  for (const [i, d] of input.entries()) {
    const s = window.stride[i]!;
    const slack = window.begin[i]! + window.end[i]! - window.dilation[i]! * (window.kernel[i]! - 1) - 1;
    const axis = axisName(i, input.length);
    if (rounding && isNumber(d)) {
      dims.push(plus(over(plus(d, slack - mod(d.offset + slack, s)), s), 1));
      continue;
    }
    if (isNumber(d) && d.offset % s !== 0) {
      const below = Math.floor(d.offset / s) * s;
      return refuse(
        say.sizeNotDivisible.stride({ op, stride: s, axis, size: d.offset }),
        [`the nearest that fit are ${below > 0 ? `${below} and ` : ''}${below + s}`],
        0,
      );
    }
    if (s > 1 && !isNumber(d)) constraints.push({ dim: d, divisor: s });
    const out = plus(over(d, s), Math.floor(slack / s) + 1);
    const small = positive(op, axis, d, out, constraints);
    if (small) return small;
    dims.push(out);
  }
  return { dims, constraints };
}

/** Sizes after a transposed window: `s * in + (k - s) - begin - end`. */
export function slideBack(input: Shape, window: Window): SpatialResult | Refusal {
  const constraints: Constraints[number][] = [];
  const dims: Dim[] = [];
  for (const [i, d] of input.entries()) {
    const s = window.stride[i]!;
    const out = plus(times(d, s), window.kernel[i]! - s - window.begin[i]! - window.end[i]!);
    const small = positive('conv_transpose', axisName(i, input.length), d, out, constraints);
    if (small) return small;
    dims.push(out);
  }
  return { dims, constraints };
}

/** Sizes that grow by `begin + end` on their sides (shrink, where negative). */
export function grow(
  op: string,
  input: Shape,
  begin: readonly number[],
  end: readonly number[],
): SpatialResult | Refusal {
  const constraints: Constraints[number][] = [];
  const dims: Dim[] = [];
  for (const [i, d] of input.entries()) {
    const out = plus(d, begin[i]! + end[i]!);
    const small = positive(op, axisName(i, input.length), d, out, constraints);
    if (small) return small;
    dims.push(out);
  }
  return { dims, constraints };
}

/** A size must stay at least 1: refused for a number, a constraint where some input sizes would break it. */
function positive(op: string, axis: string, from: Dim, out: Dim, constraints: Constraints[number][]): Refusal | null {
  if (isNumber(out)) {
    if (out.offset >= 1) return null;
    return refuse(say.sizeTooSmall.size({ axis, size: from.offset, op }), ['use a larger input'], 0);
  }
  if (out.offset < 0) constraints.push({ dim: out, least: 1 });
  return null;
}

const mod = (a: number, n: number): number => ((a % n) + n) % n;
