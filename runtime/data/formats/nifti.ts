import * as nifti from 'nifti-reader-js';
import { UserError } from '../../../compiler/user-error.js';
import { corrupt, unsupported } from './damage.js';
import type { Format, ImageHeader, ReadOptions, SampleType } from './format.js';
import { type Placed, placedBy, printMatrix } from './placement.js';
import { type RawLayout, readRaw } from './raw.js';
import { bytesOf, checkSize } from './samples.js';
import { inflated, isGzip, type Source, withSource } from './source.js';

/** https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h and nifti2.h: NIFTI_TYPE_*. RGB24 is three channels of bytes. */
const types: Readonly<Record<number, SampleType>> = {
  2: 'uint8',
  4: 'int16',
  8: 'int32',
  16: 'float32',
  64: 'float64',
  128: 'uint8',
  256: 'int8',
  512: 'uint16',
  768: 'uint32',
  1024: 'int64',
  1280: 'uint64',
};
const rgb24 = 128;

/** The extension field follows the header; its first bytes are enough to know that there is one. */
const headerBytes = 544;

type NiftiHeader = NonNullable<ReturnType<typeof nifti.readHeader>>;

/**
 * NIfTI-1 and NIfTI-2, plain, gzipped, or as a pair of .hdr and .img, of either byte order. Axes beyond the third (time,
 * components) are channels.
 */
export const niftiFormat: Format = {
  name: 'NIfTI',
  extensions: ['.nii', '.nii.gz', '.hdr', '.img', '.hdr.gz', '.img.gz'],
  sniff: (head) => versionOf(head) !== null,
  header: async (source, options) => (await open(source, options)).header,
  read: async (source, options, region) => {
    const { header, layout, image, separate } = await open(source, options);
    if (!separate) return readRaw(image, header, layout, region);
    return withSource(image.path, async (file) => {
      const pixels = isGzip(await file.head(3)) ? inflated(file, 'gzip') : file;
      return readRaw(pixels, header, layout, region);
    });
  },
};

function versionOf(head: Uint8Array): 1 | 2 | null {
  if (head.length < 348) return null;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const magic = (at: number): string => String.fromCharCode(...head.subarray(at, at + 3));
  for (const little of [true, false]) {
    if (view.getInt32(0, little) === 348 && ['n+1', 'ni1'].includes(magic(344))) return 1;
    if (view.getInt32(0, little) === 540 && ['n+2', 'ni2'].includes(magic(4))) return 2;
  }
  return null;
}

async function open(
  source: Source,
  options: ReadOptions,
): Promise<{ header: ImageHeader; layout: RawLayout; image: Source; separate: boolean }> {
  const { path } = source;
  const packed = isGzip(await source.head(3));
  const image = packed ? inflated(source, 'gzip') : source;
  const bytes = await image.head(headerBytes);
  if (bytes.length < headerBytes - 4) {
    // A NIfTI-1 header of a pair ends after 348 bytes.
    if (versionOf(bytes) !== 1) throw corrupt(path, 'its header is cut off');
  }
  const padded = new Uint8Array(headerBytes);
  // Extensions hold nothing that is needed here, and their sizes are claims: the flag that announces them is left at 0.
  padded.set(bytes.subarray(0, versionOf(bytes) === 1 ? 348 : 540));
  let found: NiftiHeader | null;
  try {
    found = nifti.readHeader(padded.buffer, true);
  } catch (error) {
    throw corrupt(path, error);
  }
  if (found === null) throw corrupt(path, 'its header is damaged');
  const single = found.magic.startsWith('n+');
  const header = headerOf(path, found, options);
  const layout: RawLayout = {
    offset: Math.max(single ? found.vox_offset : 0, single ? 348 : found.vox_offset),
    type: header.type,
    little: found.littleEndian,
    outside: found.datatypeCode === rgb24 ? header.shape.length : 0,
  };
  if (!Number.isSafeInteger(layout.offset)) throw corrupt(path, `its voxels start at ${layout.offset}`);
  if (single) {
    checkSize(path, header.shape, header.channels, bytesOf[header.type], image.size - layout.offset);
    return { header, layout, image, separate: false };
  }
  const partner = partnerOf(path);
  return { header, layout, image: { ...image, path: partner }, separate: true };
}

