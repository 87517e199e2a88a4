import dicomParser from 'dicom-parser';
import sharp from 'sharp';
import { UserError } from '../../../../compiler/user-error.js';
import { corrupt, unsupported } from '../damage.js';
import { samplesOf, toPlanar } from '../samples.js';
import type { Source } from '../source.js';
import { type Codec, decodeFrame } from './codecs.js';
import { type DataSet, type Instance, parse } from './instance.js';

type Kind = 'raw' | 'rle' | 'jpeg' | 'none' | Codec;

/** https://dicom.nema.org/medical/dicom/current/output/chtml/part06/chapter_A.html */
const syntaxes: Readonly<Record<string, readonly [name: string, kind: Kind]>> = {
  '1.2.840.10008.1.2': ['implicit little-endian', 'raw'],
  '1.2.840.10008.1.2.1': ['explicit little-endian', 'raw'],
  '1.2.840.10008.1.2.1.99': ['deflated', 'raw'],
  '1.2.840.10008.1.2.2': ['explicit big-endian', 'raw'],
  '1.2.840.10008.1.2.5': ['RLE', 'rle'],
  '1.2.840.10008.1.2.4.50': ['JPEG baseline', 'jpeg'],
  '1.2.840.10008.1.2.4.51': ['JPEG extended', 'none'],
  '1.2.840.10008.1.2.4.57': ['lossless JPEG', 'lossless-jpeg'],
  '1.2.840.10008.1.2.4.70': ['lossless JPEG', 'lossless-jpeg'],
  '1.2.840.10008.1.2.4.80': ['JPEG-LS', 'jpeg-ls'],
  '1.2.840.10008.1.2.4.81': ['near-lossless JPEG-LS', 'jpeg-ls'],
  '1.2.840.10008.1.2.4.90': ['JPEG 2000', 'jpeg-2000'],
  '1.2.840.10008.1.2.4.91': ['JPEG 2000', 'jpeg-2000'],
  '1.2.840.10008.1.2.4.201': ['HTJ2K', 'none'],
  '1.2.840.10008.1.2.4.202': ['HTJ2K', 'none'],
  '1.2.840.10008.1.2.4.203': ['HTJ2K', 'none'],
};

/**
 * Whether an instance's pixels can be decoded, told by its header.
 * @throws UserError naming the transfer syntax and a way out
 */
export function checkDecodable({ path, transferSyntax, photometric, samples, allocated }: Instance): void {
  const [name, kind] = syntaxes[transferSyntax] ?? [transferSyntax, 'none'];
  if (kind === 'none') {
    throw new UserError(
      'dicom-syntax',
      `${path} is compressed as ${name} (transfer syntax ${transferSyntax}), which is not decoded here`,
      'decompress the series: dcmdjpeg, dcmdjpls or gdcmconv --raw, or write it as NIfTI with dcm2niix',
    );
  }
  // OpenJPEG undoes its own colour transforms, which the header calls YBR_RCT and YBR_ICT.
  const colours =
    photometric === 'RGB' ||
    (kind === 'jpeg' && photometric.startsWith('YBR')) ||
    (kind === 'jpeg-2000' && (photometric === 'YBR_RCT' || photometric === 'YBR_ICT'));
  if (samples === 1 ? photometric !== 'MONOCHROME1' && photometric !== 'MONOCHROME2' : samples !== 3 || !colours) {
    throw unsupported(path, `has DICOM's colours ${photometric}`, 'convert it to grey or RGB');
  }
  if (kind === 'jpeg' && allocated !== 8) throw corrupt(path, 'JPEG baseline has 8 bits');
}

/** Samples of every frame, planar, as they are stored: bits beyond those used are cleared, signs are spread. */
export async function readFrames(source: Source, instance: Instance): Promise<Int32Array[]> {
  const { path, slices, rows, columns, samples } = instance;
  const data = await parse(source, true);
  const count = rows * columns * samples;
  const frames: Int32Array[] = [];
  for (let frame = 0; frame < slices.length; frame++) {
    let decoded: Int32Array;
    try {
      decoded = await frameOf(path, data, instance, frame, count);
    } catch (error) {
      throw error instanceof UserError ? error : corrupt(path, error);
    }
    if (decoded.length !== count) throw corrupt(path, `frame ${frame + 1} is shorter than its size`);
    frames.push(decoded);
  }
  return frames;
}

