import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { fileFailure } from '../../support/files/failure.js';

/** SHA-256 of a file, in hexadecimal. */
export async function sha256Of(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { signal, highWaterMark: 2 ** 20 })) hash.update(chunk);
  } catch (error) {
    throw fileFailure('read', path, error);
  }
  return hash.digest('hex');
}
