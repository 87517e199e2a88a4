import { readdir, readFile, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { isAbsolute, join, resolve, sep } from 'node:path';
import { remove, rmdir, setModified } from '../../support/files/disk.js';
import { acquireLock, type LockOptions } from '../../support/files/lock.js';
import { sha256Of } from './hash.js';
import type { Build, Kind, NativeLibrary } from './library.js';
import { isTemporary } from './temporary.js';

/** The file that says an install is whole; it is written last, before the folder gets its name. */
export const manifestName = 'installed.json';

export interface Manifest {
  readonly version: string;
  readonly kind: Kind;
  readonly wheels: readonly { readonly file: string; readonly sha256: string }[];
  readonly files: readonly {
    readonly path: string;
    readonly bytes: number;
    /** Of what was unpacked from a wheel whose own hash is pinned. Both are absent of installs by older versions. */
    readonly sha256?: string;
    readonly modified?: number;
  }[];
}

export interface Installed {
  readonly folder: string;
  readonly version: string;
  readonly kind: Kind;
  readonly bytes: number;
}

/** Where unetc keeps what it fetched: UNETC_CACHE, else the system's place for caches. Absolute. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env, os: NodeJS.Platform = process.platform): string {
  if (env.UNETC_CACHE) return resolve(env.UNETC_CACHE);
  // The XDG specification has relative paths ignored; of the current folder, nothing is loaded unless it is named.
  if (env.XDG_CACHE_HOME && isAbsolute(env.XDG_CACHE_HOME)) return join(env.XDG_CACHE_HOME, 'unetc');
  const home = env.HOME && isAbsolute(env.HOME) ? env.HOME : recordedHome();
  return os === 'darwin' ? join(home, 'Library/Caches/unetc') : join(home, '.cache/unetc');
}

/** The user's home as the system has it; a user that it does not know (a number given to a container) has none. */
function recordedHome(): string {
  try {
    return userInfo().homedir;
  } catch {
    return '/';
  }
}

/** The folder of one library's installs. */
export const libraryFolder = ({ folder }: NativeLibrary, env?: NodeJS.ProcessEnv): string =>
  join(cacheFolder(env), folder);

export const buildFolder = (known: NativeLibrary, build: Build, env?: NodeJS.ProcessEnv): string =>
  join(libraryFolder(known, env), build.name);

/** The lock of a library's installs, which those who change them take. */
export const installLock = (known: NativeLibrary, env?: NodeJS.ProcessEnv): [file: string, options: LockOptions] => {
  const folder = libraryFolder(known, env);
  return [join(folder, 'install.lock'), { work: 'an install or removal', subject: folder }];
};

/**
 * The install in a folder, if it is whole: every file there, of the size and the time it was written with. A file of another
 * time (the folder was copied) is read, and is right if it has its SHA-256.
 */
export async function readInstalled(folder: string): Promise<Installed | undefined> {
  const manifest = await readManifest(folder);
  if (!manifest) return undefined;
  for (const file of manifest.files) {
    const path = join(folder, file.path);
    const found = await stat(path).catch(() => undefined);
    if (found?.size !== file.bytes) return undefined;
    const { sha256, modified } = file;
    if (sha256 === undefined || modified === undefined || Math.floor(found.mtimeMs / 1000) === modified) continue;
    if ((await sha256Of(path).catch(() => '')) !== sha256) return undefined;
    // So that it is read once only; where that is not allowed, each time.
    await setModified(path, modified).catch(() => undefined);
  }
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  return { folder, version: manifest.version, kind: manifest.kind, bytes };
}

/** The first file of an install that has not the SHA-256 it was written with; all of them are read. */
export async function damagedFile(folder: string): Promise<string | undefined> {
  for (const { path, sha256 } of (await readManifest(folder))?.files ?? []) {
    const file = join(folder, path);
    if (sha256 !== undefined && (await sha256Of(file).catch(() => '')) !== sha256) return file;
  }
  return undefined;
}

/** The folder of an install that a library lies in, if it lies in one. */
export const installOf = (known: NativeLibrary, library: string, env?: NodeJS.ProcessEnv): string | undefined =>
  Object.values(known.builds)
    .map((build) => buildFolder(known, build, env))
    .find((folder) => library.startsWith(join(folder, sep)));

async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    const found = JSON.parse(await readFile(join(folder, manifestName), 'utf8')) as Manifest;
    return Array.isArray(found.files) && found.files.every((f) => typeof f.path === 'string') ? found : undefined;
  } catch {
    return undefined;
  }
}

/** The installs of a library's builds that are whole. */
export async function listInstalled(known: NativeLibrary, env?: NodeJS.ProcessEnv): Promise<Installed[]> {
  const builds = Object.values(known.builds);
  const found = await Promise.all(builds.map((build) => readInstalled(buildFolder(known, build, env))));
  return found.filter((installed) => installed !== undefined);
}

export interface Removed {
  /** What was removed, by path. */
  readonly removed: readonly string[];
  readonly freedBytes: number;
}

/**
 * Removes every install of a library, of other versions too, and what interrupted ones left. Nothing else that may lie in the folder
 * is touched.
 */
export async function removeInstalled(known: NativeLibrary, env?: NodeJS.ProcessEnv): Promise<Removed> {
  const folder = libraryFolder(known, env);
  const removed: string[] = [];
  let freedBytes = 0;
  if (!(await stat(folder).catch(() => undefined))) return { removed, freedBytes };
  // An install that is under way has files here that look left over.
  const lock = await acquireLock(...installLock(known, env));
  try {
    freedBytes = await removeIn(folder, removed);
  } finally {
    await lock.release();
  }
  await rmdir(folder).catch(() => undefined);
  return { removed, freedBytes };
}

async function removeIn(folder: string, removed: string[]): Promise<number> {
  let freedBytes = 0;
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const ours = isTemporary(name) || (/^\d[\w.]*-(cpu|gpu)-\w+-\w+$/.test(name) && (await isInstall(path)));
    if (!ours) continue;
    freedBytes += await sizeOf(path);
    await remove(path);
    removed.push(path);
  }
  return freedBytes;
}

const isInstall = (path: string): Promise<boolean> =>
  stat(join(path, manifestName)).then(
    (found) => found.isFile(),
    () => false,
  );

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) return found?.size ?? 0;
  const sizes = await Promise.all((await readdir(path)).map((name) => sizeOf(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}
