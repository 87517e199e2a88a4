import { corrupt } from '../damage.js';
import type { Source } from '../source.js';

/** What one page of a TIFF says of itself. TIFF 6.0 (Adobe, 1992); BigTIFF as in libtiff. */
export interface Page {
  /** Its place among all directories of the file. */
  readonly index: number;
  readonly width: number;
  readonly height: number;
  /** Bits of each sample, all alike. */
  readonly bits: number;
  /** False where the file leaves them to the default of 1. */
  readonly bitsStated: boolean;
  readonly samples: number;
  /** 1 unsigned, 2 signed, 3 floats. */
  readonly sampleFormat: number;
  readonly compression: number;
  /** 0 white is zero, 1 black is zero, 2 RGB, 3 palette, 5 CMYK, 6 YCbCr. */
  readonly photometric: number;
  readonly planar: 1 | 2;
  readonly fillOrder: number;
  readonly orientation: number;
  /** Of each sample beyond the colour's: 1 and 2 are alpha. */
  readonly extra: readonly number[];
  readonly description: string;
  /** Pixels a unit in x and y; null where absent or 0. */
  readonly resolution: readonly [number, number] | null;
  readonly palette: Uint16Array | null;
  /** A smaller copy of another page, or a transparency mask. */
  readonly secondary: boolean;
  /** Bytes of all strips or tiles together, compressed. */
  readonly stored: number;
  /** Of the largest strip or tile. */
  readonly largestBlock: number;
  /** Width and height of a strip or tile, and how many there are. */
  readonly block: readonly [width: number, height: number];
}

/** Bytes of each type of field, by its number. */
const fieldBytes: Readonly<Record<number, number>> = {
  1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8,
}; // biome-ignore format: a table

/** More pages than this in one file are no image stack. */
const mostPages = 1 << 16;

type Fields = ReadonlyMap<number, { readonly type: number; readonly count: number; readonly bytes: Uint8Array }>;

/**
 * Reads every directory of a TIFF, without pixels. Each claim of a place or length is checked against the file, so that
 * what decodes it later can't be led astray.
 *
 * @throws UserError when the file contradicts itself
 */
export async function readPages(source: Source): Promise<{ pages: Page[]; little: boolean }> {
  const { path, size } = source;
  const head = await source.head(16);
  const little = head[0] === 0x49;
  const big = new DataView(head.buffer).getUint16(2, little) === 43;
  const header = new DataView((await source.read(0, big ? 16 : 8)).buffer);
  const pages: Page[] = [];
  const seen = new Set<number>();
  for (let at = place(header, big ? 8 : 4); at !== 0; ) {
    if (seen.has(at) || seen.size > mostPages) throw corrupt(path, 'its pages form a loop');
    seen.add(at);
    const { fields, next } = await readFields(at);
    pages.push(pageOf(path, size, pages.length, fields, little));
    at = next;
  }
  if (pages.length === 0) throw corrupt(path, 'it has no page');
  return { pages, little };

  function place(view: DataView, offset: number): number {
    return big ? Number(view.getBigUint64(offset, little)) : view.getUint32(offset, little);
  }

  async function readFields(at: number): Promise<{ fields: Fields; next: number }> {
    const width = big ? 8 : 2;
    const entry = big ? 20 : 12;
    const count = await source.read(at, width);
    const view = new DataView(count.buffer);
    const entries = big ? Number(view.getBigUint64(0, little)) : view.getUint16(0, little);
    if (entries > 4096) throw corrupt(path, `a page has ${entries} fields`);
    const body = await source.read(at + width, entries * entry + (big ? 8 : 4));
    const table = new DataView(body.buffer);
    const fields = new Map<number, { type: number; count: number; bytes: Uint8Array }>();
    for (let k = 0; k < entries; k++) {
      const start = k * entry;
      const tag = table.getUint16(start, little);
      const type = table.getUint16(start + 2, little);
      const length = fieldBytes[type];
      const found = big ? Number(table.getBigUint64(start + 4, little)) : table.getUint32(start + 4, little);
      if (length === undefined) throw corrupt(path, `its field ${tag} is of the unknown type ${type}`);
      const bytes = found * length;
      const inside = start + (big ? 12 : 8);
      if (bytes <= (big ? 8 : 4)) fields.set(tag, { type, count: found, bytes: body.subarray(inside, inside + bytes) });
      else {
        const from = place(table, inside);
        if (from + bytes > size) throw corrupt(path, `its field ${tag} lies beyond its end`);
        if (wanted.has(tag)) fields.set(tag, { type, count: found, bytes: await source.read(from, bytes) });
      }
    }
    return { fields, next: place(table, entries * entry) };
  }
}