async function frameOf(
  path: string,
  data: DataSet,
  instance: Instance,
  frame: number,
  count: number,
): Promise<Int32Array> {
  const element = data.elements.x7fe00010;
  if (!element) throw corrupt(path, 'it has no pixels');
  const { allocated, transferSyntax, samples, planar, slices } = instance;
  const kind = syntaxes[transferSyntax]![1];
  const bytes = allocated / 8;
  if (kind === 'raw') {
    const start = element.dataOffset + frame * count * bytes;
    const end = start + count * bytes;
    if (end > element.dataOffset + element.length || end > data.byteArray.length)
      throw corrupt(path, 'pixels are missing');
    const raw = unsigned(path, data.byteArray.slice(start, end) as Uint8Array, allocated, transferSyntax !== big);
    return inBits(planar ? raw : apart(raw, samples), instance);
  }
  if (!element.fragments || element.fragments.length === 0) throw corrupt(path, 'it has no fragment of pixels');
  const encoded = encapsulated(data, frame, slices.length);
  if (kind === 'rle') return inBits(unpackRle(path, encoded, samples, bytes, count), instance);
  if (kind !== 'jpeg') {
    const decoded = await decodeFrame(path, kind as Codec, encoded, instance);
    return inBits(apart(decoded, samples), instance);
  }
  const { data: rgb, info } = await sharp(encoded, { failOn: 'error' })
    .toColourspace(samples === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  if (info.height !== instance.rows || info.width !== instance.columns)
    throw corrupt(path, 'its JPEG is of another size');
  return Int32Array.from(apart(new Uint8Array(rgb), samples));
}

const big = '1.2.840.10008.1.2.2';

function encapsulated(data: DataSet, frame: number, frames: number): Uint8Array {
  const element = data.elements.x7fe00010!;
  const fragments = element.fragments!;
  if (frames === 1)
    return dicomParser.readEncapsulatedPixelDataFromFragments(data, element, 0, fragments.length) as Uint8Array;
  if (element.basicOffsetTable && element.basicOffsetTable.length > 0) {
    return dicomParser.readEncapsulatedImageFrame(data, element, frame) as Uint8Array;
  }
  // Without a table of offsets each frame is one fragment.
  return dicomParser.readEncapsulatedPixelDataFromFragments(data, element, frame, 1) as Uint8Array;
}

function unsigned(path: string, bytes: Uint8Array, allocated: number, little: boolean): ArrayLike<number> {
  if (allocated !== 32) return samplesOf(path, bytes, allocated === 8 ? 'uint8' : 'uint16', little);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Int32Array.from({ length: bytes.length / 4 }, (_, i) => view.getInt32(4 * i, little));
}

/** Samples of a pixel one after the other -> in planes. */
function apart(data: ArrayLike<number>, samples: number): ArrayLike<number> {
  if (samples === 1) return data;
  const typed = data as Uint8Array | Uint16Array;
  return toPlanar(typed, typed.length / samples, samples, 1);
}

/** The bits that are used, with their sign. PS3.5, 8.1.1. */
function inBits(data: ArrayLike<number>, { stored, high, signed }: Instance): Int32Array {
  const out = new Int32Array(data.length);
  const low = high + 1 - stored;
  const unused = 32 - stored;
  for (let i = 0; i < out.length; i++) {
    const shifted = (data[i]! >>> low) << unused;
    out[i] = signed ? shifted >> unused : shifted >>> unused;
  }
  return out;
}

/** PS3.5, annex G: a segment for each byte of a sample, the most significant first, each packed as by PackBits. */
function unpackRle(path: string, bytes: Uint8Array, samples: number, size: number, count: number): Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const segments = view.getUint32(0, true);
  const area = count / samples;
  if (segments !== samples * size) throw corrupt(path, `it has ${segments} segments of RLE`);
  const out = new Int32Array(count);
  for (let segment = 0; segment < segments; segment++) {
    let from = view.getUint32(4 + 4 * segment, true);
    const end = segment + 1 < segments ? view.getUint32(8 + 4 * segment, true) : bytes.length;
    const shift = 8 * (size - 1 - (segment % size));
    const start = Math.floor(segment / size) * area;
    let done = 0;
    while (done < area) {
      if (from >= end) throw corrupt(path, 'a segment of RLE breaks off');
      const control = view.getInt8(from++);
      if (control >= 0) {
        for (let k = 0; k <= control && done < area; k++) {
          const at = start + done++;
          out[at] = out[at]! | (view.getUint8(from + k) << shift);
        }
        from += control + 1;
      } else if (control !== -128) {
        const value = view.getUint8(from++) << shift;
        for (let k = 0; k < 1 - control && done < area; k++) {
          const at = start + done++;
          out[at] = out[at]! | value;
        }
      }
    }
  }
  return out;
}
