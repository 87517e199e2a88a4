import type { Tensor } from '../engines/engine.js';
import { UserError } from '../support/user-error.js';

/**
 * The safetensors format (github.com/huggingface/safetensors, version 0.4 of its description): the header's length as an
 * unsigned 64-bit integer, a JSON header, then the tensors' bytes, contiguous and without holes; little endian.
 * No maintained npm package writes it, and it is this small.
 */
export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The header's `__metadata__`: text to text. */
  readonly metadata: Readonly<Record<string, string>>;
}

const headerLimit = 100_000_000;
const reservedName = '__metadata__';

/**
 * The chunks of a file, in order: the header, then each tensor's own memory, uncopied. Tensors are written as F32, in the
 * order of their names, so that the same content gives the same bytes. (Typed arrays are little endian on every platform
 * Node's engines run on.)
 */
export function* encodeSafetensors(file: SafetensorsFile): Generator<Uint8Array, void, undefined> {
  const names = [...file.tensors.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const header: [string, unknown][] = [];
  const keys = Object.keys(file.metadata).sort();
  if (keys.length > 0) header.push([reservedName, Object.fromEntries(keys.map((key) => [key, file.metadata[key]]))]);
  let offset = 0;
  for (const name of names) {
    const { data, shape } = tensorOf(file, name);
    if (name === reservedName) throw new Error(`a tensor may not be called ${reservedName}`);
    if (data.length !== count(shape))
      throw new Error(`${name}: ${data.length} elements for shape [${shape.join(', ')}]`);
    const end = offset + data.byteLength;
    header.push([name, { dtype: 'F32', shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const padded = Math.ceil(json.length / 8) * 8;
  const head = new Uint8Array(8 + padded).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(padded), true);
  head.set(json, 8);
  yield head;
  for (const name of names) {
    const { data } = tensorOf(file, name);
    yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
}

/**
 * Reads a file's bytes; tensors of F32, F16, BF16 and F64 all become floats of 32 bits. Nothing in the header is
 * believed: each length is checked against the bytes that are there.
 *
 * @param name of the file, for messages
 * @throws UserError when the bytes are not a whole safetensors file
 */
export function decodeSafetensors(bytes: Uint8Array, name: string): SafetensorsFile {
  if (bytes.length < 8) throw corrupt(name, `it has ${bytes.length} bytes, less than a header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(headerLimit)) throw corrupt(name, 'it does not begin with the length of a header');
  const start = 8 + Number(length);
  if (start > bytes.length) throw corrupt(name, `its header of ${length} bytes is cut off`);
  const header = parseHeader(bytes.subarray(8, start), name);

  const tensors = new Map<string, Tensor>();
  const spans: { name: string; begin: number; end: number }[] = [];
  for (const [path, entry] of header.entries) {
    const { dtype, shape, begin, end } = readEntry(path, entry, name);
    if (end > bytes.length - start) throw corrupt(name, `${path} is cut off`);
    const width = widths[dtype];
    if (width === undefined) {
      throw new UserError('weights-type', `${name}: ${path} has type ${dtype}`, 'save it as F32, F16, BF16 or F64');
    }
    if (end - begin !== count(shape) * width) throw corrupt(name, `${path} has another length than its shape`);
    spans.push({ name: path, begin, end });
    tensors.set(path, { data: toFloats(bytes.subarray(start + begin, start + end), dtype, count(shape)), shape });
  }
  spans.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const span of spans) {
    if (span.begin !== at) throw corrupt(name, `${span.name} does not begin where the tensor before it ends`);
    at = span.end;
  }
  if (at !== bytes.length - start) throw corrupt(name, 'it is longer than its header says');
  return { tensors, metadata: header.metadata };
}

const widths: Readonly<Record<string, number>> = { F64: 8, F32: 4, F16: 2, BF16: 2 };

const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

function tensorOf(file: SafetensorsFile, name: string): Tensor {
  const tensor = file.tensors.get(name);
  if (tensor === undefined) throw new Error(`no tensor ${name}`);
  return tensor;
}

const corrupt = (name: string, why: string): UserError =>
  new UserError('weights-corrupt', `${name} is damaged or not a safetensors file: ${why}`, 'use an intact copy of it');

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isLength = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function parseHeader(
  bytes: Uint8Array,
  name: string,
): { entries: readonly (readonly [string, unknown])[]; metadata: Readonly<Record<string, string>> } {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw corrupt(name, 'its header is not JSON');
  }
  if (!isObject(header)) throw corrupt(name, 'its header is not a JSON object');
  const entries = Object.entries(header);
  const found = entries.find(([key]) => key === reservedName)?.[1] ?? {};
  const metadata: [string, string][] = [];
  if (!isObject(found)) throw corrupt(name, 'its metadata is not a JSON object');
  for (const [key, value] of Object.entries(found)) {
    if (typeof value !== 'string') throw corrupt(name, `its metadata "${key}" is not text`);
    metadata.push([key, value]);
  }
  return { entries: entries.filter(([key]) => key !== reservedName), metadata: Object.fromEntries(metadata) };
}

function readEntry(
  path: string,
  entry: unknown,
  name: string,
): { dtype: string; shape: readonly number[]; begin: number; end: number } {
  if (isObject(entry) && typeof entry.dtype === 'string' && Array.isArray(entry.shape)) {
    const shape: readonly unknown[] = entry.shape;
    const offsets: unknown = entry.data_offsets;
    if (shape.every(isLength) && Array.isArray(offsets) && offsets.length === 2) {
      const [begin, end]: readonly unknown[] = offsets;
      if (isLength(begin) && isLength(end) && begin <= end) return { dtype: entry.dtype, shape, begin, end };
    }
  }
  throw corrupt(name, `its header says nothing usable of ${path}`);
}

/**
 * A copy, since a tensor's bytes may lie at any offset and typed arrays need theirs aligned. By the constructor: `slice`
 * copies a Uint8Array, but of a Buffer, which `readFile` answers, it is a view of the whole file's memory.
 */
function toFloats(bytes: Uint8Array, dtype: string, length: number): Float32Array {
  const own = new Uint8Array(bytes);
  if (dtype === 'F32') return new Float32Array(own.buffer, 0, length);
  if (dtype === 'F64') return Float32Array.from(new Float64Array(own.buffer, 0, length));
  const halves = new Uint16Array(own.buffer, 0, length);
  const out = new Float32Array(length);
  if (dtype === 'BF16') {
    // The upper half of a 32-bit float.
    const words = new Uint32Array(out.buffer);
    for (let i = 0; i < length; i++) words[i] = halves[i]! << 16;
    return out;
  }
  for (let i = 0; i < length; i++) out[i] = fromHalf(halves[i]!);
  return out;
}

/** IEEE 754 binary16. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
