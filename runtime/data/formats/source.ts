import { createReadStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { UserError } from '../../../compiler/user-error.js';
import { fileFailure } from '../../support/files/failure.js';
import { corrupt } from './damage.js';

/**
 * Bytes that a reader asks for by place. Nothing is allocated for what a file only claims to have: a request beyond `size`
 * fails before any memory is taken, and what is decompressed grows with the bytes that are really there.
 */
export interface Source {
  /** As shown in messages. */
  readonly path: string;
  /** Bytes that can be there: the file's size, or the most that its compressed size can become. */
  readonly size: number;
  /** @throws UserError when the file ends before */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** The first bytes, fewer where the file is shorter. */
  head(length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Deflate can't make more than 1032 bytes of one (RFC 1951: 258 bytes for two codes of one bit). */
const mostDeflated = 1032;

/**
 * Runs with a file opened for reading by place.
 * @throws UserError when it can't be read, is no regular file, or is empty
 */
export async function withSource<T>(path: string, work: (source: Source) => Promise<T>): Promise<T> {
  let handle: FileHandle;
  try {
    // Asked before it is opened: a pipe without a writer would block for ever.
    const stats = await stat(path);
    if (!stats.isFile() && !stats.isDirectory()) throw new UserError('file-special', `${path} is no regular file`);
    handle = await open(path, 'r');
  } catch (error) {
    throw fileFailure('read', path, error);
  }
  try {
    const { size } = await handle.stat();
    if (size === 0) {
      throw new UserError('image-empty', `${path} is empty (0 bytes)`, 'export or copy it again, or remove it');
    }
    return await work(fileSource(path, size, handle));
  } catch (error) {
    throw fileFailure('read', path, error);
  } finally {
    await handle.close();
  }
}

function fileSource(path: string, size: number, handle: FileHandle): Source {
  const read = async (offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> => {
    if (!(offset >= 0 && length >= 0 && offset + length <= size)) {
      throw corrupt(path, `it has ${size} bytes, but ${offset + length} are needed`);
    }
    const bytes = new Uint8Array(length);
    // One call reads at most 2 GiB.
    for (let done = 0; done < length; ) {
      const { bytesRead } = await handle.read(bytes, done, Math.min(length - done, 1 << 30), offset + done);
      if (bytesRead === 0) throw corrupt(path, 'it became shorter while it was read');
      done += bytesRead;
    }
    return bytes;
  };
  return { path, size, read, head: (length) => read(0, Math.min(length, size)) };
}

/** The decompressed bytes of a file from `start` on: gzip, zlib or raw deflate. */
export function inflated(file: Source, kind: 'gzip' | 'zlib' | 'raw', start = 0): Source {
  const size = Math.max(0, file.size - start) * mostDeflated;
  const collect = async (offset: number, length: number, exact: boolean): Promise<Uint8Array<ArrayBuffer>> => {
    if (offset + length > size && exact) {
      throw corrupt(file.path, `its ${file.size} compressed bytes can't hold ${offset + length}`);
    }
    const parts: Uint8Array[] = [];
    let seen = 0;
    let kept = 0;
    const stream = createReadStream(file.path, { start });
    const inflate = kind === 'gzip' ? createGunzip() : kind === 'zlib' ? createInflate() : createInflateRaw();
    stream.on('error', (error) => inflate.destroy(error));
    try {
      for await (const chunk of stream.pipe(inflate)) {
        const bytes = chunk as Uint8Array;
        const from = Math.max(0, offset - seen);
        if (from < bytes.length && kept < length) {
          const part = bytes.subarray(from, from + length - kept);
          parts.push(part);
          kept += part.length;
        }
        seen += bytes.length;
        if (kept >= length) break;
      }
    } catch (error) {
      const failure = fileFailure('read', file.path, error);
      if (failure instanceof UserError) throw failure;
      // A stream that was cut off has given all it has; whether that is enough is for the caller to say.
      if (exact || kept === 0) throw corrupt(file.path, error);
    } finally {
      stream.destroy();
      inflate.destroy();
    }
    if (exact && kept < length) throw corrupt(file.path, `it holds ${seen} bytes, but ${offset + length} are needed`);
    const out = new Uint8Array(kept);
    let at = 0;
    for (const part of parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  };
  return {
    path: file.path,
    size,
    read: (offset, length) => collect(offset, length, true),
    head: (length) => collect(0, length, false),
  };
}

/** gzip's magic number and its only method. */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;
