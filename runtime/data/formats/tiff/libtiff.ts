import sharp from 'sharp';
import { corrupt, unsupported } from '../damage.js';
import type { Page } from './directory.js';

/**
 * A window of a page by libtiff, behind sharp. It shows greys with white
 * as the highest value and stretches 1, 2 and 4 bits over 0 to 255; both are undone, to give samples as they are stored.
 */
export async function readByLibtiff(
  path: string,
  page: Page,
  window: { readonly top: number; readonly left: number; readonly height: number; readonly width: number },
): Promise<(Uint8Array | Uint16Array)[]> {
  const { bits, sampleFormat } = page;
  if (sampleFormat !== 1 || bits > 16) {
    throw unsupported(path, `holds ${bits}-bit samples compressed as pictures`, 'save it with LZW, deflate or zstd');
  }
  const samples = page.photometric === 6 ? 3 : page.samples;
  const wide = bits > 8;
  try {
    const { data, info } = await sharp(path, {
      page: page.index,
      ignoreIcc: true,
      failOn: 'error',
      // Its size was checked against the file's.
      limitInputPixels: false,
    })
      .extract(window)
      .toColourspace(samples < 3 ? (wide ? 'grey16' : 'b-w') : wide ? 'rgb16' : 'srgb')
      .raw({ depth: wide ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const all = wide ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : new Uint8Array(data);
    const area = window.height * window.width;
    if (info.channels < samples) throw corrupt(path, 'its channels are not those of its header');
    return Array.from({ length: samples }, (_, s) => {
      const plane = wide ? new Uint16Array(area) : new Uint8Array(area);
      const step = info.channels;
      if (page.photometric !== 0 && bits >= 8) {
        for (let p = 0, q = s; p < area; p++, q += step) plane[p] = all[q]!;
        return plane;
      }
      const peak = wide ? 65535 : 255;
      const scale = bits < 8 ? (2 ** bits - 1) / 255 : 1;
      for (let p = 0, q = s; p < area; p++, q += step) {
        plane[p] = Math.round((page.photometric === 0 ? peak - all[q]! : all[q]!) * scale);
      }
      return plane;
    });
  } catch (error) {
    throw error instanceof Error && error.name === 'UserError' ? error : corrupt(path, error);
  }
}
