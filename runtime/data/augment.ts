import type { Random } from '../../compiler/random.js';
import type { Augmentation, Recipe } from '../../compiler/recipe.js';
import {
  copyImage,
  copyMask,
  type Placement,
  type Symmetry,
  type Warp,
  warpImage,
  warpMask,
  warpPositions,
} from './geometry.js';
import { changeIntensity } from './intensity.js';
import type { Normalization } from './normalize.js';
import { type Pair, planesOf, type Size } from './picture.js';
import { smoothField } from './smooth-field.js';

/** A pair ready to be cut and changed; its image is stored as it was, and normalized while it is copied. */
export interface Sample extends Pair {
  readonly normalization: Normalization;
}

/** How samples are made: `patch`: a window at a random place; otherwise the sample has the output's size already. */
export interface AugmentOptions {
  readonly augment: readonly Augmentation[];
  readonly normalize: Recipe['normalize'];
  readonly patch: boolean;
  readonly size: Size;
}

/**
 * Makes one training example of a sample. All chance comes from `random`.
 *
 * flip: each axis with probability 1/2 · rotate90: a quarter turn out of four (a half turn out of two where the whole of
 * an image that is not square is used) · rotate: by U(-amount, amount) degrees · scale: objects grow by
 * U(1 - amount, 1 + amount) · elastic: each pixel is displaced by a smooth random field of root mean square `amount`
 * pixels (Simard, Steinkraus & Platt, 2003; on a coarse lattice as in Ronneberger et al., 2015). rotate, scale and
 * elastic make one resampling pass together, bilinear for the image and nearest for the mask, and what comes into view
 * from outside is reflected. Then brightness, contrast and noise: see `changeIntensity`.
 *
 * @param image [channels, height, width], overwritten
 * @param mask [planes, height, width], overwritten
 */
export function augmentSample(
  random: Random,
  sample: Sample,
  options: AugmentOptions,
  image: Float32Array,
  mask: Uint8Array,
): void {
  const { augment, size } = options;
  const source = sample.image;
  const symmetry = drawSymmetry(random, augment, options.patch || size.height === size.width);
  const place = drawPlace(random, source, size, symmetry, options.patch);
  const warp = drawWarp(random, augment, size, place);
  if (warp === null) {
    copyImage(source.data, source.channels, source, place, sample.normalization, size, image);
    copyMask(sample.mask.data, planesOf(sample.mask), source, place, size, mask);
  } else {
    const positions = warpPositions(source, size, warp);
    warpImage(source.data, source.channels, source, positions, sample.normalization, image);
    warpMask(sample.mask.data, planesOf(sample.mask), source, positions, mask);
  }
  changeIntensity(random, augment, options.normalize, image);
}

function drawSymmetry(random: Random, augment: readonly Augmentation[], mayTranspose: boolean): Symmetry {
  let transpose = false;
  let flipY = false;
  let flipX = false;
  for (const { name } of augment) {
    if (name === 'flip') {
      if (random.boolean()) flipY = !flipY;
      if (random.boolean()) flipX = !flipX;
    } else if (name === 'rotate90') {
      const quarters = mayTranspose ? random.int(4) : 2 * random.int(2);
      if (quarters % 2 === 1) transpose = !transpose;
      if (quarters === 1 || quarters === 2) flipX = !flipX;
      if (quarters === 3 || quarters === 2) flipY = !flipY;
    }
  }
  return { transpose, flipY, flipX };
}

/** A random window of a source that has room; one larger than the source is centred, and reflected at its borders. */
function drawPlace(random: Random, source: Size, size: Size, symmetry: Symmetry, patch: boolean): Placement {
  const first = (room: number): number => (room > 0 ? random.int(room + 1) : Math.floor(room / 2));
  const height = symmetry.transpose ? size.width : size.height;
  const width = symmetry.transpose ? size.height : size.width;
  return {
    ...symmetry,
    top: patch ? first(source.height - height) : 0,
    left: patch ? first(source.width - width) : 0,
  };
}

/** The free transformation about the placed window's centre; null where none is asked for. */
function drawWarp(random: Random, augment: readonly Augmentation[], size: Size, place: Placement): Warp | null {
  let angle = 0;
  let scale = 1;
  let displacement: { dy: Float32Array; dx: Float32Array } | undefined;
  let free = false;
  for (const { name, amount } of augment) {
    if (name === 'rotate') angle += (random.uniform(-amount, amount) * Math.PI) / 180;
    else if (name === 'scale') scale *= random.uniform(1 - amount, 1 + amount);
    else if (name === 'elastic') displacement = drawDisplacement(random, size, amount);
    else continue;
    free = true;
  }
  if (!free) return null;
  const cos = Math.cos(angle) / scale;
  const sin = Math.sin(angle) / scale;
  const { transpose, flipY, flipX } = place;
  // Rows of the symmetry as a matrix: which of (u, v) the source's row and column follow, and with which sign.
  const signY = flipY ? -1 : 1;
  const signX = flipX ? -1 : 1;
  return {
    centreY: place.top + ((transpose ? size.width : size.height) - 1) / 2,
    centreX: place.left + ((transpose ? size.height : size.width) - 1) / 2,
    matrix: transpose
      ? [signY * sin, signY * cos, signX * cos, -signX * sin]
      : [signY * cos, -signY * sin, signX * sin, signX * cos],
    ...(displacement === undefined ? {} : { displacement }),
  };
}

function drawDisplacement(random: Random, size: Size, amount: number): { dy: Float32Array; dx: Float32Array } {
  // A lattice finer than a few displacements would fold the image over itself.
  const spacing = Math.max(8, 4 * amount, Math.min(size.height, size.width) / 4);
  const draw = (): Float32Array => {
    const field = smoothField(random, size.height, size.width, spacing);
    for (let i = 0; i < field.length; i++) field[i] = field[i]! * amount;
    return field;
  };
  return { dy: draw(), dx: draw() };
}
