import { type Dim, num, plus, times } from '../../../ir/dim.js';
import { indices } from '../../shared.js';
import type { LoweringContext } from '../lowering.js';
import type { TfTensor } from '../node.js';
import type { Convolution, Products } from './convolution.js';
import { total } from './elementwise.js';
import { cropped, padded, paddedShape } from './window.js';

/**
 * A convolution as a sum over the taps of its window, each a matrix product over channels:
 *   y[p] = sum_t x[s p + d t] w[t]      dw[t] = sum_p x[s p + d t]^T dy[p]      dx[s p + d t] += dy[p] w[t]^T
 * with x padded. Any stride, dilation and rank; slower than an engine's own kernel, so only for what has none.
 */
export const byTaps: Products = {
  forward(c, x, w) {
    const { to } = c;
    const image = padded(to, x, c.window, c.x);
    const [inner, outer] = c.w.slice(-2) as [number, number];
    const filters = tapFilters(c, w);
    const parts = taps(c).map((tap, k) => {
      const seen = to.b.reshape(view(c, image, tap), [-1, inner]);
      return matmul(to, seen, filters[k] as TfTensor, false, false);
    });
    return to.reshape(total(to, parts), [...c.y.slice(0, -1), num(outer)]);
  },
  filterGrad(c, x, dy) {
    const { to } = c;
    const image = padded(to, x, c.window, c.x);
    const [inner, outer] = c.w.slice(-2) as [number, number];
    const gradient = to.b.reshape(dy, [-1, outer]);
    const parts = taps(c).map((tap) =>
      matmul(to, to.b.reshape(view(c, image, tap), [-1, inner]), gradient, true, false),
    );
    const stacked = to.b.op('Pack', parts, { N: { int: parts.length }, axis: { int: 0 } });
    return to.b.reshape(stacked, c.w);
  },
  inputGrad(c, dy, w) {
    const { to } = c;
    const [inner, outer] = c.w.slice(-2) as [number, number];
    const gradient = to.b.reshape(dy, [-1, outer]);
    const filters = tapFilters(c, w);
    const shape = paddedShape(c.x, c.window);
    const parts = taps(c).map((tap, k) => {
      const spread = matmul(to, gradient, filters[k] as TfTensor, false, true);
      const { begin, end, strides, masks } = bounds(c, tap);
      const part = to.reshape(spread, [...c.y.slice(0, -1), num(inner)]);
      const inputs = [to.dims(shape), begin, end, strides, part];
      return to.b.op('StridedSliceGrad', inputs, { T: { type: part.type }, Index: { type: 'int32' }, ...masks });
    });
    return cropped(
      to,
      total(
        to,
        parts.map((p) => ({ ...p, type: dy.type })),
      ),
      c.window,
      c.x,
    );
  },
};

const taps = (c: Convolution): number[][] => indices(c.window.kernel);

/** [I, O] of each tap. */
function tapFilters(c: Convolution, w: TfTensor): TfTensor[] {
  const { b } = c.to;
  const [inner, outer] = c.w.slice(-2) as [number, number];
  const count = taps(c).length;
  return b.split(
    'Unpack',
    [b.reshape(w, [count, inner, outer])],
    { T: { type: w.type }, num: { int: count }, axis: { int: 0 } },
    new Array(count).fill(w.type),
  );
}

/** Of a strided slice over some dimensions of space, the first and the last axis beside them left whole. */
function bounds(c: Convolution, tap: readonly number[], over: readonly number[] = [...tap.keys()]) {
  const { stride, dilation } = c.window;
  const first = over.map((i) => (tap[i] as number) * (dilation[i] as number));
  const steps = over.map((i) => stride[i] as number);
  const ends: Dim[] = over.map((i, k) => {
    const s = steps[k] as number;
    return plus(times(c.y[i + 1] as Dim, s), (first[k] as number) - s + 1);
  });
  const all = { int: 1 | (1 << (over.length + 1)) };
  return {
    begin: c.to.b.ints([0, ...first, 0]),
    end: c.to.dims([num(0), ...ends, num(0)]),
    strides: c.to.b.ints([1, ...steps, 1]),
    masks: { begin_mask: all, end_mask: all },
  };
}

/**
 * The element that a tap of the window reads at each position: a strided slice of the padded image. In three dimensions along the depth and then
 * plane by plane: TensorFlow.js slices no five axes on a GPU.
 */
function view(c: Convolution, image: TfTensor, tap: readonly number[]): TfTensor {
  const { to } = c;
  const { b } = to;
  const slice = (x: TfTensor, { begin, end, strides, masks }: ReturnType<typeof bounds>) =>
    b.op('StridedSlice', [x, begin, end, strides], { Index: { type: 'int32' }, ...masks });
  if (c.y.length < 5) return slice(image, bounds(c, tap));
  const [n, d, h, w, inner] = paddedShape(c.x, c.window) as [Dim, Dim, Dim, Dim, Dim];
  const columns = b.reshape(image, to.dims([n, d, num(-1)]));
  const planes = b.reshape(slice(columns, bounds(c, tap, [0])), to.dims([num(-1), h, w, inner]));
  return slice(planes, bounds(c, tap, [1, 2]));
}

const matmul = ({ b }: LoweringContext, x: TfTensor, y: TfTensor, transposeX: boolean, transposeY: boolean): TfTensor =>
  b.op('MatMul', [x, y], { transpose_a: { bool: transposeX }, transpose_b: { bool: transposeY } });
