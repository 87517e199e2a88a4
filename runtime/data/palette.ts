import { inflateSync } from 'node:zlib';
import type { Size } from './picture.js';

/** The class numbers of a palette PNG: which entry of the palette each pixel names. */
export interface PaletteIndices extends Size {
  readonly data: Uint8Array;
}

/**
 * Reads the indices of a palette PNG, as VOC-style label images store classes: image libraries answer the colours and
 * lose them. W3C PNG specification (third edition), sections 7.2, 9 and 11.2. Answers null for an interlaced image.
 * The caller has decoded the file once already, so its checksums and length are known to be right.
 */
export function paletteIndices(png: Uint8Array): PaletteIndices | null {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const parts: Uint8Array[] = [];
  let width = 0;
  let height = 0;
  let bits = 8;
  for (let at = 8; at + 12 <= png.length; ) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...png.subarray(at + 4, at + 8));
    const body = at + 8;
    if (type === 'IHDR') {
      width = view.getUint32(body);
      height = view.getUint32(body + 4);
      bits = png[body + 8]!;
      if (png[body + 9] !== 3 || png[body + 12] !== 0) return null;
    } else if (type === 'IDAT') parts.push(png.subarray(body, body + length));
    else if (type === 'IEND') break;
    at = body + length + 4;
  }
  const stride = Math.ceil((width * bits) / 8);
  const rows = inflateSync(Buffer.concat(parts));
  if (rows.length < height * (stride + 1)) return null;
  const data = new Uint8Array(width * height);
  let above = new Uint8Array(stride);
  for (let y = 0; y < height; y++) {
    const start = y * (stride + 1);
    const row = new Uint8Array(rows.subarray(start + 1, start + 1 + stride));
    unfilter(rows[start]!, row, above);
    for (let x = 0; x < width; x++) {
      const bit = x * bits;
      data[y * width + x] = (row[bit >> 3]! >> (8 - bits - (bit & 7))) & ((1 << bits) - 1);
    }
    above = row;
  }
  return { height, width, data };
}

/** Undoes a row's filter in place, for pixels of one byte or less. */
function unfilter(filter: number, row: Uint8Array, above: Uint8Array): void {
  for (let i = 0; i < row.length; i++) {
    const left = i > 0 ? row[i - 1]! : 0;
    const up = above[i]!;
    const corner = i > 0 ? above[i - 1]! : 0;
    let predicted = 0;
    if (filter === 1) predicted = left;
    else if (filter === 2) predicted = up;
    else if (filter === 3) predicted = (left + up) >> 1;
    else if (filter === 4) predicted = paeth(left, up, corner);
    row[i] = row[i]! + predicted;
  }
}

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner;
  const toLeft = Math.abs(estimate - left);
  const toUp = Math.abs(estimate - up);
  const toCorner = Math.abs(estimate - corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}
