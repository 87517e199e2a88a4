import { corrupt } from '../damage.js';

/** Compressions of DICOM that are decoded by libraries, each loaded when it is first met. */
export type Codec = 'jpeg-ls' | 'jpeg-2000' | 'lossless-jpeg';

/** Samples of a decoded frame, those of a pixel one after the other. */
export type Decoded = Uint8Array | Uint16Array;

/** What CharLS and OpenJPEG, compiled by Emscripten, have in common. */
interface FrameDecoder {
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getFrameInfo(): { width: number; height: number; bitsPerSample: number; componentCount: number };
  getDecodedBuffer(): Uint8Array;
  delete(): void;
}

type Factory = (options: object) => Promise<Record<string, new () => FrameDecoder>>;

/** They report on the console, which is the program's own. */
const silent = { print: () => undefined, printErr: () => undefined };
const made = new Map<Codec, Promise<new () => FrameDecoder>>();

async function load(codec: 'jpeg-ls' | 'jpeg-2000'): Promise<new () => FrameDecoder> {
  if (codec === 'jpeg-ls') {
    const factory = (await import('@cornerstonejs/codec-charls/decode')).default as unknown as Factory;
    return (await factory(silent)).JpegLSDecoder!;
  }
  const factory = (await import('@cornerstonejs/codec-openjpeg/decode')).default as unknown as Factory;
  return (await factory(silent)).J2KDecoder!;
}

/** What a frame has to be. */
export interface FrameShape {
  readonly rows: number;
  readonly columns: number;
  readonly samples: number;
  /** Bits that a sample takes when it is decoded. */
  readonly allocated: number;
}

/**
 * Decodes one frame.
 *
 * @throws UserError when it is damaged, or of another size than its file says: checked before a codec allocates anything
 */
export async function decodeFrame(path: string, codec: Codec, bytes: Uint8Array, frame: FrameShape): Promise<Decoded> {
  const { rows, columns, samples } = frame;
  const size = codec === 'jpeg-2000' ? sizeOfJpeg2000(bytes) : sizeOfJpeg(bytes);
  if (size === null || size.rows !== rows || size.columns !== columns || size.samples !== samples) {
    throw corrupt(path, 'a compressed frame is of another size than the header says');
  }
  const decoded = await (codec === 'lossless-jpeg' ? losslessJpeg(bytes, frame) : withCodec(path, codec, bytes));
  if (decoded.length !== rows * columns * samples) throw corrupt(path, 'a compressed frame is too short');
  return decoded;
}

async function withCodec(path: string, codec: 'jpeg-ls' | 'jpeg-2000', bytes: Uint8Array): Promise<Decoded> {
  const kept = made.get(codec) ?? load(codec);
  made.set(codec, kept);
  const decoder = new (await kept)();
  try {
    decoder.getEncodedBuffer(bytes.length).set(bytes);
    decoder.decode();
    // A view of the codec's memory, which the next frame overwrites.
    const decoded = decoder.getDecodedBuffer().slice();
    return decoder.getFrameInfo().bitsPerSample > 8 ? new Uint16Array(decoded.buffer) : decoded;
  } catch (error) {
    // CharLS throws a number, the place of an exception in its memory. Anything else may leave the codec unusable.
    if (typeof error === 'number') throw corrupt(path, 'a compressed frame is damaged');
    made.delete(codec);
    throw error;
  } finally {
    decoder.delete();
  }
}

interface FrameSize {
  readonly rows: number;
  readonly columns: number;
  readonly samples: number;
}

/** What the frame header of JPEG or JPEG-LS says: ITU-T T.81, B.2.2; T.87, C.2.2. */
function sizeOfJpeg(bytes: Uint8Array): FrameSize | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 2; at + 10 <= bytes.length; ) {
    if (bytes[at] !== 0xff) return null;
    const marker = bytes[at + 1]!;
    const isFrame = marker === 0xf7 || (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker));
    if (isFrame) {
      return { rows: view.getUint16(at + 5), columns: view.getUint16(at + 7), samples: bytes[at + 9]! };
    }
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}

/** What the image and tile size marker of a codestream says: ITU-T T.800, A.5.1. */
function sizeOfJpeg2000(bytes: Uint8Array): FrameSize | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 42 || view.getUint32(0) !== 0xff4fff51) return null;
  return {
    columns: view.getUint32(8) - view.getUint32(16),
    rows: view.getUint32(12) - view.getUint32(20),
    samples: view.getUint16(40),
  };
}

async function losslessJpeg(bytes: Uint8Array, { rows, columns, samples, allocated }: FrameShape): Promise<Decoded> {
  const { Decoder } = await import('jpeg-lossless-decoder-js');
  const decoded = new Decoder().decode(bytes.slice().buffer, 0, bytes.length, allocated > 8 ? 2 : 1);
  const count = rows * columns * samples;
  return allocated > 8
    ? new Uint16Array(decoded.buffer, decoded.byteOffset, count)
    : new Uint8Array(decoded.buffer, decoded.byteOffset, count);
}
