import { type Float64Tensor, forEachIndex, stridesOf, zeros } from './tensor.js';

export function map(x: Float64Tensor, f: (x: number) => number): Float64Tensor {
  return { shape: x.shape, data: x.data.map(f) };
}

/** Applies `f` to the broadcast elements of all inputs; a dimension of 1, or a scalar, repeats. */
export function zip(inputs: readonly Float64Tensor[], f: (values: readonly number[]) => number): Float64Tensor {
  const rank = Math.max(...inputs.map((t) => t.shape.length));
  const shape = Array.from({ length: rank }, (_, i) => {
    const sizes = inputs.filter((t) => t.shape.length > 0).map((t) => t.shape[i]!);
    return sizes.find((size) => size !== 1) ?? 1;
  });
  for (const { shape: s } of inputs) {
    if (s.length !== 0 && (s.length !== rank || s.some((size, i) => size !== 1 && size !== shape[i]))) {
      throw new Error(`shapes ${inputs.map((t) => `[${t.shape.join(', ')}]`).join(' and ')} don't broadcast`);
    }
  }
  const strides = inputs.map((t) => stridesOf(t.shape).map((stride, i) => (t.shape[i] === 1 ? 0 : stride)));
  const out = zeros(shape);
  const values = new Array<number>(inputs.length).fill(0);
  forEachIndex(shape, (index, flat) => {
    for (const [k, input] of inputs.entries()) {
      let at = 0;
      for (let i = 0; i < strides[k]!.length; i++) at += index[i]! * strides[k]![i]!;
      values[k] = input.data[at]!;
    }
    out.data[flat] = f(values);
  });
  return out;
}

export const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

export const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** The nearest number with 8 significant bits, ties to even; exact in double precision for numbers in range. */
export function bfloat16(x: number): number {
  const bits = new Uint32Array(Float32Array.of(x).buffer);
  const whole = bits[0]!;
  bits[0] = (whole + 0x7fff + ((whole >>> 16) & 1)) & 0xffff0000;
  return Number.isFinite(x) ? new Float32Array(bits.buffer)[0]! : x;
}

/** The nearest number with 11 significant bits, from 2^-14 down the nearest multiple of 2^-24, ties to even; beyond 65520 infinity. */
export function float16(x: number): number {
  if (!Number.isFinite(x) || x === 0) return x;
  const step = 2 ** Math.max(Math.floor(Math.log2(Math.abs(x))) - 10, -24);
  const steps = Math.abs(x) / step;
  const down = Math.floor(steps);
  const rest = steps - down;
  const rounded = (rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down) * step;
  return Math.sign(x) * (rounded >= 65536 ? Number.POSITIVE_INFINITY : rounded);
}

/** erf(x) = 2/sqrt(pi) exp(-x^2) sum 2^n x^(2n+1) / (2n+1)!!: all terms of one sign, so it keeps its digits. */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** The normal distribution function. */
export const normalCdf = (x: number): number => 0.5 * (1 + erf(x / Math.SQRT2));

export const normalPdf = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);

/** Sum or mean over `axes`. */
export function reduce(x: Float64Tensor, axes: readonly number[], keepdims: boolean, mean: boolean): Float64Tensor {
  const kept = x.shape.map((size, i) => (axes.includes(i) ? 1 : size));
  const strides = stridesOf(kept).map((stride, i) => (axes.includes(i) ? 0 : stride));
  const out = zeros(kept);
  forEachIndex(x.shape, (index, flat) => {
    let at = 0;
    for (let i = 0; i < strides.length; i++) at += index[i]! * strides[i]!;
    out.data[at]! += x.data[flat]!;
  });
  const data = mean ? out.data.map((sum) => (sum * out.data.length) / x.data.length) : out.data;
  return { shape: keepdims ? kept : x.shape.filter((_, i) => !axes.includes(i)), data };
}

/** log(softmax(x)) along `axis`. */
export function logSoftmax(x: Float64Tensor, axis: number): Float64Tensor {
  const size = x.shape[axis]!;
  const stride = stridesOf(x.shape)[axis]!;
  const out = zeros(x.shape);
  for (let flat = 0; flat < x.data.length; flat++) {
    if (Math.floor(flat / stride) % size !== 0) continue;
    const line = Array.from({ length: size }, (_, i) => x.data[flat + i * stride]!);
    const top = Math.max(...line);
    const logSum = top + Math.log(line.reduce((sum, value) => sum + Math.exp(value - top), 0));
    for (const [i, value] of line.entries()) out.data[flat + i * stride] = value - logSum;
  }
  return out;
}
