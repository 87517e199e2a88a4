import type { Recipe } from '../../compiler/recipe.js';
import { UserError } from '../../compiler/user-error.js';
import type { Image } from './image.js';
import type { Picture } from './picture.js';

/** Per channel, what makes a stored sample the network's input: `sample * gain + bias`. */
export interface Normalization {
  readonly gain: Float32Array;
  readonly bias: Float32Array;
}

/**
 * `unit`: the range of the samples' type becomes 0 .. 1. `image`: each channel of this picture gets mean 0 and deviation 1; a channel of one
 * value becomes 0. The statistics are of the whole picture, whatever patch or tile of it is used: training and sliding
 * prediction then feed the same numbers.
 */
export function normalizationOf(picture: Picture, normalize: Recipe['normalize']): Normalization {
  const { channels, data } = picture;
  const [lowest, highest] = picture.range;
  const gain = new Float32Array(channels).fill(1 / (highest - lowest));
  const bias = new Float32Array(channels).fill(lowest === 0 ? 0 : -lowest / (highest - lowest));
  if (normalize === 'unit') {
    requireUnit(picture);
    return { gain, bias };
  }
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

/**
 * Signed and float samples have no scale of their own (Hounsfield units, counts): to divide them by their type's range would
 * make nearly constant images, and to divide them by each file's range would make no two of them comparable.
 */
function requireUnit({ data, range }: Image): void {
  const way = 'let the network normalize each image: normalize = image in the train block';
  if (data instanceof Int16Array) {
    throw new UserError(
      'normalize-range',
      'signed samples, such as Hounsfield units, have no range that becomes 0 to 1',
      way,
    );
  }
  if (!(data instanceof Float32Array)) return;
  for (const value of data) {
    if (value >= range[0] && value <= range[1]) continue;
    const what = `a sample of floats is ${value}, outside ${range[0]} to ${range[1]}: normalize = unit has no scale for it`;
    throw new UserError('normalize-range', what, way);
  }
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
