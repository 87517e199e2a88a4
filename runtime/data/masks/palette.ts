import sharp from 'sharp';

/** A PNG whose pixels name entries of a palette, as VOC's label images do. */
export interface PalettePng {
  /** Which entry each pixel names, row by row, as the file stores them: not turned. */
  readonly entries: Uint8Array;
  /** Red, green and blue of each entry. */
  readonly palette: Uint8Array;
  /** Of each entry 0 to 255; absent where all are opaque. */
  readonly alpha?: Uint8Array;
}

/**
 * The entries of a palette PNG: image libraries give the colors and lose them. The palette is replaced by one whose entry k is
 * the grey level k, and the library decodes that: interlacing, filters and packed bits are its business.
 * W3C PNG specification (third edition), sections 5.3 and 11.2.2.
 *
 * @returns null for a PNG without a palette, or a file that is no PNG
 * @throws what the library throws for damaged pixels
 */
export async function readPalettePng(png: Buffer): Promise<PalettePng | null> {
  if (png.length < 33 || png[25] !== 3 || png.toString('latin1', 1, 4) !== 'PNG') return null;
  const parts: Buffer[] = [png.subarray(0, 8)];
  let palette: Uint8Array | undefined;
  let alpha: Uint8Array | undefined;
  for (let at = 8; at + 12 <= png.length; ) {
    const end = at + 12 + png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    const body = png.subarray(at + 8, end - 4);
    if (type === 'PLTE') {
      palette = Uint8Array.from(body);
      parts.push(chunk(type, Buffer.from(Array.from({ length: body.length }, (_, k) => Math.floor(k / 3)))));
    } else if (type === 'tRNS') alpha = Uint8Array.from(body);
    // Colors and orientation are read elsewhere; other chunks say nothing of pixels.
    else if (type === 'IHDR' || type === 'IDAT' || type === 'IEND') parts.push(png.subarray(at, end));
    at = end;
  }
  if (palette === undefined) return null;
  const { data, info } = await sharp(Buffer.concat(parts), { failOn: 'error' })
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const entries = new Uint8Array(info.width * info.height);
  for (let p = 0, q = 0; p < entries.length; p++, q += info.channels) entries[p] = data[q]!;
  return { entries, palette, ...(alpha?.some((a) => a < 255) ? { alpha } : {}) };
}

function chunk(type: string, body: Buffer): Buffer {
  const out = Buffer.alloc(12 + body.length);
  out.writeUInt32BE(body.length, 0);
  out.write(type, 4, 'latin1');
  body.copy(out, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + body.length)), 8 + body.length);
  return out;
}

/** PNG's checksum; `zlib.crc32` came with a later Node than the oldest that is supported. */
function crc32(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let k = 0; k < 8; k++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  }
  return (value ^ 0xffffffff) >>> 0;
}
