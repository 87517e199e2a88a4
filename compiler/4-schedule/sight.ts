/**
 * Which input positions an element depends on, along one axis of an image without borders: from `from` to `to` for
 * element 0, 1, ... `spans.length - 1`; element `p + spans.length` sees what `p` sees, `shift` pixels on. Whole numbers,
 * so nothing is lost in any chain of strides and enlargements.
 */
export interface Axis {
  /** null: such an element depends on no pixel (a transposed convolution can leave gaps). */
  readonly spans: readonly (Span | null)[];
  readonly shift: number;
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

export const identity: Axis = { spans: [{ from: 0, to: 0 }], shift: 1 };

/** Periods grow with the product of enlargements; no network that fits a memory comes near this. */
const longestPeriod = 1 << 16;

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

const spanAt = ({ spans, shift }: Axis, p: number): Span | null => {
  const period = spans.length;
  const times = Math.floor(p / period);
  const span = spans[p - times * period] ?? null;
  return span && { from: span.from + times * shift, to: span.to + times * shift };
};

const union = (a: Span | null, b: Span | null): Span | null =>
  a && b ? { from: Math.min(a.from, b.from), to: Math.max(a.to, b.to) } : (a ?? b);

/** `length` positions from `from` on, `step` apart; none where `length` is 0 or less. */
export const outOfWindow = (from: number, step: number, length: number): number[] =>
  Array.from({ length: Math.max(0, length) }, (_, t) => from + step * t);

/**
 * The axis of a value whose element p reads the elements `reads(p)` of one that has `axis`.
 * @param rate how many times more elements there are per pixel, as `grow / shrink`; `reads(p + grow)` must be
 *   `reads(p)` moved by `shrink`
 * @returns undefined where the period passes 65536
 */
export function readThrough(
  axis: Axis,
  rate: { readonly grow: number; readonly shrink: number },
  reads: (p: number) => readonly number[],
): Axis | undefined {
  const inner = axis.spans.length;
  const common = gcd(inner, rate.shrink);
  const period = (inner / common) * rate.grow;
  if (period > longestPeriod) return undefined;
  const spans = Array.from({ length: period }, (_, p) =>
    reads(p)
      .map((q) => spanAt(axis, q))
      .reduce(union, null),
  );
  return { spans, shift: (rate.shrink / common) * axis.shift };
}

/**
 * What either sees. null sees nothing; undefined where the two move at different rates: then what an element sees
 * depends on where it is, and grows with the image.
 */
export function join(a: Axis | null | undefined, b: Axis | null | undefined): Axis | null | undefined {
  if (!a || !b) return a ?? b;
  if (a === b) return a;
  const [p, q] = [a.spans.length, b.spans.length];
  if (a.shift * q !== b.shift * p) return undefined;
  const period = (p / gcd(p, q)) * q;
  if (period > longestPeriod) return undefined;
  return {
    spans: Array.from({ length: period }, (_, k) => union(spanAt(a, k), spanAt(b, k))),
    shift: (period / p) * a.shift,
  };
}
