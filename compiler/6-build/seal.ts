import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils';

/** The metadata key of a file's checksum; always the last entry of a file. */
export const sealKey = 'unetc.sha256';

/** Field 14 of ModelProto, `metadata_props`, with a length below 128: a key and 64 hexadecimal digits. */
export function sealEntry(digest: string): Uint8Array {
  const [key, value] = [utf8ToBytes(sealKey), utf8ToBytes(digest)];
  const entry = [0x0a, key.length, ...key, 0x12, value.length, ...value];
  return Uint8Array.from([0x72, entry.length, ...entry]);
}

/** Bytes that sealing adds. */
export const sealLength = sealEntry('0'.repeat(64)).length;

/**
 * An ONNX file with the SHA-256 of all its bytes, graph, weights and metadata, as one more entry of its metadata. It is a check
 * against damage, not a signature: a file changed on purpose can carry a new one.
 */
export function sealed(onnx: Uint8Array): Uint8Array {
  const entry = sealEntry(bytesToHex(sha256(onnx)));
  const file = new Uint8Array(onnx.length + entry.length);
  file.set(onnx);
  file.set(entry, onnx.length);
  return file;
}
