import type { Orientation } from '../image.js';
import type { Region, StoredImage } from './format.js';
import { cutSamples } from './samples.js';

/** Where a grid's box lies in space: its first sample is the new origin. */
export function placedAt(
  orientation: Orientation,
  spacing: readonly number[] | undefined,
  start: readonly number[],
): Orientation {
  const { directions } = orientation;
  const origin = orientation.origin.map((value, world) =>
    start.reduce((sum, index, axis) => sum + index * (spacing?.[axis] ?? 1) * directions[axis]![world]!, value),
  );
  return { origin, directions };
}

/** A box of an image, placed where it lies. */
export function cutRegion(image: StoredImage, region: Region): StoredImage {
  const { orientation, spacing } = image;
  return {
    ...image,
    shape: region.shape,
    data: cutSamples(image, region),
    ...(orientation ? { orientation: placedAt(orientation, spacing, region.start) } : {}),
  };
}
