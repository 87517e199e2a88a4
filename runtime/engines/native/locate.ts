import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { buildFolder, readInstalled } from './cache.js';
import { chooseBuild } from './choose.js';
import { type Builds, isMissing, type Located, type Missing, type NativeLibrary } from './library.js';
import { type Machine, thisMachine } from './machine.js';

export interface LocateOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly machine?: Machine;
  readonly builds?: Builds;
  /** Folder from which a relative path in the user's variable is resolved; nothing else is looked for there. */
  readonly cwd?: string;
  /** The folder whose module looks for installed packages; default: unetc's own. */
  readonly module?: string;
  /** Whether an NVIDIA GPU can be used; default: whether its driver is loaded. */
  readonly gpu?: boolean;
}

/** Looks where one library alone may be. */
export type Elsewhere = (gpu: boolean) => Promise<Located | undefined>;

/**
 * Finds a library, without loading it: one that the user's variable names (a library, or a folder that has one), what `unetc
 * engine install` brought (that for NVIDIA's GPUs first where there is one), then what is found elsewhere.
 */
export async function locate(
  known: NativeLibrary,
  options: LocateOptions = {},
  elsewhere?: Elsewhere,
): Promise<Located | Missing> {
  const { env = process.env, machine = await thisMachine(), builds = known.builds, cwd = process.cwd() } = options;
  const { title, engine, own } = known;
  const impossible = known.impossibility?.(machine);
  if (impossible) return impossible;
  const named = env[own.variable];
  if (named) return fromEnvironment(known, resolve(cwd, named));
  const gpu = options.gpu ?? (await hasNvidiaDriver());
  for (const wanted of gpu ? [true, false] : [false, true]) {
    const build = chooseBuild(known, machine, wanted, builds);
    const installed = isMissing(build) ? undefined : await readInstalled(buildFolder(known, build, env));
    if (isMissing(build) || !installed) continue;
    return {
      library: join(installed.folder, build.library),
      preload: build.preload.map((path) => join(installed.folder, path)),
      version: build.version,
      kind: build.kind,
      source: `unetc engine install ${engine}${build.kind === 'gpu' ? ' --gpu' : ''}`,
    };
  }
  const found = await elsewhere?.(gpu);
  if (found) return found;
  const build = chooseBuild(known, machine, false, builds);
  if (isMissing(build)) return build;
  return { missing: `${title} is not installed`, remedy: `run 'unetc engine install ${engine}'` };
}

async function fromEnvironment({ title, own }: NativeLibrary, path: string): Promise<Located | Missing> {
  const found = await stat(path).catch(() => undefined);
  const library = found?.isDirectory()
    ? await libraryIn(
        own.folders.map((folder) => join(path, folder)),
        own.name,
      )
    : path;
  if (!found || !library) {
    return {
      missing: `${own.variable} names ${path}, ${found ? `which has no ${title} library` : 'which does not exist'}`,
      remedy: `set it to ${own.due}, or to a folder that has one, or unset it`,
    };
  }
  return own.describe(library, own.variable);
}

/** The first of these folders that has a library of that name; of several names for it the shortest. */
export async function libraryIn(folders: readonly string[], pattern: RegExp): Promise<string | undefined> {
  for (const folder of folders) {
    const names = (await readdir(folder).catch(() => [])).filter((name) => pattern.test(name));
    const [first] = names.sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
    if (first !== undefined) return join(folder, first);
  }
  return undefined;
}

const hasNvidiaDriver = (): Promise<boolean> =>
  Promise.any(['/proc/driver/nvidia/version', '/dev/nvidiactl', '/dev/dxg'].map((path) => stat(path))).then(
    () => true,
    () => false,
  );
