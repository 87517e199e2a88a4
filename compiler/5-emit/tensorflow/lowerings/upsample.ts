import { type Dim, num, times } from '../../../ir/dim.js';
import type { Value } from '../../../ir/graph.js';
import { boolAttr, stringAttr } from '../../../ops/attrs.js';
import { resolveScale } from '../../../ops/upsample.js';
import { product } from '../../shared.js';
import type { Lowering, LoweringContext } from '../lowering.js';
import type { TfTensor } from '../node.js';
import { scaled } from './elementwise.js';
import { dropImage, liftImage, liftImageShape } from './window.js';

const isNearest = (to: LoweringContext): boolean => stringAttr(to.attrs, 'mode', 'nearest') === 'nearest';

const linearAttrs = (to: LoweringContext) => {
  const align = boolAttr(to.attrs, 'align_corners', false);
  return { align_corners: { bool: align }, half_pixel_centers: { bool: !align } };
};

/** One size for each axis but the first and the last. */
const spaceOf = (shape: readonly Dim[]): readonly Dim[] => shape.slice(1, -1);

/** (x) -> y. TensorFlow resizes two dimensions; one is given a height of 1, three are resized two and one at a time. */
export const upsample: Lowering = (to) => {
  const rank = to.rank();
  const scale = resolveScale(to.attrs, rank - 2);
  const [x, y] = [to.shape(to.value(0)), to.shape(to.output())];
  if (rank === 5) return isNearest(to) ? repeated(to, to.input(0), x, scale) : linear3d(to, x, y);
  const image = liftImage(to, to.input(0), rank);
  const size = to.dims(spaceOf(liftImageShape(y)));
  const out = isNearest(to) ? to.b.op('ResizeNearestNeighbor', [image, size]) : bilinear(to, image, size);
  return dropImage(to, out, rank);
};

const bilinear = (to: LoweringContext, image: TfTensor, size: TfTensor): TfTensor => {
  const attrs = { T: { type: image.type }, ...linearAttrs(to) };
  return to.b.split('ResizeBilinear', [image, size], attrs, ['float'])[0] as TfTensor;
};

const bilinearGrad = (to: LoweringContext, dy: TfTensor, shape: readonly number[]): TfTensor =>
  // The kernel reads no more than the shape of what was resized.
  to.b.op('ResizeBilinearGrad', [dy, to.b.filled(shape, 0)], linearAttrs(to));

/** Repeats elements along each axis of space in turn. */
function repeated(to: LoweringContext, x: TfTensor, shape: readonly Dim[], scale: readonly number[]): TfTensor {
  let now = [...shape];
  let out = x;
  scale.forEach((s, i) => {
    if (s === 1) return;
    const copies = new Array<TfTensor>(s).fill(out);
    now = now.map((d, k) => (k === i + 1 ? times(d, s) : d));
    out = to.reshape(to.b.op('Pack', copies, { N: { int: s }, axis: { int: i + 2 } }), now);
  });
  return out;
}

/** [N, D, H, W, C]: over H and W with N and D as one, then over D with H and W as one. */
function linear3d(to: LoweringContext, x: readonly Dim[], y: readonly Dim[]): TfTensor {
  const { b } = to;
  const [n, d, h, w, c] = x as [Dim, Dim, Dim, Dim, Dim];
  const [, depth, height, width] = y as [Dim, Dim, Dim, Dim];
  const planes = b.reshape(to.input(0), to.dims([num(-1), h, w, c]));
  const wide = bilinear(to, planes, to.dims([height, width]));
  const lines = b.reshape(wide, to.dims([n, d, num(-1), c]));
  const area = b.op('Mul', [to.sizes.scalar(height), to.sizes.scalar(width)]);
  const size = b.op('Pack', [to.sizes.scalar(depth), area], { N: { int: 2 }, axis: { int: 0 } });
  return b.reshape(bilinear(to, lines, size), to.dims(y));
}

/** dy -> dx. */
export const upsampleGrad: Lowering = (to) => {
  const rank = to.rank();
  const dx = to.output();
  const scale = resolveScale(to.attrs, rank - 2);
  if (rank === 5) return isNearest(to) ? summed(to, dx, scale) : linear3dGrad(to, dx);
  const shape = liftImageShape(to.shape(dx));
  const dy = liftImage(to, to.input(0), rank);
  const out = isNearest(to)
    ? blockSums(to, dy, rank === 3 ? [1, ...scale] : scale)
    : bilinearGrad(
        to,
        dy,
        shape.map((d) => d.offset),
      );
  return dropImage(to, out, rank);
};

/** The adjoint of repeating in two dimensions: the mean of each block times its size, twice as quick as the resize's own. */
function blockSums(to: LoweringContext, dy: TfTensor, scale: readonly number[]): TfTensor {
  const block = { ints: [1, ...scale, 1] };
  const mean = to.b.op('AvgPool', [dy], { ksize: block, strides: block, padding: { text: 'VALID' } });
  return scaled(to, mean, product(scale), 0);
}

/** The adjoint of repeating: [N, d s, ...] as [N, d, s, ...], summed over s, axis by axis. */
function summed(to: LoweringContext, dx: Value, scale: readonly number[]): TfTensor {
  const shape = to.knownShape(to.value(0));
  let out = to.input(0);
  scale.forEach((s, i) => {
    if (s === 1) return;
    shape[i + 1] = (shape[i + 1] as number) / s;
    const apart = to.b.reshape(out, [...shape.slice(0, i + 2), s, ...shape.slice(i + 2)]);
    out = to.b.op('Sum', [apart, to.b.ints([i + 2])], { Tidx: { type: 'int32' } });
  });
  return to.b.reshape(out, to.knownShape(dx));
}

function linear3dGrad(to: LoweringContext, dx: Value): TfTensor {
  const { b } = to;
  const [n, d, h, w, c] = to.knownShape(dx) as [number, number, number, number, number];
  const [, depth, height, width] = to.knownShape(to.value(0)) as [number, number, number, number];
  const area = height * width;
  const lines = bilinearGrad(to, b.reshape(to.input(0), [n, depth, area, c]), [n, d, area, c]);
  const planes = bilinearGrad(to, b.reshape(lines, [n * d, height, width, c]), [n * d, h, w, c]);
  return b.reshape(planes, [n, d, h, w, c]);
}
