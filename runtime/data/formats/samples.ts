import { UserError } from '../../../compiler/user-error.js';
import { type Grid, printShape, type SampleArray, samplesLike, volumeOf } from '../image.js';
import type { Region, SampleType } from './format.js';

export const bytesOf: Readonly<Record<SampleType, number>> = {
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  uint64: 8,
  int64: 8,
  float16: 2,
  float32: 4,
  float64: 8,
};

/** The lowest and highest value of a type; floats have none, and by custom lie in 0 to 1. */
export function rangeOfType(type: SampleType): readonly [number, number] {
  if (type.startsWith('float')) return [0, 1];
  const bits = 8 * bytesOf[type];
  return type.startsWith('u') ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}

/** Above this an integer may have no 32-bit float. */
const exactInFloat = 2 ** 24;

/** More samples than one array of a program should hold; a larger image is read by regions. */
const mostSamples = 2 ** 31;

/**
 * Checks the size that a header claims before anything is allocated.
 * @param available bytes that can be there
 * @throws UserError
 */
export function checkSize(path: string, shape: readonly number[], channels: number, bytes: number, available: number) {
  const lengths = [...shape, channels];
  if (lengths.some((length) => !Number.isInteger(length) || length < 1)) {
    throw new UserError(
      'image-corrupt',
      `${path} says that its size is ${printShape(shape)} with ${channels} channels`,
    );
  }
  const samples = volumeOf(lengths);
  if (samples * bytes > available) {
    throw new UserError(
      'image-corrupt',
      `${path} says that it holds ${printShape(shape)} samples of ${channels} channels, more than its bytes can`,
      'it is cut off or damaged: replace it with an intact copy',
    );
  }
  if (samples > mostSamples) {
    throw new UserError(
      'image-large',
      `${path} holds ${printShape(shape)} samples of ${channels} channels: more than ${mostSamples} at once`,
      'cut it into smaller images',
    );
  }
}

/**
 * Samples of a file as the nearest type that this program keeps. Integers of 32 and 64 bits become floats and must be
 * exact in them, as label numbers and counts are.
 *
 * @throws UserError when an integer is too large for that
 */
export function samplesOf(path: string, bytes: Uint8Array, type: SampleType, little: boolean): SampleArray {
  const count = Math.floor(bytes.length / bytesOf[type]);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const native = little === hostIsLittle || bytesOf[type] === 1;
  switch (type) {
    case 'uint8':
      return new Uint8Array(bytes.buffer, bytes.byteOffset, count);
    case 'int8':
      return Int16Array.from(new Int8Array(bytes.buffer, bytes.byteOffset, count));
    case 'uint16':
      if (native) return aligned(Uint16Array, bytes, count);
      return fill(new Uint16Array(count), (i) => view.getUint16(2 * i, little));
    case 'int16':
      if (native) return aligned(Int16Array, bytes, count);
      return fill(new Int16Array(count), (i) => view.getInt16(2 * i, little));
    case 'float32':
      if (native) return aligned(Float32Array, bytes, count);
      return fill(new Float32Array(count), (i) => view.getFloat32(4 * i, little));
    case 'float16':
      return fill(new Float32Array(count), (i) => halfOf(view.getUint16(2 * i, little)));
    case 'float64':
      return fill(new Float32Array(count), (i) => view.getFloat64(8 * i, little));
    case 'uint32':
      return exact(path, count, (i) => view.getUint32(4 * i, little));
    case 'int32':
      return exact(path, count, (i) => view.getInt32(4 * i, little));
    case 'uint64':
      return exact(path, count, (i) => Number(view.getBigUint64(8 * i, little)));
    case 'int64':
      return exact(path, count, (i) => Number(view.getBigInt64(8 * i, little)));
  }
}

const hostIsLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function aligned<T>(
  Type: { new (buffer: ArrayBufferLike, offset: number, length: number): T; BYTES_PER_ELEMENT: number },
  bytes: Uint8Array,
  count: number,
): T {
  const start = bytes.byteOffset % Type.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return new Type(start.buffer, start.byteOffset, count);
}

function fill<T extends SampleArray>(out: T, value: (i: number) => number): T {
  for (let i = 0; i < out.length; i++) out[i] = value(i);
  return out;
}

function exact(path: string, count: number, value: (i: number) => number): Float32Array {
  return fill(new Float32Array(count), (i) => {
    const v = value(i);
    if (v > exactInFloat || v < -exactInFloat) throw inexact(path, v);
    return v;
  });
}

export const inexact = (path: string, value: number): UserError =>
  new UserError(
    'sample-precision',
    `${path} holds the integer ${value}, which a 32-bit float does not keep exactly`,
    'store labels below 16,777,216, or convert the image to float32',
  );

/** IEEE 754 binary16. */
export function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * Brings channels that lie among the other axes to the front: raw samples are [slow, channels, fast] of which the first and
 * last are spatial. Channels already at the front (`slow` is 1) cost nothing.
 */
export function toPlanar<T extends SampleArray>(data: T, slow: number, channels: number, fast: number): T {
  if (slow === 1 || channels === 1) return data;
  const out = samplesLike(data, data.length);
  let from = 0;
  for (let s = 0; s < slow; s++) {
    for (let c = 0; c < channels; c++) {
      const to = (c * slow + s) * fast;
      if (fast === 1) out[to] = data[from++]!;
      else for (let f = 0; f < fast; f++) out[to + f] = data[from++]!;
    }
  }
  return out;
}

/** @throws RangeError: a region is asked for by this program, not by a file */
export function checkRegion(region: Region, shape: readonly number[]): void {
  const fits = shape.every((length, axis) => {
    const start = region.start[axis] ?? -1;
    const extent = region.shape[axis] ?? 0;
    return Number.isInteger(start) && Number.isInteger(extent) && start >= 0 && extent >= 1 && start + extent <= length;
  });
  if (!fits || region.start.length !== shape.length || region.shape.length !== shape.length) {
    throw new RangeError(`a region at ${region.start} of ${region.shape} does not lie in ${shape}`);
  }
}

/** Samples of a box: any rank, rows copied whole. */
export function cutSamples<T extends SampleArray>(
  { data, channels, shape }: Pick<Grid<T>, 'data' | 'channels' | 'shape'>,
  region: Region,
): T {
  checkRegion(region, shape);
  const rank = shape.length;
  const row = region.shape[rank - 1]!;
  const out = samplesLike(data, channels * volumeOf(region.shape));
  const lengths = [channels, ...region.shape.slice(0, -1)];
  const full = [channels, ...shape];
  const start = [0, ...region.start];
  const index = new Array<number>(lengths.length).fill(0);
  for (let to = 0; to < out.length; to += row) {
    let from = 0;
    for (let axis = 0; axis < rank; axis++) from = (from + index[axis]! + start[axis]!) * full[axis + 1]!;
    from += start[rank]!;
    out.set(data.subarray(from, from + row) as never, to);
    for (let axis = lengths.length - 1; axis >= 0; axis--) {
      if (++index[axis]! < lengths[axis]!) break;
      index[axis] = 0;
    }
  }
  return out;
}
