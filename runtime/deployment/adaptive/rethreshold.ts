import { Reader } from 'protobufjs/minimal.js';
import { thresholdName } from '../../../compiler/5-emit/onnx/staged.js';
import type { AdaptiveFacts } from './facts.js';
import { never } from './thresholds.js';

/**
 * An adaptive model with other thresholds: a copy of the file in which those numbers are replaced.
 * @param thresholds by level, one for each but the deepest
 */
export function withThresholds(bytes: Uint8Array, thresholds: ReadonlyMap<number, number>): Uint8Array {
  // Not `slice`: a Buffer's shares its memory.
  const copy = Uint8Array.from(bytes);
  const view = new DataView(copy.buffer);
  const wanted = new Map(Array.from(thresholds, ([level, t]) => [thresholdName(level), t]));
  for (const { name, offset } of scalars(bytes)) {
    const t = wanted.get(name);
    if (t === undefined) continue;
    view.setFloat32(offset, t, true);
    wanted.delete(name);
  }
  if (wanted.size > 0) throw new Error(`the model has no ${[...wanted.keys()].join(', ')}`);
  return copy;
}

/** The same file as a model of one level: every decision before it goes deeper, every later one does not. */
export const fixedAt = (bytes: Uint8Array, { levels }: Pick<AdaptiveFacts, 'levels'>, level: number): Uint8Array =>
  withThresholds(bytes, new Map(levels.slice(0, -1).map((l) => [l.level, l.level < level ? 0 : never])));

/** Initializers of the outermost graph with four bytes of raw data, and where these lie: ModelProto.graph 7, .initializer 5, name 8, raw_data 9. */
function* scalars(bytes: Uint8Array): Generator<{ readonly name: string; readonly offset: number }> {
  for (const graph of fields(bytes, 0, bytes.length, 7)) {
    for (const tensor of fields(bytes, graph.start, graph.end, 5)) {
      const [name] = fields(bytes, tensor.start, tensor.end, 8);
      const [raw] = fields(bytes, tensor.start, tensor.end, 9);
      if (!name || !raw || raw.end - raw.start !== 4) continue;
      yield { name: new TextDecoder().decode(bytes.subarray(name.start, name.end)), offset: raw.start };
    }
  }
}

/** Where the contents of a message's fields of this number lie; only fields with a length. */
function* fields(
  bytes: Uint8Array,
  start: number,
  end: number,
  number: number,
): Generator<{ readonly start: number; readonly end: number }> {
  const reader = Reader.create(bytes);
  reader.pos = start;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 !== number || (tag & 7) !== 2) {
      reader.skipType(tag & 7);
      continue;
    }
    const length = reader.uint32();
    yield { start: reader.pos, end: reader.pos + length };
    reader.skip(length);
  }
}
