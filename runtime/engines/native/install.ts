import { stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../../../compiler/user-error.js';
import { makeFolder, writeAtomic } from '../../support/files/atomic.js';
import { rename } from '../../support/files/disk.js';
import { failedWith, fileFailure } from '../../support/files/failure.js';
import { awaitLock, type Lock, LockHeld, type LockOwner } from '../../support/files/lock.js';
import {
  buildFolder,
  type Installed,
  installLock,
  libraryFolder,
  type Manifest,
  manifestName,
  readInstalled,
} from './cache.js';
import { chooseBuild } from './choose.js';
import { download } from './download.js';
import { givenWheels } from './given.js';
import { type Build, type Builds, isMissing, type NativeLibrary } from './library.js';
import { type Machine, thisMachine } from './machine.js';
import { findOnIndex } from './package-index.js';
import { claim, clean, discard, leave, release, takeOver } from './temporary.js';
import { unpack } from './unpack.js';
import { openWeb } from './web.js';

/** What an install is busy with: `done` of `total` bytes. */
export interface InstallProgress {
  readonly stage: 'download' | 'unpack';
  /** The wheel. */
  readonly file: string;
  /** Where it comes from. */
  readonly from: string;
  readonly done: number;
  readonly total: number;
}

export interface InstallOptions {
  readonly gpu?: boolean;
  /** Wheels on this disk, or folders that hold them: nothing is fetched then. */
  readonly wheels?: readonly string[];
  readonly onProgress?: (progress: InstallProgress) => void;
  readonly signal?: AbortSignal;
  /** Where the cache, the index and the proxy are named; default: the process's. */
  readonly env?: NodeJS.ProcessEnv;
  readonly machine?: Machine;
  readonly builds?: Builds;
  /** Called once if another process installs or removes this library, whose end is then awaited. */
  readonly onWait?: (owner: LockOwner) => void;
  /** See `DownloadOptions`. */
  readonly patience?: number;
}

export interface InstallResult extends Installed {
  /** It was there, and nothing was done. */
  readonly already: boolean;
}

/**
 * Brings a shared library into unetc's cache: pinned wheels from PyPI or a mirror, proved by their SHA-256, of
 * which the libraries are unpacked into a folder that gets its name when it is whole. A second call does nothing; two at
 * once both succeed; one that was stopped is gone on with.
 *
 * @throws UserError when there is no build for this machine, and whenever network, disk or file are at fault
 */
export async function install(known: NativeLibrary, options: InstallOptions = {}): Promise<InstallResult> {
  const { gpu = false, env = process.env, machine = await thisMachine() } = options;
  const build = chooseBuild(known, machine, gpu, options.builds);
  if (isMissing(build)) throw new UserError('unsupported', build.missing, build.remedy);
  const folder = buildFolder(known, build, env);
  const there = await readInstalled(folder);
  if (there) return { ...there, already: true };
  const cache = libraryFolder(known, env);
  await makeCache(cache);
  const lock = await lockOrNone(known, options);
  try {
    return await installLocked(known, build, folder, cache, options);
  } finally {
    await lock?.release();
  }
}

/** Two installs at once are both right, only wasteful: one whose end can't be seen from here is not waited for. */
async function lockOrNone(known: NativeLibrary, options: InstallOptions): Promise<Lock | undefined> {
  try {
    return await awaitLock(...installLock(known, options.env), options);
  } catch (error) {
    if (error instanceof LockHeld) return undefined;
    throw error;
  }
}

async function installLocked(
  known: NativeLibrary,
  build: Build,
  folder: string,
  cache: string,
  options: InstallOptions,
): Promise<InstallResult> {
  const { signal } = options;
  // Another process that had the lock may have brought it.
  const there = await readInstalled(folder);
  if (there) return { ...there, already: true };
  await clean(cache);
  signal?.throwIfAborted();
  const files = options.wheels
    ? await givenWheels(build, options.wheels, signal)
    : await fetchWheels(build, cache, options);
  let finished = false;
  try {
    await unpackAll(build, folder, files, known.isKept, options);
    finished = true;
  } finally {
    // Unpacking can be tried again without a download: the disk was full, or it was interrupted.
    for (const { path, wheel, ours } of files) {
      if (ours) await (finished ? discard(path) : leave(cache, wheel.file, path));
    }
  }
  const installed = await readInstalled(folder);
  if (!installed) throw new Error(`${folder} is not what was written there`);
  return { ...installed, already: false };
}

/** A wheel on this disk. */
export interface WheelFile {
  readonly wheel: Build['wheels'][number];
  readonly path: string;
  /** A download of ours, to be removed. */
  readonly ours: boolean;
}

const defaultIndex = 'https://pypi.org/simple';

/** The index to ask: UNETC_PYPI, or pip's PIP_INDEX_URL, or PyPI. */
export function packageIndex(env: NodeJS.ProcessEnv = process.env): URL {
  const [name, value] = env.UNETC_PYPI
    ? ['UNETC_PYPI', env.UNETC_PYPI]
    : env.PIP_INDEX_URL
      ? ['PIP_INDEX_URL', env.PIP_INDEX_URL]
      : ['', defaultIndex];
  if (URL.canParse(value) && /^https?:/.test(value)) return new URL(value);
  throw new UserError('index', `${name} is not the address of an index: ${value}`, `as in ${name}=${defaultIndex}`);
}

async function fetchWheels(build: Build, cache: string, options: InstallOptions): Promise<WheelFile[]> {
  const { env = process.env, onProgress, signal, patience } = options;
  const index = packageIndex(env);
  const web = openWeb(env);
  const files: WheelFile[] = [];
  try {
    for (const wheel of build.wheels) files.push({ wheel, path: await takeOver(cache, wheel.file), ours: true });
    await checkSpace(cache, build, await Promise.all(files.map(({ path }) => sizeOf(path))));
    for (const { wheel, path } of files) {
      const url = await findOnIndex(index, wheel, web, signal);
      await download(url, wheel, path, {
        web,
        signal,
        patience,
        onProgress: (done, total) =>
          onProgress?.({ stage: 'download', file: wheel.file, from: index.host, done, total }),
      });
    }
    return files;
  } catch (error) {
    for (const { wheel, path } of files) await leave(cache, wheel.file, path);
    throw error;
  } finally {
    await web.close();
  }
}

async function unpackAll(
  build: Build,
  folder: string,
  wheels: readonly WheelFile[],
  keep: (path: string) => boolean,
  { onProgress, signal }: InstallOptions,
): Promise<void> {
  const work = claim(dirname(folder), build.name);
  try {
    if (!wheels.some(({ ours }) => ours)) await checkSpace(dirname(folder), build);
    const files: Manifest['files'][number][] = [];
    for (const { wheel, path } of wheels) {
      let done = 0;
      const unpacked = await unpack(path, work, {
        keep,
        signal,
        onProgress: (bytes) => {
          done += bytes;
          onProgress?.({ stage: 'unpack', file: wheel.file, from: path, done, total: wheel.unpackedBytes });
        },
      });
      files.push(...unpacked);
    }
    for (const path of [...build.preload, build.library]) {
      if (!files.some((file) => file.path === path)) throw new Error(`no ${path} in the wheels of ${build.name}`);
    }
    const { version, kind } = build;
    const manifest: Manifest = {
      version,
      kind,
      wheels: build.wheels.map(({ file, sha256 }) => ({ file, sha256 })),
      files,
    };
    await writeAtomic(join(work, manifestName), `${JSON.stringify(manifest, null, 2)}\n`);
    await putInPlace(work, folder);
  } finally {
    await discard(work);
  }
}

/** Gives the work its name. Another install that was quicker is as good; a broken one is moved out of the way. */
async function putInPlace(work: string, folder: string): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      await rename(work, folder);
      return release(work);
    } catch (error) {
      if (!failedWith(error, 'ENOTEMPTY') && !failedWith(error, 'EEXIST') && !failedWith(error, 'ENOTDIR')) {
        throw fileFailure('write', folder, error);
      }
    }
    if (await readInstalled(folder)) return;
    const broken = claim(dirname(folder), 'broken');
    await rename(folder, broken).catch(() => undefined);
    await discard(broken);
  }
  throw new UserError('install', `can't replace ${folder}`, 'remove it, and run again');
}

async function makeCache(folder: string): Promise<void> {
  try {
    await makeFolder(folder);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(error.code, error.message, 'set UNETC_CACHE to a folder that you may write to', {
      cause: error,
    });
  }
}

/** Wheels, less what is there of them, and what comes out of them lie on the disk at one time. */
async function checkSpace(folder: string, build: Build, there: readonly number[] = []): Promise<void> {
  const fetched =
    there.length > 0 ? build.wheels.reduce((sum, w, k) => sum + Math.max(0, w.bytes - (there[k] ?? 0)), 0) : 0;
  const needed = fetched + build.wheels.reduce((sum, wheel) => sum + wheel.unpackedBytes, 0);
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= needed) return;
  const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
  throw new UserError(
    'disk-space',
    `${gib(needed)} are needed in ${folder}, and ${gib(bavail * bsize)} are free`,
    'free some space, or set UNETC_CACHE to a folder on another disk',
  );
}

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );
