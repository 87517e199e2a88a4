import type { StoredImage } from './formats/index.js';
import { samplesLike } from './image.js';

/**
 * A picture turned and mirrored as its EXIF or TIFF orientation says, as a person who annotated it saw it. Exif 2.32,
 * tag 274: from 5 on rows become columns.
 */
export function upright(image: StoredImage): StoredImage {
  const turn = image.header.exif;
  const [height, width] = image.shape;
  if (turn === undefined || image.shape.length !== 2 || height === undefined || width === undefined) return image;
  const transpose = turn >= 5;
  const mirrorRows = turn === 3 || turn === 4 || turn === 7 || turn === 8;
  const mirrorColumns = turn === 2 || turn === 3 || turn === 6 || turn === 7;
  const shape = transpose ? [width, height] : [height, width];
  const [rows, columns] = shape as [number, number];
  const data = samplesLike(image.data, image.data.length);
  const area = height * width;
  for (let c = 0, to = 0; c < image.channels; c++) {
    for (let y = 0; y < rows; y++) {
      const v = mirrorRows ? rows - 1 - y : y;
      for (let x = 0; x < columns; x++) {
        const u = mirrorColumns ? columns - 1 - x : x;
        data[to++] = image.data[c * area + (transpose ? u * width + v : v * width + u)]!;
      }
    }
  }
  const { exif: _, ...header } = image.header;
  return { ...image, shape, data, header: { ...header, shape } };
}

/** The shape that `upright` gives, from a header. */
export function uprightShape(header: StoredImage['header']): readonly number[] {
  return header.exif !== undefined && header.exif >= 5 ? [...header.shape].reverse() : header.shape;
}
