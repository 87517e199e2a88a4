import { type SampleArray, samplesLike } from '../image.js';
import type { Size } from '../picture.js';

/** The size of an image once it is turned upright; `exif` as in EXIF 2.3, 1 to 8. */
export const turnedSize = ({ height, width }: Size, exif: number): Size =>
  exif >= 5 ? { height: width, width: height } : { height, width };

/** A plane turned upright by its EXIF orientation: what the stored rows and columns are is in EXIF 2.3, tag 274. */
export function turnPlane<T extends SampleArray | Uint32Array>(plane: T, { height, width }: Size, exif: number): T {
  if (exif <= 1 || exif > 8) return plane;
  const out = (plane instanceof Uint32Array ? new Uint32Array(plane.length) : samplesLike(plane, plane.length)) as T;
  const size = turnedSize({ height, width }, exif);
  const mirrorRow = exif === 3 || exif === 4 || exif === 6 || exif === 7;
  const mirrorColumn = exif === 2 || exif === 3 || exif === 7 || exif === 8;
  for (let y = 0, p = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++, p++) {
      // 5 to 8 exchange rows and columns; all but 1 and 5 mirror one or both.
      const row = exif >= 5 ? x : y;
      const column = exif >= 5 ? y : x;
      out[p] = plane[(mirrorRow ? height - 1 - row : row) * width + (mirrorColumn ? width - 1 - column : column)]!;
    }
  }
  return out;
}