const tag = {
  subfile: 254, width: 256, height: 257, bits: 258, compression: 259, photometric: 262, fillOrder: 266, description: 270,
  stripOffsets: 273, orientation: 274, samples: 277, rowsPerStrip: 278, stripBytes: 279, xResolution: 282, yResolution: 283, planar: 284,
  colourMap: 320, tileWidth: 322, tileHeight: 323, tileOffsets: 324, tileBytes: 325, extra: 338, sampleFormat: 339,
} as const; // biome-ignore format: a table
const wanted: ReadonlySet<number> = new Set(Object.values(tag));

function pageOf(path: string, size: number, index: number, fields: Fields, little: boolean): Page {
  const numbers = (key: number): number[] => {
    const field = fields.get(key);
    if (!field) return [];
    const { bytes, type, count } = field;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const step = fieldBytes[type]!;
    return Array.from({ length: count }, (_, k) => {
      const at = k * step;
      if (type === 5) return view.getUint32(at, little) / view.getUint32(at + 4, little);
      if (step === 1) return view.getUint8(at);
      if (step === 2) return view.getUint16(at, little);
      if (step === 4) return view.getUint32(at, little);
      return Number(view.getBigUint64(at, little));
    });
  };
  const one = (key: number, otherwise: number): number => numbers(key)[0] ?? otherwise;
  const alike = (key: number, otherwise: number, what: string): number => {
    const all = numbers(key);
    if (all.some((value) => value !== all[0])) throw corrupt(path, `its channels differ in their ${what}`);
    return all[0] ?? otherwise;
  };
  const width = one(tag.width, 0);
  const height = one(tag.height, 0);
  const tiled = fields.has(tag.tileOffsets);
  const offsets = numbers(tiled ? tag.tileOffsets : tag.stripOffsets);
  const lengths = numbers(tiled ? tag.tileBytes : tag.stripBytes);
  const samples = one(tag.samples, 1);
  const planar = one(tag.planar, 1) === 2 ? 2 : 1;
  const block = tiled
    ? ([one(tag.tileWidth, 0), one(tag.tileHeight, 0)] as const)
    : ([width, Math.min(height, one(tag.rowsPerStrip, height))] as const);
  if (!(width > 0 && height > 0 && block[0] > 0 && block[1] > 0 && samples > 0)) throw corrupt(path, 'its size is 0');
  const blocks = Math.ceil(width / block[0]) * Math.ceil(height / block[1]) * (planar === 2 ? samples : 1);
  if (offsets.length < blocks || lengths.length < blocks) throw corrupt(path, 'strips or tiles are missing');
  let stored = 0;
  let largest = 0;
  for (let k = 0; k < blocks; k++) {
    if (offsets[k]! + lengths[k]! > size) throw corrupt(path, 'a strip or tile lies beyond its end');
    stored += lengths[k]!;
    largest = Math.max(largest, lengths[k]!);
  }
  const description = fields.get(tag.description)?.bytes ?? new Uint8Array();
  const map = numbers(tag.colourMap);
  const [x, y] = [one(tag.xResolution, 0), one(tag.yResolution, 0)];
  return {
    index,
    width,
    height,
    samples,
    bits: alike(tag.bits, 1, 'bits'),
    bitsStated: fields.has(tag.bits),
    sampleFormat: alike(tag.sampleFormat, 1, 'type'),
    compression: one(tag.compression, 1),
    photometric: one(tag.photometric, 1),
    planar,
    fillOrder: one(tag.fillOrder, 1),
    orientation: one(tag.orientation, 1),
    extra: numbers(tag.extra),
    description: new TextDecoder().decode(description).replace(/\0[\s\S]*$/, ''),
    resolution: x > 0 && y > 0 && Number.isFinite(x) && Number.isFinite(y) ? [x, y] : null,
    palette: map.length > 0 ? interleaved(map) : null,
    secondary: (one(tag.subfile, 0) & 5) !== 0,
    stored,
    largestBlock: largest,
    block,
  };
}

/** A colour map stores all reds, then all greens, then all blues. */
function interleaved(map: readonly number[]): Uint16Array {
  const entries = Math.floor(map.length / 3);
  return Uint16Array.from({ length: 3 * entries }, (_, k) => map[(k % 3) * entries + Math.floor(k / 3)]!);
}
