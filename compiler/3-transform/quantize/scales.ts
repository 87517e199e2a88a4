import { activationLevels } from '../../ops/quantize.js';

/** Numbers from `low` to `high` keep their place on the scale; those beyond become the last level. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

export interface Scale {
  /** Rounded to f32, as a file stores it. */
  readonly scale: number;
  /** The level that stands for 0, which is always exact: padding is made of it. */
  readonly zero: number;
}

/** The smallest normal f32: below, engines round scales to 0. */
const least = 2 ** -126;

/** 256 levels that span a range, stretched to hold 0. */
export function scaleOf(range: Range): Scale {
  const low = Math.min(range.low, 0);
  const high = Math.max(range.high, 0);
  const levels = activationLevels.high - activationLevels.low;
  // A value that is 0 throughout has a scale too.
  const scale = high - low > 0 ? Math.max(Math.fround((high - low) / levels), least) : 1;
  return { scale, zero: Math.min(Math.max(Math.round(-low / scale), 0), levels) };
}

export const joined = (ranges: readonly Range[]): Range => ({
  low: Math.min(...ranges.map((r) => r.low)),
  high: Math.max(...ranges.map((r) => r.high)),
});

export interface WholeWeights {
  /** Integers in -127..127. */
  readonly levels: Float32Array;
  /** One an output channel. */
  readonly scales: Float32Array;
}

/**
 * The most that two weights of one sign may sum up to, before they are rounded. A processor with AVX2 but without VNNI multiplies
 * pairs of bytes and adds the two products in 16 bits, where 255 * 129 no longer fits; rounding adds one at most to 127. ONNX Runtime's
 * own remedy, seven bits for each weight, loses more: here only the largest two share them.
 */
const largestPair = 127;

/**
 * Weights [channels, ...] in int8 with per-channel scales, symmetric about 0.
 * @param bias of each channel, in units of `step`, the scale of what is convolved: it has to fit in 32 bits beside the weights
 */
export function quantizeWeights(
  weights: Float32Array,
  channels: number,
  bias: Float32Array,
  step: number,
): WholeWeights {
  const perChannel = weights.length / channels;
  const levels = new Float32Array(weights.length);
  const scales = new Float32Array(channels);
  for (let c = 0; c < channels; c++) {
    const own = weights.subarray(c * perChannel, (c + 1) * perChannel);
    const room = Math.abs(bias[c] as number) / (step * 2 ** 30);
    const scale = Math.max(Math.fround(Math.max(largestSum(own) / largestPair, room)), least);
    scales[c] = scale;
    levels.set(
      own.map((w) => Math.round(w / scale)),
      c * perChannel,
    );
  }
  return { levels, scales };
}

/** The largest |a + b| of two weights of one sign; of one weight where there is but one. */
function largestSum(weights: Float32Array): number {
  const largest = { above: [0, 0], below: [0, 0] };
  for (const w of weights) {
    const two = w > 0 ? largest.above : largest.below;
    const size = Math.abs(w);
    if (size > (two[0] as number)) two.unshift(size);
    else if (size > (two[1] as number)) two[1] = size;
    two.length = 2;
  }
  const { above, below } = largest;
  return Math.max((above[0] as number) + (above[1] as number), (below[0] as number) + (below[1] as number));
}

/** A bias in units of step * scale, integers that f32 holds exactly. */
export const quantizeBias = (bias: Float32Array, scales: Float32Array): Float32Array =>
  bias.map((b, c) => Math.round(b / (scales[c] as number)));
