import sharp from 'sharp';
import type { Picture } from './index.js';

/** An 8-bit grey PNG; each byte is a pixel, row-major. */
export const greyPng = (data: Uint8Array, height: number, width: number): Promise<Buffer> =>
  sharp(data, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png({ compressionLevel: 9 })
    .toBuffer();

/** An 8-bit RGB PNG of interleaved bytes. */
export const rgbPng = (data: Uint8Array, height: number, width: number): Promise<Buffer> =>
  sharp(data, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 9 })
    .toBuffer();

/** A picture as interleaved 8-bit RGB for looking at. Samples of more than 8 bits, which rarely
 * fill their range, are stretched to it. */
export function displayed(picture: Picture): Uint8Array {
  const { channels, height, width, data } = picture;
  const area = height * width;
  let [low, high] = picture.range;
  if (!(data instanceof Uint8Array)) {
    low = Number.POSITIVE_INFINITY;
    high = Number.NEGATIVE_INFINITY;
    for (const v of data) {
      if (v < low) low = v;
      if (v > high) high = v;
    }
  }
  const scale = 255 / (high > low ? high - low : 1);
  const out = new Uint8Array(3 * area);
  for (let p = 0; p < area; p++) {
    for (let c = 0; c < 3; c++)
      out[3 * p + c] = ((data[Math.min(c, channels - 1) * area + p] as number) - low) * scale + 0.5;
  }
  return out;
}
