import { createHash } from 'node:crypto';
import { UserError } from '../support/user-error.js';

/** The metadata key of a file's checksum; always the last entry of a file. */
export const sealKey = 'unetc.sha256';

/** Field 14 of ModelProto, `metadata_props`, with a length below 128: a key and 64 hexadecimal digits. */
function entryOf(digest: string): Uint8Array {
  const [key, value] = [Buffer.from(sealKey), Buffer.from(digest)];
  const entry = [0x0a, key.length, ...key, 0x12, value.length, ...value];
  return Uint8Array.from([0x72, entry.length, ...entry]);
}

/** How many bytes `sealed` adds. */
export const sealLength = entryOf('0'.repeat(64)).length;
const sealStart = Buffer.from(entryOf('0'.repeat(64)).subarray(0, sealLength - 64));

/**
 * An ONNX file with the SHA-256 of all its bytes, graph, weights and metadata, as one more entry of its metadata. It is a check
 * against damage, no signature: whoever changes a file on purpose can write another.
 */
export function sealed(onnx: Uint8Array): Uint8Array {
  const file = new Uint8Array(onnx.length + sealLength);
  file.set(onnx);
  file.set(entryOf(digestOf(onnx)), onnx.length);
  return file;
}

/**
 * Compares a file with its checksum, if it has one; those of other exporters, and of unetc before 0.1.0 was released, have none.
 * @param metadata the file's, read from all of it
 * @throws UserError `model-corrupt` if they differ
 */
export function checkSeal(onnx: Uint8Array, metadata: ReadonlyMap<string, string>, name: string): void {
  const stated = metadata.get(sealKey);
  if (stated === undefined) return;
  const end = onnx.length - sealLength;
  const start = Buffer.from(onnx.buffer, onnx.byteOffset + Math.max(0, end), Math.min(onnx.length, sealLength));
  if (end >= 0 && start.subarray(0, sealStart.length).equals(sealStart) && stated === digestOf(onnx.subarray(0, end)))
    return;
  throw new UserError(
    'model-corrupt',
    `${name} is damaged, or another tool has changed it: it differs from its checksum`,
    `use an intact copy of it, or build it again; a tool that changes it on purpose has to delete ${sealKey} from its metadata`,
  );
}

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
