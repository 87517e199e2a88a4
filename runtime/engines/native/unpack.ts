import { createWriteStream } from 'node:fs';
import { chmod, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { failedWith, fileFailure } from '../../support/files/failure.js';
import { UserError } from '../../support/user-error.js';

export interface UnpackOptions {
  readonly keep: (path: string) => boolean;
  readonly onProgress?: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

export interface Unpacked {
  readonly path: string;
  readonly bytes: number;
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
      try {
        await mkdir(dirname(target), { recursive: true });
        const stream = await zip.openReadStreamPromise(entry);
        await pipeline(stream, counter(onProgress), createWriteStream(target, { flags: 'wx' }), { signal });
        if (isExecutable(entry)) await chmod(target, 0o755);
        await sync(target);
      } catch (error) {
        throw fileFailure('write', target, error);
      }
      unpacked.push({ path, bytes: entry.uncompressedSize });
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

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  await handle.sync().finally(() => handle.close());
}
