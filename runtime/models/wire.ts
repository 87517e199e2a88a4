/**
 * Protocol buffers of a stranger, read field by field. protobufjs, like most decoders, follows the format's rule to take what it
 * can: numbers cut to 32 bits, a field twice is the last one or both merged, unknown fields skipped. Two readers that take what
 * they can read two different models, so that a check by one says nothing about the other. This reader takes only what every reader
 * reads alike, and refuses the rest.
 */

/** What a field holds. `message` names are those of a `Schema`; `packed` fields hold numbers that may be packed. */
export type FieldType =
  | 'int'
  | 'float'
  | 'text'
  | 'bytes'
  | { readonly message: string }
  | { readonly packed: 'varint' | 'fixed32' | 'fixed64' };

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  readonly repeated?: true;
}

/** Fields by number, of messages by name. */
export type Schema = Readonly<Record<string, Readonly<Record<number, Field>>>>;

/** Bytes of the file: where they begin, and they themselves, not copied. */
export interface Bytes {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Numbers of a `packed` field: how many there are, and the first of them if they are whole. */
export interface Numbers {
  readonly count: number;
  readonly first: readonly number[];
}

/** A message read: fields by name. Absent ones are absent. */
export class Message {
  readonly #values = new Map<string, unknown[]>();

  add(name: string, value: unknown): void {
    const before = this.#values.get(name);
    if (before) before.push(value);
    else this.#values.set(name, [value]);
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  int(name: string): number | undefined {
    return this.#values.get(name)?.[0] as number | undefined;
  }

  text(name: string): string {
    return (this.#values.get(name)?.[0] as string | undefined) ?? '';
  }

  texts(name: string): readonly string[] {
    return (this.#values.get(name) ?? []) as string[];
  }

  bytes(name: string): Bytes | undefined {
    return this.#values.get(name)?.[0] as Bytes | undefined;
  }

  message(name: string): Message | undefined {
    return this.#values.get(name)?.[0] as Message | undefined;
  }

  messages(name: string): readonly Message[] {
    return (this.#values.get(name) ?? []) as Message[];
  }

  /** All numbers of a packed field, however many pieces they are in. */
  numbers(name: string): Numbers {
    const pieces = (this.#values.get(name) ?? []) as Numbers[];
    if (pieces.length === 1) return pieces[0] as Numbers;
    return {
      count: pieces.reduce((n, piece) => n + piece.count, 0),
      first: pieces.flatMap((piece) => piece.first).slice(0, kept),
    };
  }
}

/** The bytes are not what the schema says. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/** More messages in each other than any exporter writes. */
export class WireLimit extends Error {
  override readonly name = 'WireLimit';
}

/** How many numbers of a packed field are kept: shapes, axes, kernels. */
const kept = 64;
/** Messages in each other: six for each graph inside a graph. */
const deepest = 100;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads a message and all in it.
 * @param most how many values the file may hold; numbers in packed fields count as one
 * @throws WireError, WireLimit
 */
export function readMessage(bytes: Uint8Array, schema: Schema, type: string, most: number): Message {
  return new WireReader(bytes, schema, most).message(type, 0, bytes.length, 0);
}

class WireReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #schema: Schema;
  readonly #most: number;
  #values = 0;
  #pos = 0;

  constructor(bytes: Uint8Array, schema: Schema, most: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#schema = schema;
    this.#most = most;
  }

  message(type: string, start: number, end: number, depth: number): Message {
    if (depth > deepest) throw new WireLimit(`${depth} messages inside each other`);
    const fields = this.#schema[type] ?? {};
    const message = new Message();
    this.#pos = start;
    while (this.#pos < end) {
      const tag = this.#varint(end);
      const wire = tag % 8;
      const number = Math.floor(tag / 8);
      const field = fields[number];
      if (field === undefined) throw new WireError(`${type} has no field ${number}`);
      if (++this.#values > this.#most) throw new WireLimit(`more than ${this.#most} fields`);
      if (!field.repeated && typeof field.type !== 'object' && message.has(field.name))
        throw new WireError(`${type}.${field.name} is there twice`);
      if (!field.repeated && typeof field.type === 'object' && 'message' in field.type && message.has(field.name))
        throw new WireError(`${type}.${field.name} is there twice`);
      message.add(field.name, this.#value(`${type}.${field.name}`, field.type, wire, end, depth));
    }
    return message;
  }

  #value(where: string, type: FieldType, wire: number, end: number, depth: number): unknown {
    const of = (expected: number): void => {
      if (wire !== expected) throw new WireError(`${where} has wire type ${wire}`);
    };
    if (type === 'int') {
      of(0);
      return this.#varint(end);
    }
    if (type === 'float') {
      of(5);
      const at = this.#skip(4, end);
      return this.#view.getFloat32(at, true);
    }
    if (typeof type === 'object' && 'packed' in type && wire !== 2) return this.#single(where, type.packed, wire, end);
    of(2);
    const length = this.#varint(end);
    const at = this.#skip(length, end);
    if (type === 'text') return this.#text(where, at, length);
    if (type === 'bytes') return { at, bytes: this.#bytes.subarray(at, at + length) } satisfies Bytes;
    if ('message' in type) {
      const message = this.message(type.message, at, at + length, depth + 1);
      this.#pos = at + length;
      return message;
    }
    return this.#packed(where, type.packed, at, at + length);
  }

  #single(where: string, kind: 'varint' | 'fixed32' | 'fixed64', wire: number, end: number): Numbers {
    if (wire !== { varint: 0, fixed32: 5, fixed64: 1 }[kind]) throw new WireError(`${where} has wire type ${wire}`);
    if (kind === 'varint') return { count: 1, first: [this.#varint(end)] };
    this.#skip(kind === 'fixed32' ? 4 : 8, end);
    return { count: 1, first: [] };
  }

  #packed(where: string, kind: 'varint' | 'fixed32' | 'fixed64', start: number, end: number): Numbers {
    if (kind !== 'varint') {
      const width = kind === 'fixed32' ? 4 : 8;
      if ((end - start) % width !== 0) throw new WireError(`${where} ends inside a number`);
      return { count: (end - start) / width, first: [] };
    }
    const first: number[] = [];
    let count = 0;
    this.#pos = start;
    while (this.#pos < end) {
      const value = this.#varint(end);
      if (count++ < kept) first.push(value);
    }
    return { count, first };
  }

  #text(where: string, at: number, length: number): string {
    try {
      return utf8.decode(this.#bytes.subarray(at, at + length));
    } catch {
      throw new WireError(`${where} is not UTF-8`);
    }
  }

  /** Goes past so many bytes; returns where they began. */
  #skip(length: number, end: number): number {
    const at = this.#pos;
    if (length < 0 || length > end - at) throw new WireError(`${length} bytes are due and ${end - at} are left`);
    this.#pos = at + length;
    return at;
  }

  /** A signed integer of 64 bits, exact up to 2^53: what is not exact is no length, number or type of anything. */
  #varint(end: number): number {
    let low = 0;
    let high = 0;
    for (let k = 0; k < 10; k++) {
      if (this.#pos >= end) throw new WireError('a number is cut off');
      const byte = this.#bytes[this.#pos++] as number;
      const bits = byte & 127;
      if (k < 4) low |= bits << (7 * k);
      else if (k === 4) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << (7 * k - 32);
      if (k === 9 && byte > 1) throw new WireError('a number has more than 64 bits');
      if (byte < 128) return high * 2 ** 32 + (low >>> 0);
    }
    throw new WireError('a number has more than 64 bits');
  }
}
