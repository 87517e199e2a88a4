import { numberAttr } from '../../../ops/attrs.js';
import { resolveTransposeWindow, resolveWindow, type Window } from '../../../ops/spatial.js';
import type { LayerWeight } from '../layer-builder.js';
import { cantSay, type Lowering, type LoweringContext, transposed } from '../lowering.js';
import { channelsLast, cropped, layerShape, lifted, lowered, padded } from './layout.js';
import { keepsSize, placement } from './window.js';

/** [O, I, ...k] as [...k, I, O]; for a transposed convolution [I, O, ...k] as [...k, O, I]. */
function kernelOf(to: LoweringContext): LayerWeight {
  const w = weightOf(to);
  return { name: 'kernel', ...transposed(w, [...w.shape.keys()].slice(2).concat([1, 0])) };
}

function weightOf(to: LoweringContext) {
  const w = to.parameter(1);
  if (!w) throw new Error(`${to.node.op} at ${to.node.origin.path} has no weight`);
  return w;
}

const all = (numbers: readonly number[], n: number): boolean => numbers.every((k) => k === n);

export const conv: Lowering = (to) => {
  const rank = to.spatialRank();
  const window = resolveWindow(to.attrs, rank);
  const groups = numberAttr(to.attrs, 'groups', 1);
  if (groups > 1) return grouped(to, window, groups);
  if (!all(window.stride, 1) && !all(window.dilation, 1)) return cantSay(strideAndDilation);
  if (!all(window.dilation, 1)) warnOfDilation(to);
  const { padding, zeros } = placement(window);
  if (zeros && rank === 3) return strided3d(to, window);
  const x = zeros ? padded(to, to.input(), zeros, { channels: to.channels(), last: false }) : to.input();
  if (typeof x !== 'string') return x;
  return convLayer(to, x, window, padding);
};

const strideAndDilation = 'TensorFlow.js convolves with a stride or with a dilation, not with both';

function warnOfDilation(to: LoweringContext): void {
  to.warn(
    'TensorFlow.js has no gradient for a dilated convolution: this model predicts, but its fit stops with an error',
    'train with unetc, or use dilation: 1',
  );
}

function convLayer(to: LoweringContext, x: string, window: Window, padding: 'same' | 'valid'): string {
  const bias = to.vector(2, 'bias');
  const config = {
    filters: numberAttr(to.attrs, 'channels'),
    kernel_size: window.kernel,
    strides: window.stride,
    padding,
    ...channelsLast,
    dilation_rate: window.dilation,
    use_bias: bias.length > 0,
  };
  return to.layer(`Conv${to.spatialRank()}D`, [x], config, [kernelOf(to), ...bias]);
}

/**
 * There is no padding layer in three dimensions. With its stride left out the convolution has `same` padding, and a pool
 * of one element picks what the stride would.
 */
function strided3d(to: LoweringContext, window: Window): ReturnType<Lowering> {
  const dense: Window = { ...window, stride: window.stride.map(() => 1) };
  const { padding, zeros } = placement(dense);
  const strides = window.stride;
  if (zeros || !keepsSize(window)) {
    return cantSay('TensorFlow.js has no layer that pads in three dimensions', 'use padding: same, or valid');
  }
  const y = convLayer(to, to.input(), dense, padding);
  return to.helper('stride', 'MaxPooling3D', [y], {
    pool_size: strides.map(() => 1),
    strides,
    padding: 'valid',
    ...channelsLast,
  });
}

/** A group a channel is a depthwise convolution; TensorFlow.js has no other groups. */
function grouped(to: LoweringContext, window: Window, groups: number): ReturnType<Lowering> {
  const rank = to.spatialRank();
  const channels = to.channels();
  if (groups !== channels) {
    return cantSay(
      `TensorFlow.js has no convolution in ${groups} groups of several channels`,
      `use groups: 1, or groups: ${channels}, a group a channel`,
    );
  }
  if (rank === 3) return cantSay('TensorFlow.js has no depthwise convolution in three dimensions', 'use groups: 1');
  if (!all(window.dilation, 1))
    return cantSay('the DepthwiseConv2D of TensorFlow.js ignores its dilation', 'use groups: 1');
  const [stride = 1] = window.stride;
  if (!all(window.stride, stride)) {
    return cantSay('TensorFlow.js has depthwise convolutions of equal strides only', 'use one stride, or groups: 1');
  }
  const { padding, zeros } = placement(window);
  const x = zeros ? padded(to, to.input(), zeros, { channels, last: false }) : to.input();
  if (typeof x !== 'string') return x;
  const out = numberAttr(to.attrs, 'channels');
  const { data, shape } = weightOf(to);
  const [, , ...kernel] = shape;
  const taps = rank === 1 ? [...kernel, 1] : kernel;
  // [O, 1, kh, kw] as [kh, kw, I, O / I]: outputs of one channel lie side by side.
  const { data: turned } = transposed({ data, shape: [out, ...taps] }, [1, 2, 0]);
  const bias = to.vector(2, 'bias');
  const config = {
    kernel_size: taps,
    strides: [stride, stride],
    padding,
    ...channelsLast,
    depth_multiplier: out / channels,
    use_bias: bias.length > 0,
  };
  const weights = [{ name: 'depthwise_kernel', shape: [...taps, channels, out / channels], data: turned }, ...bias];
  if (rank === 2) return to.layer('DepthwiseConv2D', [x], config, weights);
  const y = to.layer('DepthwiseConv2D', [lifted(to, x, channels)], config, weights);
  return to.helper('lower', 'Reshape', [y], { target_shape: layerShape(to.output) });
}

export const convTranspose: Lowering = (to) => {
  const rank = to.spatialRank();
  const { kernel, stride, begin, end } = resolveTransposeWindow(to.attrs, rank);
  const out = numberAttr(to.attrs, 'channels');
  const same = kernel.every((k, i) => {
    const total = k - (stride[i] as number);
    return total >= 0 && begin[i] === Math.floor(total / 2) && end[i] === total - Math.floor(total / 2);
  });
  // `valid` leaves a place for each step of the stride, also where the kernel does not reach.
  const beyond = kernel.map((k, i) => Math.max((stride[i] as number) - k, 0));
  const cut = { begin, end: end.map((n, i) => n + (beyond[i] as number)) };
  const whole = same || (all(cut.begin, 0) && all(cut.end, 0));
  if (!whole && rank === 3) {
    return cantSay('TensorFlow.js has no layer that crops in three dimensions', 'use padding: same, or valid');
  }
  const bias = to.vector(2, 'bias');
  const { name, data, shape } = kernelOf(to);
  const flat = rank === 1;
  const config = {
    filters: out,
    kernel_size: flat ? [...kernel, 1] : kernel,
    strides: flat ? [...stride, 1] : stride,
    padding: same ? 'same' : 'valid',
    ...channelsLast,
    use_bias: bias.length > 0,
  };
  const taps = flat ? [shape[0] as number, 1, ...shape.slice(1)] : shape;
  const x = flat ? lifted(to, to.input(), to.channels()) : to.input();
  const className = flat ? 'Conv2DTranspose' : `Conv${rank}DTranspose`;
  const full = to.layer(className, [x], config, [{ name, data, shape: taps }, ...bias]);
  const y = flat
    ? to.helper('lower', 'Reshape', [full], whole ? { target_shape: layerShape(to.output) } : lowered(-1, out))
    : full;
  return whole ? y : cropped(to, y, cut, { channels: out, last: false });
};
