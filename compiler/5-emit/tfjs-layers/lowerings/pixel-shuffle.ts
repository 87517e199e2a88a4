import { numberAttr } from '../../../ops/attrs.js';
import { product } from '../../shared.js';
import type { Lowering, LoweringContext } from '../lowering.js';
import { channelsLast, layerShape, lifted } from './layout.js';

/**
 * A kernel [...k, whole, packed] that holds a 1 where position p of the window and channel c of the whole meet channel
 * `c positions + p` of the packed, in the order of both operators.
 */
function packing(to: LoweringContext, window: readonly number[], whole: number) {
  const positions = product(window);
  const data = new Float32Array(positions * whole * whole * positions);
  for (let p = 0; p < positions; p++)
    for (let c = 0; c < whole; c++) data[(p * whole + c) * whole * positions + c * positions + p] = 1;
  const taps = to.spatialRank() === 1 ? [...window, 1] : window;
  return { name: 'kernel', shape: [...taps, whole, whole * positions], data };
}

const config = (to: LoweringContext, factor: number, filters: number) => {
  const window = to.spatialRank() === 1 ? [factor, 1] : new Array<number>(to.spatialRank()).fill(factor);
  return {
    filters,
    kernel_size: window,
    strides: window,
    padding: 'valid',
    ...channelsLast,
    use_bias: false,
    trainable: false,
  };
};

/** A frozen transposed convolution that puts each channel at its place: no layer moves channels into open space. */
export const pixelShuffle: Lowering = (to) => {
  const rank = to.spatialRank();
  const factor = numberAttr(to.attrs, 'upscale_factor');
  const channels = to.channels() / factor ** rank;
  const kernel = packing(to, new Array<number>(rank).fill(factor), channels);
  if (rank > 1) {
    return to.layer(`Conv${rank}DTranspose`, [to.input()], config(to, factor, channels), [kernel]);
  }
  const x = lifted(to, to.input(), to.channels());
  const y = to.helper('shuffle', 'Conv2DTranspose', [x], config(to, factor, channels), [kernel]);
  return to.layer('Reshape', [y], { target_shape: layerShape(to.output) });
};

/** The other way: a frozen convolution. */
export const pixelUnshuffle: Lowering = (to) => {
  const rank = to.spatialRank();
  const factor = numberAttr(to.attrs, 'downscale_factor');
  const filters = to.channels() * factor ** rank;
  const kernel = packing(to, new Array<number>(rank).fill(factor), to.channels());
  if (rank > 1) return to.layer(`Conv${rank}D`, [to.input()], config(to, factor, filters), [kernel]);
  const x = lifted(to, to.input(), to.channels());
  const y = to.helper('unshuffle', 'Conv2D', [x], config(to, factor, filters), [kernel]);
  return to.layer('Reshape', [y], { target_shape: layerShape(to.output) });
};
