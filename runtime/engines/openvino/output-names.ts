import { Reader } from 'protobufjs/minimal.js';

/**
 * Names of a model's outputs, in order, as its file has them: OpenVINO may know a value by several names, and doesn't say
 * which of them was the output's. They are `name = 1` of each `output = 12` of ModelProto's `graph = 7`.
 */
export const outputNames = (onnx: Uint8Array): string[] =>
  contents(onnx, 7)
    .flatMap((graph) => contents(graph, 12))
    .flatMap((output) => contents(output, 1))
    .map((name) => new TextDecoder().decode(name));

/** What a message has in a field of texts, bytes or messages, not copied. */
function contents(message: Uint8Array, field: number): Uint8Array[] {
  const reader = Reader.create(message);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag !== field * 8 + 2) {
      reader.skipType(tag & 7);
      continue;
    }
    const length = reader.uint32();
    found.push(message.subarray(reader.pos, reader.pos + length));
    reader.skip(length);
  }
  return found;
}