/** `a.img` of `a.hdr` or of itself, gzipped or not. */
function partnerOf(path: string): string {
  return path.replace(/\.(hdr|img)(\.gz)?$/i, (_, kind: string, gz = '') => {
    const img = kind === kind.toUpperCase() ? '.IMG' : '.img';
    return `${img}${gz}`;
  });
}

function headerOf(path: string, found: NiftiHeader, options: ReadOptions): ImageHeader {
  const type = types[found.datatypeCode];
  if (type === undefined) {
    throw unsupported(
      path,
      `holds samples of NIfTI's type ${found.datatypeCode} (complex, RGBA or 128 bits)`,
      'convert it to integers or floats of at most 64 bits',
    );
  }
  const used = Number(found.dims[0]);
  if (!(used >= 1 && used <= 7)) throw corrupt(path, `it says that it has ${used} dimensions`);
  const lengths = Array.from({ length: 7 }, (_, k) => (k < used ? Number(found.dims[k + 1]) : 1));
  const rank = used < 3 ? 2 : 3;
  const shape = lengths.slice(0, rank).reverse();
  const channels = lengths.slice(rank).reduce((a, b) => a * b, 1) * (found.datatypeCode === rgb24 ? 3 : 1);
  if (found.datatypeCode === rgb24 && channels !== 3) {
    throw unsupported(path, 'holds a series of colour volumes', 'split it into one file a volume');
  }
  const { scl_slope: slope, scl_inter: intercept } = found;
  // nifti1.h: a slope of 0 means that there is no scaling.
  const scaled =
    slope !== 0 && Number.isFinite(slope) && Number.isFinite(intercept) && (slope !== 1 || intercept !== 0);
  return {
    format: 'nifti',
    channels,
    shape,
    type,
    bits: 8 * bytesOf[type],
    photometric: found.datatypeCode === rgb24 ? 'rgb' : 'black-is-zero',
    alpha: false,
    lossy: false,
    ...(scaled && found.datatypeCode !== rgb24 ? { rescale: { slope, intercept } } : {}),
    ...placementOf(path, found, rank, options),
  };
}

/** Millimetres of one of NIfTI's units of space; where none is given it is millimetres. */
const millimetres: Readonly<Record<number, number>> = { 1: 1000, 2: 1, 3: 0.001 };

function placementOf(path: string, found: NiftiHeader, rank: number, options: ReadOptions): Partial<Placed> {
  const unit = millimetres[found.xyzt_units & 7] ?? 1;
  const inMillimetres = (matrix: readonly (readonly number[])[]): number[][] =>
    matrix.slice(0, 3).map((row) => row.map((value) => value * unit));
  const sform = found.sform_code > 0 ? inMillimetres(found.affine) : null;
  const qform = found.qform_code > 0 ? inMillimetres(found.getQformMat()) : null;
  if (sform && qform) {
    const apart = Math.max(...sform.flatMap((row, r) => row.map((value, c) => Math.abs(value - qform[r]![c]!))));
    // Not `apart > 1e-3`, which NaN would pass.
    if (!(apart <= 1e-3) && options.placement === undefined) {
      throw new UserError(
        'image-placement',
        `${path} says twice how it lies in space, differently: sform ${printMatrix(sform)}, qform ${printMatrix(qform)}`,
        'say which one holds (placement: sform or qform), or write both alike; nibabel takes sform, SimpleITK takes qform',
      );
    }
  }
  const chosen = options.placement === 'qform' ? (qform ?? sform) : (sform ?? qform);
  if (chosen) {
    const placed = placedBy(chosen, rank);
    if (placed) return placed;
    throw corrupt(path, `its placement ${printMatrix(chosen)} has an axis of no length`);
  }
  const spacing = Array.from({ length: rank }, (_, k) => Math.abs(Number(found.pixDims[rank - k])) * unit);
  return spacing.every((value) => value > 0 && Number.isFinite(value)) ? { spacing } : {};
}
