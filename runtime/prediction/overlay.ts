import { type Mask, type Picture, planesOf } from '../data/index.js';
import { displayed, greyPng, rgbPng } from '../data/png.js';
import { mostProbable } from './most-probable.js';
import type { Plane } from './tiling.js';

/** What is said of each pixel, in the layout of a truth. */
export type Segmentation = Mask;

/** Probabilities decided: the most probable class where classes exclude each other, else each class above the threshold. */
export function decide(maps: Plane, exclusive: boolean, threshold: number): Segmentation {
  const { channels, height, width, data } = maps;
  if (exclusive && channels > 1) {
    return { kind: 'labels', height, width, data: mostProbable(data, channels), classes: channels };
  }
  const planes = Uint8Array.from(data, (p) => (p > threshold ? 1 : 0));
  return { kind: 'planes', height, width, data: planes, classes: channels };
}

/** Colours that stay apart for colour-blind readers (Okabe & Ito, 2008), in the order classes get them. */
export const classColors: readonly (readonly [number, number, number])[] = [
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
  [240, 228, 66],
  [213, 94, 0],
  [204, 121, 167],
  [0, 114, 178],
];

/**
 * The picture with each class tinted and outlined, as RGB bytes. A label map's class 0 is taken for background.
 * @param tint share of the colour inside a region, 0..1
 */
export function overlaid(picture: Picture, segmentation: Segmentation, tint = 0.25): Uint8Array {
  const { height, width } = picture;
  const out = displayed(picture);
  const planes = planesOfSegmentation(segmentation);
  for (const { plane, color } of planes) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const p = y * width + x;
        if (!plane[p]) continue;
        const edge =
          (x > 0 && !plane[p - 1]) ||
          (x + 1 < width && !plane[p + 1]) ||
          (y > 0 && !plane[p - width]) ||
          (y + 1 < height && !plane[p + width]);
        const share = edge ? 1 : tint;
        for (let c = 0; c < 3; c++) {
          const k = 3 * p + c;
          out[k] = (out[k] as number) * (1 - share) + (color[c] as number) * share + 0.5;
        }
      }
    }
  }
  return out;
}

function planesOfSegmentation(s: Segmentation): { plane: Uint8Array; color: readonly number[] }[] {
  const area = s.height * s.width;
  const colorOf = (k: number): readonly number[] => classColors[k % classColors.length] ?? [255, 0, 0];
  if (s.kind === 'planes') {
    return Array.from({ length: planesOf(s) }, (_, k) => ({
      plane: s.data.subarray(k * area, (k + 1) * area),
      color: colorOf(k),
    }));
  }
  return Array.from({ length: s.classes - 1 }, (_, k) => ({
    plane: s.data.map((v) => (v === k + 1 ? 1 : 0)),
    color: colorOf(k),
  }));
}

export const overlayPng = (picture: Picture, segmentation: Segmentation): Promise<Buffer> =>
  rgbPng(overlaid(picture, segmentation), picture.height, picture.width);

/** A segmentation as mask files: class numbers in one file, or 0 and 255 in one file for each class. */
export function maskPngs(segmentation: Segmentation): Promise<Buffer>[] {
  const { kind, height, width, data, classes } = segmentation;
  if (kind === 'labels') return [greyPng(data, height, width)];
  const area = height * width;
  return Array.from({ length: classes }, (_, c) =>
    greyPng(
      data.subarray(c * area, (c + 1) * area).map((v) => v * 255),
      height,
      width,
    ),
  );
}
