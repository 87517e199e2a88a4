import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { UserError } from '../../../compiler/user-error.js';
import { makeFolder } from '../../support/files/atomic.js';
import { open } from '../../support/files/disk.js';
import { failedWith, fileFailure } from '../../support/files/failure.js';

export interface UnpackOptions {
  readonly keep: (path: string) => boolean;
  readonly onProgress?: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

export interface Unpacked {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** When it was written, in whole seconds since 1970: copies of a folder keep no more. */
  readonly modified: number;
}

/** Writes the kept files of a zip below `folder`, piece by piece, synced to the disk; answers them in the zip's order. */
export async function unpack(file: string, folder: string, options: UnpackOptions): Promise<Unpacked[]> {
  const { keep, onProgress, signal } = options;
  const unpacked: Unpacked[] = [];
  const zip = await openZip(file);
  try {
    for await (const entry of zip.eachEntry()) {
      const path = entry.fileName;
      if (path.endsWith('/') || !keep(path)) continue;
      signal?.throwIfAborted();
      const target = join(folder, path);
      const hash = createHash('sha256');
      let modified = 0;
      try {
        await makeFolder(dirname(target));
        const output = await open(target, 'wx');
        try {
          const into = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
            for await (const chunk of chunks) {
              hash.update(chunk);
              await output.write(chunk);
            }
          };
          await pipeline(await zip.openReadStreamPromise(entry), counter(onProgress), into, { signal });
          if (isExecutable(entry)) await output.makeExecutable();
          await output.sync();
          modified = await output.modified();
        } finally {
          await output.close();
        }
      } catch (error) {
        throw fileFailure('write', target, error);
      }
      unpacked.push({ path, bytes: entry.uncompressedSize, sha256: hash.digest('hex'), modified });
    }
  } catch (error) {
    throw damaged(file, error);
  } finally {
    zip.close();
  }
  return unpacked;
}

async function openZip(file: string): Promise<ZipFile> {
  try {
    return await openPromise(file, { autoClose: false });
  } catch (error) {
    throw damaged(file, fileFailure('read', file, error));
  }
}

/** What yauzl says of a zip that is none, in the user's terms. */
function damaged(file: string, error: unknown): unknown {
  if (error instanceof UserError || (error instanceof Error && error.name === 'AbortError')) return error;
  if (failedWith(error, 'ABORT_ERR')) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new UserError('wheel-damaged', `${file} can't be unpacked: ${message}`, 'fetch it again', { cause: error });
}

const counter = (count?: (bytes: number) => void): Transform =>
  new Transform({
    transform(chunk: Buffer, _, done) {
      count?.(chunk.length);
      done(null, chunk);
    },
  });

/** Of zips made on Unix, the mode is in the upper half. */
const isExecutable = (entry: Entry): boolean => ((entry.externalFileAttributes >>> 16) & 0o100) !== 0;
