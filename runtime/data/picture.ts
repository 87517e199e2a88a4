import type { Picture } from './image.js';

export type { Picture } from './image.js';

/**
 * What is true of each pixel, in the layout of a `Picture`. `labels`: one plane of class numbers 0 .. classes - 1, and 255
 * where a pixel is left out of losses and measures (so at most 255 classes). `planes`: one plane of 0 or 1 for each class,
 * which may overlap; a binary mask is one such plane.
 */
export interface Mask {
  readonly kind: 'labels' | 'planes';
  readonly classes: number;
  readonly height: number;
  readonly width: number;
  readonly data: Uint8Array;
  /** Of `planes`: [height, width], 1 where a pixel is left out, whose planes are 0 then; absent where none is. */
  readonly ignore?: Uint8Array;
}

export const planesOf = (mask: Mask): number => (mask.kind === 'labels' ? 1 : mask.classes);

export interface Size {
  readonly height: number;
  readonly width: number;
}

/** An image and its mask, of one size. */
export interface Pair {
  readonly image: Picture;
  readonly mask: Mask;
}

/** `256x320`: height first, as everywhere in this program. */
export const printSize = (size: Size): string => `${size.height}x${size.width}`;
