import protobuf from 'protobufjs/minimal.js';

/**
 * What the emitters of protobuf formats share. They use protobufjs' low-level writer: its reflection compiles encoders with
 * `Function` at run time, which takes longer than a whole model and which browsers with a content policy refuse.
 */
export type Writer = protobuf.Writer;

export const create = (): Writer => protobuf.Writer.create();

/** Wire types. */
export const varint = 0;
export const delimited = 2;
export const fixed32 = 5;

export const tag = (w: Writer, field: number, wire: number): Writer => w.uint32((field << 3) | wire);
export const text = (w: Writer, field: number, value: string): Writer => tag(w, field, delimited).string(value);
export const integer = (w: Writer, field: number, value: number): Writer => tag(w, field, varint).int64(value);

export function message(w: Writer, field: number, write: (w: Writer) => void): void {
  tag(w, field, delimited).fork();
  write(w);
  w.ldelim();
}

/** A message under way: what is small goes through a writer, weights and messages that hold some stay the chunks they are. */
export class Chunked {
  readonly #done: Uint8Array[] = [];
  #writer = create();

  /** Where the next fields go; another one after each `raw` and `field`. */
  get writer(): Writer {
    return this.#writer;
  }

  raw(bytes: Uint8Array): void {
    this.#done.push(this.#writer.finish(), bytes);
    this.#writer = create();
  }

  field(number: number, message: Chunked): void {
    const chunks = message.finish();
    tag(this.#writer, number, delimited).uint32(chunks.reduce((n, c) => n + c.length, 0));
    this.#done.push(this.#writer.finish());
    for (const chunk of chunks) this.#done.push(chunk);
    this.#writer = create();
  }

  /** All of it, in order; nothing may be added afterwards. */
  finish(): readonly Uint8Array[] {
    this.#done.push(this.#writer.finish());
    return this.#done;
  }
}

/** The largest file protobuf can describe. */
const limit = 2 ** 31 - 1;

/** Joins chunks, so that raw weights are copied once. Throws past 2 GiB, which protobuf can't describe. */
export function concatenated(chunks: readonly Uint8Array[], what: string): Uint8Array {
  const length = chunks.reduce((n, chunk) => n + chunk.length, 0);
  if (length > limit) throw new Error(`the model takes ${length} bytes, a ${what} at most ${limit}`);
  const file = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    file.set(chunk, at);
    at += chunk.length;
  }
  return file;
}
