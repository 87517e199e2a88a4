import { createHash } from 'node:crypto';
import { UserError } from '../../compiler/user-error.js';
import type { Tensor } from '../engines/engine.js';
import { sealKey } from '../models/seal.js';
import { shown } from '../support/shown.js';
import { duplicateKey } from './duplicate-keys.js';

/**
 * The safetensors format (github.com/huggingface/safetensors, version 0.4 of its description): the header's length as an
 * unsigned 64-bit integer, a JSON header, then the tensors' bytes, contiguous and without holes; little endian.
 * No maintained npm package writes it, and it is this small.
 *
 * Files of ours have the SHA-256 of all their bytes in the metadata, computed with zeros in its own place: a check against damage, no
 * signature.
 */
export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The header's `__metadata__`, but for the checksum: text to text. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** 200,000 tensors; what `JSON.parse` makes of a header takes several times its size. */
const headerLimit = 32 * 1024 * 1024;
const mostAxes = 32;
const reservedName = '__metadata__';

/**
 * The chunks of a file, in order: the header, then each tensor's own memory, uncopied. Tensors are written as F32, in the
 * order of their names, so that the same content gives the same bytes. (Typed arrays are little endian on every platform
 * Node's engines run on.)
 */
export function* encodeSafetensors(file: SafetensorsFile): Generator<Uint8Array, void, undefined> {
  const names = [...file.tensors.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const header: [string, unknown][] = [];
  const metadata: Readonly<Record<string, string>> = { ...file.metadata, [sealKey]: blank };
  header.push([
    reservedName,
    Object.fromEntries(
      Object.keys(metadata)
        .sort()
        .map((key) => [key, metadata[key]]),
    ),
  ]);
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
  const tensors = names
    .map((name) => tensorOf(file, name).data)
    .map((d) => new Uint8Array(d.buffer, d.byteOffset, d.byteLength));
  const hash = createHash('sha256').update(head);
  for (const bytes of tensors) hash.update(bytes);
  // What is a quote in a text is escaped in JSON: this is the entry itself.
  const at = Buffer.from(head.buffer).indexOf(sealText(blank)) + sealText('').length - 1;
  head.set(Buffer.from(hash.digest('hex')), at);
  yield head;
  yield* tensors;
}

const blank = '0'.repeat(64);
const sealText = (digest: string): string => `${JSON.stringify(sealKey)}:"${digest}"`;

/** @throws UserError if a file has a checksum and differs from it */
function checkSeal(bytes: Uint8Array, start: number, stated: string | undefined, name: string): void {
  if (stated === undefined) return;
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, start);
  const entry = header.indexOf(sealText(stated));
  const at = entry + sealText('').length - 1;
  const hash = createHash('sha256');
  hash
    .update(bytes.subarray(0, at))
    .update(blank)
    .update(bytes.subarray(at + blank.length));
  if (entry === -1 || stated.length !== blank.length || hash.digest('hex') !== stated) {
    throw new UserError(
      'weights-corrupt',
      `${name} is damaged, or another tool has changed it: it differs from its checksum`,
      `use an intact copy of it; a tool that changes it on purpose has to delete ${sealKey} from its metadata`,
    );
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

  // All of the header is checked before anything is made of the data: what is made then is as large as the file.
  const spans = header.entries.map(([path, entry]) => readEntry(path, entry, name));
  const order = spans.toSorted((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const { path, begin, end } of order) {
    if (end > bytes.length - start) throw corrupt(name, `${shown(path)} is cut off`);
    if (begin !== at) throw corrupt(name, `${shown(path)} does not begin where the tensor before it ends`);
    at = end;
  }
  if (at !== bytes.length - start) throw corrupt(name, 'it is longer than its header says');
  checkSeal(bytes, start, header.metadata[sealKey], name);
  const { [sealKey]: _, ...metadata } = header.metadata;
  const tensors = new Map(
    spans.map(({ path, dtype, shape, begin, end }): [string, Tensor] => [
      path,
      { data: toFloats(bytes.subarray(start + begin, start + end), dtype, count(shape)), shape },
    ]),
  );
  return { tensors, metadata };
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
  let json: string;
  try {
    json = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(json);
  } catch {
    throw corrupt(name, 'its header is not JSON');
  }
  const twice = duplicateKey(json);
  if (twice !== null) throw corrupt(name, `its header has ${shown(twice)} twice`);
  if (!isObject(header)) throw corrupt(name, 'its header is not a JSON object');
  const entries = Object.entries(header);
  const found = entries.find(([key]) => key === reservedName)?.[1] ?? {};
  const metadata: [string, string][] = [];
  if (!isObject(found)) throw corrupt(name, 'its metadata is not a JSON object');
  for (const [key, value] of Object.entries(found)) {
    if (typeof value !== 'string') throw corrupt(name, `its metadata "${shown(key)}" is not text`);
    metadata.push([key, value]);
  }
  return { entries: entries.filter(([key]) => key !== reservedName), metadata: Object.fromEntries(metadata) };
}

interface Span {
  readonly path: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function readEntry(path: string, entry: unknown, name: string): Span {
  const span = spanOf(path, entry);
  if (!span) throw corrupt(name, `its header says nothing usable of ${shown(path)}`);
  const width = Object.hasOwn(widths, span.dtype) ? widths[span.dtype] : undefined;
  if (width === undefined) {
    throw new UserError(
      'weights-type',
      `${name}: ${shown(path)} has type ${shown(span.dtype)}`,
      'save it as F32, F16, BF16 or F64',
    );
  }
  if (span.end - span.begin !== count(span.shape) * width)
    throw corrupt(name, `${shown(path)} has another length than its shape`);
  return span;
}

function spanOf(path: string, entry: unknown): Span | null {
  if (!isObject(entry) || typeof entry.dtype !== 'string' || !Array.isArray(entry.shape)) return null;
  const shape: readonly unknown[] = entry.shape;
  const offsets: unknown = entry.data_offsets;
  if (shape.length > mostAxes || !shape.every(isLength) || !Array.isArray(offsets) || offsets.length !== 2) return null;
  const [begin, end]: readonly unknown[] = offsets;
  return isLength(begin) && isLength(end) && begin <= end ? { path, dtype: entry.dtype, shape, begin, end } : null;
}

/**
 * Floats as they lie in the file's memory, where they are aligned: files of ours are, read into memory of their own. Else a copy. By the
 * constructor: `slice` copies a Uint8Array, but of a Buffer, which `readFile` answers, it is a view.
 */
function toFloats(bytes: Uint8Array, dtype: string, length: number): Float32Array {
  if (dtype === 'F32' && bytes.byteOffset % 4 === 0)
    return new Float32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, length);
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
