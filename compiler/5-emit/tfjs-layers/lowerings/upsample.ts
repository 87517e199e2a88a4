import { boolAttr, stringAttr } from '../../../ops/attrs.js';
import { interpolation, resolveScale } from '../../../ops/upsample.js';
import { product } from '../../shared.js';
import { cantSay, type Lowering, type LoweringContext, transposed } from '../lowering.js';
import { channelsLast, layerShape, lifted } from './layout.js';

/**
 * UpSampling2D takes element floor(i * (1 / scale)), in double precision on the CPU and in single on a GPU: that is
 * floor(i / scale) for every scale up to this.
 */
export const largestScale = 40;

/**
 * Nearest is UpSampling2D. Its `bilinear` is none of ours: output i there is a blend around i / scale, so the image
 * moves by half an element. Ours, around (i + 0.5) / scale - 0.5, is the nearest one blurred along each dimension by a
 * box as wide as the scale: see `blurred`.
 */
export const upsample: Lowering = (to) => {
  const rank = to.spatialRank();
  const scale = resolveScale(to.attrs, rank);
  const linear = stringAttr(to.attrs, 'mode', 'nearest') === 'linear';
  const corners = linear && boolAttr(to.attrs, 'align_corners', false);
  const space = to.fixedSpace();
  const open = `give the input a size: --size ${rank === 1 ? 'W' : rank === 2 ? 'HxW' : 'DxHxW'}`;
  if (corners || (linear && rank === 3)) {
    if (space) return interpolated(to, space, scale, corners);
    return cantSay(corners ? keepsCorners : none('linearly'), open);
  }
  const large = scale.find((s) => s > largestScale);
  if (large !== undefined) {
    return cantSay(
      `TensorFlow.js rounds a scale of ${large}, and repeats some elements once too often`,
      'enlarge in steps',
    );
  }
  if (rank === 3) return space ? volume(to, space, scale) : cantSay(none('volumes of open size'), open);
  const channels = to.channels();
  const flat = rank === 1;
  const x = flat ? lifted(to, to.input(), channels) : to.input();
  const config = { size: flat ? [...scale, 1] : scale, ...channelsLast, interpolation: 'nearest' };
  if (!flat && !linear) return to.layer('UpSampling2D', [x], config);
  let y = to.helper('nearest', 'UpSampling2D', [x], config);
  const blurs = linear ? scale.flatMap((s, axis) => (s > 1 ? [{ s, axis }] : [])) : [];
  for (const { s, axis } of blurs) y = blurred(to, y, s, axis, !flat && axis === blurs.at(-1)?.axis);
  return flat ? to.layer('Reshape', [y], { target_shape: layerShape(to.output) }) : y;
};

const keepsCorners =
  'TensorFlow.js has no layer that keeps corners in the corners (align_corners: true) as it enlarges images of open size';

const none = (how: string): string => `TensorFlow.js has no layer that enlarges ${how} in three dimensions`;

/**
 * The mean over a window of `s` elements along an axis, of an image whose elements all come s times. AveragePooling2D
 * with `same` leaves out of the mean what is outside, which is what repeating the edge would give here. Where s is even
 * the window lies between elements and takes half of each of its ends: (s + 1) shares of the mean over s + 1 elements and
 * (s - 1) of that over s - 1. TensorFlow.js
 * computes this exactly; its gradient of that pool divides by the whole window at the edge too, so in a fit the outermost
 * elements weigh less than they should.
 */
function blurred(to: LoweringContext, x: string, s: number, axis: number, last: boolean): string {
  const part = axis === 0 ? 'rows' : 'columns';
  const own = last ? to.layer.bind(to) : to.helper.bind(to, part);
  const config = (width: number) => ({
    pool_size: axis === 0 ? [width, 1] : [1, width],
    strides: [1, 1],
    padding: 'same',
    ...channelsLast,
  });
  if (s % 2 === 1) return own('AveragePooling2D', [x], config(s));
  const wide = to.helper(`${part}.wide`, 'AveragePooling2D', [x], config(s + 1));
  const narrow = s === 2 ? x : to.helper(`${part}.narrow`, 'AveragePooling2D', [x], config(s - 1));
  return own('Average', [...new Array<string>(s + 1).fill(wide), ...new Array<string>(s - 1).fill(narrow)], {});
}

/**
 * Linear interpolation as what it is, a matrix along each dimension: frozen Dense layers, with that dimension brought to
 * the end and back. Only where the sizes are numbers.
 */
function interpolated(
  to: LoweringContext,
  space: readonly number[],
  scale: readonly number[],
  corners: boolean,
): string {
  const last = space.length + 1;
  const growing = scale.flatMap((s, axis) => (s > 1 ? [axis] : []));
  return growing.reduce((x, axis) => {
    const part = (['depth', 'rows', 'columns'] as const)[axis + 3 - space.length] as string;
    const [size, s] = [space[axis] as number, scale[axis] as number];
    const dims = Array.from({ length: last }, (_, k) => (k === axis ? last : k + 1 === last ? axis + 1 : k + 1));
    const turned = to.helper(`${part}.turn`, 'Permute', [x], { dims });
    // Row o of the interpolation is column o of the kernel.
    const rows = { data: Float32Array.from(interpolation(size, s, corners).flat()), shape: [size * s, size] };
    const kernel = { name: 'kernel', ...transposed(rows, [1, 0]) };
    const config = { units: size * s, activation: 'linear', use_bias: false, trainable: false };
    const y = to.helper(part, 'Dense', [turned], config, [kernel]);
    return axis === growing.at(-1)
      ? to.layer('Permute', [y], { dims })
      : to.helper(`${part}.back`, 'Permute', [y], { dims });
  }, to.input());
}

/** Slices as rows of one image, then the rows of every slice: only where the sizes are numbers. */
function volume(to: LoweringContext, space: readonly number[], scale: readonly number[]): string {
  const channels = to.channels();
  const [depth = 1, height = 1, width = 1] = space;
  const [sd = 1, sh = 1, sw = 1] = scale;
  let y = to.input();
  let slices = depth;
  if (sd > 1) {
    const stack = to.helper('slices', 'Reshape', [y], { target_shape: [depth, 1, product([height, width, channels])] });
    y = to.helper('deeper', 'UpSampling2D', [stack], { size: [sd, 1], ...channelsLast, interpolation: 'nearest' });
    slices = depth * sd;
  }
  const rows = to.helper('rows', 'Reshape', [y], { target_shape: [slices * height, width, channels] });
  y = to.helper('larger', 'UpSampling2D', [rows], { size: [sh, sw], ...channelsLast, interpolation: 'nearest' });
  return to.layer('Reshape', [y], { target_shape: [slices, height * sh, width * sw, channels] });
}
