import { createHash } from 'node:crypto';
import { sealEntry, sealKey, sealLength } from '../../compiler/6-build/seal.js';
import { UserError } from '../../compiler/user-error.js';

export { sealed, sealKey, sealLength } from '../../compiler/6-build/seal.js';

const sealStart = Buffer.from(sealEntry('0'.repeat(64)).subarray(0, sealLength - 64));

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
