import { say } from '../../grammar/say.js';
import { isNumber, num, over, times } from '../ir/dim.js';
import { numberAttr } from './attrs.js';
import type { Inferred, Op } from './op.js';
import { imageInput, refuse } from './refusal.js';
import { axisName } from './spatial.js';

/**
 * Shi et al., 2016, in 1 to 3 dimensions: with factor r, channel c of the output at (h r + i, w r + j) is channel
 * c r² + i r + j of the input at (h, w).
 */
export const pixelShuffle: Op = {
  doc: 'Enlarges by a whole factor: moves channels into space, factor² of them (in two dimensions) for each that is left.',
  language: {
    tensors: 'one',
    args: [{ name: 'upscale_factor', type: 'int', least: 1, doc: 'How many times larger each size gets.' }],
  },
  infer(attrs, inputs) {
    const image = imageInput('pixel_shuffle', inputs[0]);
    if ('code' in image) return image;
    const factor = numberAttr(attrs, 'upscale_factor');
    const moved = factor ** image.rank;
    if (image.channels % moved !== 0) {
      const above = Math.ceil(image.channels / moved) * moved;
      return refuse(
        say.channelMismatch.shuffle({ factor, multiple: moved, channels: image.channels }),
        [`bring it to ${above} channels first: conv(${above})`],
        0,
      );
    }
    const [n, , ...space] = inputs[0]!.shape;
    const shape = [n!, num(image.channels / moved), ...space.map((d) => times(d, factor))];
    return { outputs: [{ dtype: inputs[0]!.dtype, shape }] };
  },
  gradient({ attrs, outputGradients: [dy], build }) {
    const downscale_factor = numberAttr(attrs, 'upscale_factor');
    return [dy ? build.emit('pixel_unshuffle', [dy], { downscale_factor }) : null];
  },
};

/** The inverse of `pixelShuffle`, and its gradient. */
export const pixelUnshuffle: Op = {
  doc: 'Reduces by a whole factor and loses nothing: moves space into channels; the inverse of pixel_shuffle.',
  language: {
    tensors: 'one',
    args: [
      {
        name: 'downscale_factor',
        type: 'int',
        least: 1,
        doc: 'How many times smaller each size gets; must divide it.',
      },
    ],
  },
  infer(attrs, inputs) {
    const image = imageInput('pixel_unshuffle', inputs[0]);
    if ('code' in image) return image;
    const factor = numberAttr(attrs, 'downscale_factor');
    const [n, , ...space] = inputs[0]!.shape;
    const constraints: NonNullable<Inferred['constraints']>[number][] = [];
    for (const [i, d] of space.entries()) {
      if (isNumber(d) && d.offset % factor !== 0) {
        const below = Math.floor(d.offset / factor) * factor;
        return refuse(
          say.sizeNotDivisible.unshuffle({ factor, axis: axisName(i, space.length), size: d.offset }),
          [`the nearest that fit are ${below > 0 ? `${below} and ` : ''}${below + factor}`],
          0,
        );
      }
      if (factor > 1 && !isNumber(d)) constraints.push({ dim: d, divisor: factor });
    }
    const shape = [n!, num(image.channels * factor ** image.rank), ...space.map((d) => over(d, factor))];
    return { outputs: [{ dtype: inputs[0]!.dtype, shape }], constraints };
  },
  gradient({ attrs, outputGradients: [dy], build }) {
    const upscale_factor = numberAttr(attrs, 'downscale_factor');
    return [dy ? build.emit('pixel_shuffle', [dy], { upscale_factor }) : null];
  },
};
