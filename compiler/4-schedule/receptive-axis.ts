/**
 * The receptive fields of the elements of a value along one axis of an image without borders: from `from` to `to` for
 * element 0, 1, ... `spans.length - 1`; that of element `p + spans.length` is that of `p` moved by `shift` pixels. Integers,
 * so no precision is lost in any chain of strides and enlargements.
 */
export interface ReceptiveAxis {
  /** null: such an element depends on no pixel (a transposed convolution can leave gaps). */
  readonly spans: readonly (Span | null)[];
  readonly shift: number;
  /** The most spans that an axis of this graph may have. */
  readonly longest: number;
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Spans of all values of a graph together: periods grow with the product of enlargements, in practice to some hundreds. */
const mostSpans = 1 << 21;
const longestPeriod = 1 << 16;

/** The axis of an input, in a graph of so many nodes. */
export const identity = (nodes: number): ReceptiveAxis => ({
  spans: [{ from: 0, to: 0 }],
  shift: 1,
  longest: Math.min(longestPeriod, Math.ceil(mostSpans / Math.max(1, nodes))),
});

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

const spanAt = ({ spans, shift }: ReceptiveAxis, p: number): Span | null => {
  const period = spans.length;
  const times = Math.floor(p / period);
  const span = spans[p - times * period] ?? null;
  return span && { from: span.from + times * shift, to: span.to + times * shift };
};

const union = (a: Span | null, b: Span | null): Span | null =>
  a && b ? { from: Math.min(a.from, b.from), to: Math.max(a.to, b.to) } : (a ?? b);

/** The positions that an element reads: `length` of them from `first` on, a step apart; none where `length` is 0 or less. */
export interface Reads {
  readonly first: number;
  readonly length: number;
}

/** The union of the receptive fields of such positions, by doubling: windows of 2, 4, 8, ... elements, of which two make up any other. */
function windowsOf(axis: ReceptiveAxis, step: number): (reads: Reads) => Span | null {
  const doubled: ReceptiveAxis[] = [axis];
  return ({ first, length }) => {
    if (length <= 0) return null;
    const power = Math.floor(Math.log2(length));
    for (let k = doubled.length; k <= power; k++) {
      const half = doubled[k - 1] as ReceptiveAxis;
      const spans = half.spans.map((span, q) => union(span, spanAt(half, q + step * 2 ** (k - 1))));
      doubled.push({ ...axis, spans });
    }
    const largest = doubled[power] as ReceptiveAxis;
    return union(spanAt(largest, first), spanAt(largest, first + step * (length - 2 ** power)));
  };
}

/**
 * The axis of a value whose element p reads the elements `reads(p)` of one that has `axis`.
 * @param rate how many times more elements there are per pixel, as `grow / shrink`; `reads(p + grow)` must be
 *   `reads(p)` moved by `shrink`
 * @param step between the positions that an element reads
 * @returns undefined where the period passes `axis.longest`
 */
export function readThrough(
  axis: ReceptiveAxis,
  rate: { readonly grow: number; readonly shrink: number },
  reads: (p: number) => Reads,
  step = 1,
): ReceptiveAxis | undefined {
  const inner = axis.spans.length;
  const common = gcd(inner, rate.shrink);
  const period = (inner / common) * rate.grow;
  if (period > axis.longest) return undefined;
  const seen = windowsOf(axis, step);
  const spans = Array.from({ length: period }, (_, p) => seen(reads(p)));
  return { ...axis, spans, shift: (rate.shrink / common) * axis.shift };
}

/**
 * The union of two receptive fields. null is empty; undefined where the two move at different rates: then the union
 * depends on the position, and grows with the image.
 */
export function join(
  a: ReceptiveAxis | null | undefined,
  b: ReceptiveAxis | null | undefined,
): ReceptiveAxis | null | undefined {
  if (!a || !b) return a ?? b;
  if (a === b) return a;
  const [p, q] = [a.spans.length, b.spans.length];
  if (a.shift * q !== b.shift * p) return undefined;
  const period = (p / gcd(p, q)) * q;
  if (period > a.longest) return undefined;
  return {
    ...a,
    spans: Array.from({ length: period }, (_, k) => union(spanAt(a, k), spanAt(b, k))),
    shift: (period / p) * a.shift,
  };
}
