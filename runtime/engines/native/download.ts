import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../../compiler/user-error.js';
import { type Output, open } from '../../support/files/disk.js';
import { fileFailure } from '../../support/files/failure.js';
import type { Wheel } from './library.js';
import type { Web } from './web.js';

export interface DownloadOptions {
  readonly web: Web;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
  /** Wait before the first of the repeated tries, in milliseconds; each further wait is twice as long. */
  readonly patience?: number;
}

const tries = 5;

/**
 * Brings a wheel into `path`, where the beginning of it may lie already, and proves it is the pinned one. A connection
 * that breaks is taken up again where it broke, as long as that brings anything.
 *
 * @throws UserError when the server can't be reached or sends something else, or the disk is full; what came is kept,
 *   unless it is proved wrong
 */
export async function download(url: URL, wheel: Wheel, path: string, options: DownloadOptions): Promise<void> {
  const part = await openPart(path);
  try {
    const resumed = part.bytes > 0;
    if (await complete(url, wheel, part, options)) return;
    // What lay there may have been of another file; once more from the beginning.
    if (resumed) {
      await part.restart();
      if (await complete(url, wheel, part, options)) return;
    }
    await part.restart();
    throw new UserError(
      'wheel-hash',
      `${wheel.file} from ${url.host} is not the file unetc was tested with: its SHA-256 differs`,
      'try again; if it stays so, a proxy or mirror alters the file: fetch it by other means and give it with --wheel',
    );
  } finally {
    await part.close();
  }
}

/** Fetches what is missing; whether the whole is then the pinned file. */
async function complete(url: URL, wheel: Wheel, part: Part, options: DownloadOptions): Promise<boolean> {
  const { signal, patience = 1000, onProgress } = options;
  let failures = 0;
  while (part.bytes < wheel.bytes) {
    const before = part.bytes;
    try {
      await fetchRest(url, wheel, part, options);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof UserError) || error.code !== 'network') throw error;
      failures = part.bytes > before ? 1 : failures + 1;
      if (failures >= tries) throw brokenOff(wheel, part.bytes, error);
      await sleep(patience * 2 ** (failures - 1), undefined, { signal });
    }
  }
  onProgress?.(wheel.bytes, wheel.bytes);
  return part.bytes === wheel.bytes && part.digest() === wheel.sha256;
}

/** One request for what is missing. A server that knows no ranges sends the whole again. */
async function fetchRest(url: URL, wheel: Wheel, part: Part, options: DownloadOptions): Promise<void> {
  const { web, onProgress, signal } = options;
  const range: Record<string, string> = part.bytes > 0 ? { range: `bytes=${part.bytes}-` } : {};
  const response = await web.get(url, { 'accept-encoding': 'identity', ...range }, signal);
  const { status } = response;
  if (status === 429 || status >= 500) {
    await response.body?.cancel();
    throw new UserError('network', `${url.host} answers ${status}`, 'try again later');
  }
  if (status === 416) {
    await response.body?.cancel();
    throw new UserError(
      'download',
      `${wheel.file} at ${url.host} is ${part.bytes} bytes or less, and should be ${wheel.bytes}`,
      'the copy there is cut off: fetch the file by other means and give it with --wheel',
    );
  }
  const start = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1];
  if (status === 200) await part.restart();
  else if (status !== 206 || start !== String(part.bytes)) {
    await response.body?.cancel();
    throw new UserError(
      'download',
      `${url.host} answers ${status} for ${wheel.file}`,
      'try again later, or fetch the file by other means and give it with --wheel',
    );
  }
  const chunks = response.body?.[Symbol.asyncIterator]();
  while (chunks) {
    let next: IteratorResult<Uint8Array>;
    try {
      next = await chunks.next();
    } catch (error) {
      throw web.failure(url, error);
    }
    if (next.done) break;
    await part.append(next.value);
    onProgress?.(Math.min(part.bytes, wheel.bytes), wheel.bytes);
    // More than there should be: it is another file, however long.
    if (part.bytes > wheel.bytes) return void (await chunks.return?.());
  }
  if (part.bytes < wheel.bytes) throw new UserError('network', `${url.host} closed the connection`);
}

const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);

const brokenOff = (wheel: Wheel, bytes: number, error: UserError): UserError =>
  new UserError(
    'network',
    `${wheel.file}: ${mib(bytes)} of ${mib(wheel.bytes)} MiB came; ${error.message}`,
    `${bytes > 0 ? 'run the command again: it goes on from there; ' : ''}${error.hint ?? 'check the connection'}`,
    { cause: error },
  );

/** A file that grows, and its hash. */
interface Part {
  readonly bytes: number;
  append(chunk: Uint8Array): Promise<void>;
  restart(): Promise<void>;
  digest(): string;
  close(): Promise<void>;
}

async function openPart(path: string): Promise<Part> {
  let output: Output;
  try {
    output = await open(path, 'a+');
  } catch (error) {
    throw fileFailure('create', path, error);
  }
  let hash: Hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return {
    get bytes() {
      return bytes;
    },
    async append(chunk) {
      try {
        await output.write(chunk);
      } catch (error) {
        throw fileFailure('write', path, error);
      }
      hash.update(chunk);
      bytes += chunk.length;
    },
    async restart() {
      await output.truncate(0);
      hash = createHash('sha256');
      bytes = 0;
    },
    digest: () => hash.copy().digest('hex'),
    close: () => output.close(),
  };
}
