/**
 * One dimension of a shape: `(scale * symbol + offset) / divisor`, or a plain number when `symbol` is null.
 * Pools, strides, upsampling, padding and cropping keep this form, so a shape is known for every input size at once.
 * Kept in lowest terms; a number has scale 0, divisor 1 and its value in `offset`.
 */
export interface Dim {
  readonly symbol: string | null;
  readonly scale: number;
  readonly offset: number;
  readonly divisor: number;
}

export type Shape = readonly Dim[];

const gcd = (a: number, b: number): number => (b === 0 ? Math.abs(a) : gcd(b, a % b));

function normal(symbol: string | null, scale: number, offset: number, divisor: number): Dim {
  if (symbol === null || scale === 0) return { symbol: null, scale: 0, offset: offset / divisor, divisor: 1 };
  const common = gcd(gcd(scale, offset), divisor) || 1;
  return { symbol, scale: scale / common, offset: offset / common, divisor: divisor / common };
}

export const num = (value: number): Dim => ({ symbol: null, scale: 0, offset: value, divisor: 1 });
export const sym = (symbol: string): Dim => ({ symbol, scale: 1, offset: 0, divisor: 1 });

export const isNumber = (d: Dim): boolean => d.symbol === null;
export const plus = (d: Dim, n: number): Dim => normal(d.symbol, d.scale, d.offset + n * d.divisor, d.divisor);
export const times = (d: Dim, n: number): Dim => normal(d.symbol, d.scale * n, d.offset * n, d.divisor);
/** Exact division: the caller states the constraint `n | d` beside it. */
export const over = (d: Dim, n: number): Dim => normal(d.symbol, d.scale, d.offset, d.divisor * n);

export const sameDim = (a: Dim, b: Dim): boolean =>
  a.symbol === b.symbol && a.scale === b.scale && a.offset === b.offset && a.divisor === b.divisor;

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((d, i) => sameDim(d, b[i] as Dim));

/** The dimension at given symbol values; may be fractional or negative where a constraint is broken. */
export const evaluateDim = (d: Dim, sizes: Readonly<Record<string, number>>): number => {
  if (d.symbol === null) return d.offset;
  const value = sizes[d.symbol];
  return value === undefined ? Number.NaN : (d.scale * value + d.offset) / d.divisor;
};

/** The value of a dimension that must be a number already (after `bindSizes`); throws otherwise: a compiler bug. */
export function known(d: Dim): number {
  if (d.symbol !== null) throw new Error(`dimension ${printDim(d)} is not bound to a number`);
  return d.offset;
}

export const knownShape = (shape: Shape): number[] => shape.map(known);

/** `H`, `H/16`, `2H`, `H-4`, `(H-4)/2`, `32` */
export function printDim(d: Dim): string {
  if (d.symbol === null) return String(d.offset);
  const head = d.scale === 1 ? d.symbol : `${d.scale}${d.symbol}`;
  const sum = d.offset === 0 ? head : `${head}${d.offset > 0 ? '+' : '-'}${Math.abs(d.offset)}`;
  if (d.divisor === 1) return sum;
  return d.offset === 0 ? `${sum}/${d.divisor}` : `(${sum})/${d.divisor}`;
}

/** `[N, 32, H/2, W/2]` */
export const printShape = (shape: Shape): string => `[${shape.map(printDim).join(', ')}]`;
