import { makePicture, type SampleArray } from './image.js';
import type { Mask, Picture, Size } from './picture.js';
import { planesOf } from './picture.js';
import { linear, nearest, roundedLike } from './transforms/resample.js';

/**
 * Resizes by bilinear interpolation whose triangle widens with the reduction, so that nothing is skipped when an image
 * shrinks: the filter of Pillow's BILINEAR and of torch's `interpolate(mode="bilinear", antialias=True)`. Samples stay in
 * their own bits, rounded once.
 */
export function resizePicture(picture: Picture, size: Size): Picture {
  const { channels, height, width } = picture;
  if (height === size.height && width === size.width) return picture;
  const exact = resizePlanes(picture.data, channels, picture, size);
  return makePicture(channels, size.height, size.width, roundedLike(exact, picture.data), picture.range);
}

/** Resizes a mask by the nearest pixel (centres aligned, torch's `nearest-exact`), which makes no value that was not there. */
export function resizeMask(mask: Mask, size: Size): Mask {
  if (mask.height === size.height && mask.width === size.width) return mask;
  const data = nearest(mask.data, planesOf(mask), shapeOf(mask), shapeOf(size));
  const ignore = mask.ignore && { ignore: nearest(mask.ignore, 1, shapeOf(mask), shapeOf(size)) };
  return { ...mask, height: size.height, width: size.width, data, ...ignore };
}

/** The same bilinear resize on planes of any numbers, such as predicted probabilities; answers floats. */
export function resizePlanes(data: SampleArray, planes: number, from: Size, to: Size): Float32Array {
  return linear(data, planes, shapeOf(from), shapeOf(to));
}

const shapeOf = ({ height, width }: Size): readonly number[] => [height, width];
