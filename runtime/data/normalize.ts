import type { Recipe } from '../../compiler/recipe.js';
import type { Picture } from './picture.js';

/** Per channel, what makes a stored sample the network's input: `sample * gain + bias`. */
export interface Normalization {
  readonly gain: Float32Array;
  readonly bias: Float32Array;
}

/**
 * `unit`: 0 .. peak becomes 0 .. 1. `image`: each channel of this picture gets mean 0 and deviation 1; a channel of one
 * value becomes 0. The statistics are of the whole picture, whatever patch or tile of it is used: training and sliding
 * prediction then feed the same numbers.
 */
export function normalizationOf(picture: Picture, normalize: Recipe['normalize']): Normalization {
  const { channels, data, peak } = picture;
  const gain = new Float32Array(channels).fill(1 / peak);
  const bias = new Float32Array(channels);
  if (normalize === 'unit') return { gain, bias };
  const area = picture.height * picture.width;
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    let squares = 0;
    // Integers below 2^16: their squares add up exactly in a double for any picture below 2^21 megapixels.
    for (let i = c * area; i < (c + 1) * area; i++) {
      const value = data[i]!;
      sum += value;
      squares += value * value;
    }
    const mean = sum / area;
    const deviation = Math.sqrt(Math.max(0, squares / area - mean * mean));
    gain[c] = deviation > 0 ? 1 / deviation : 0;
    bias[c] = -mean * gain[c]!;
  }
  return { gain, bias };
}

/** A picture as the network takes it: [channels, height, width] floats. */
export function toInput(picture: Picture, normalize: Recipe['normalize']): Float32Array {
  const { gain, bias } = normalizationOf(picture, normalize);
  const area = picture.height * picture.width;
  const out = new Float32Array(picture.channels * area);
  for (let c = 0; c < picture.channels; c++) {
    const scale = gain[c]!;
    const shift = bias[c]!;
    for (let i = c * area; i < (c + 1) * area; i++) out[i] = picture.data[i]! * scale + shift;
  }
  return out;
}
