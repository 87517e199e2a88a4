import { readdir, realpath, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { buildFolder, readInstalled } from './cache.js';
import { chooseBuild, impossibility, isMissing, type Missing } from './choose.js';
import { type Machine, thisMachine } from './machine.js';
import { type Builds, cudaLibraries, type Kind, builds as pinned } from './wheels.js';

/** A TensorFlow library that exports the C API. */
export interface TensorFlowLibrary {
  readonly library: string;
  /** Libraries to load first, in this order, with their symbols visible to those that follow. */
  readonly preload: readonly string[];
  /** As far as it can be told without loading it; `TF_Version` answers for sure. */
  readonly version?: string;
  /** What it was made for: `gpu` runs on the CPU where there is no GPU. */
  readonly kind: Kind;
  /** Where it was found, for people: `unetc engine install`. */
  readonly source: string;
}

export interface LocateOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly machine?: Machine;
  readonly builds?: Builds;
  /** Folder from which the user's own packages are resolved. */
  readonly cwd?: string;
  /** Whether an NVIDIA GPU can be used; default: whether its driver is loaded. */
  readonly gpu?: boolean;
}

/**
 * Finds TensorFlow, without loading it: UNETC_TENSORFLOW (a library, or a folder that has one), what `unetc engine
 * install tfjs` brought (that for the GPU first where there is one), then the library of a @tensorflow/tfjs-node-gpu or
 * @tensorflow/tfjs-node, installed beside the user's work or beside unetc.
 */
export async function locateTensorFlow(options: LocateOptions = {}): Promise<TensorFlowLibrary | Missing> {
  const { env = process.env, machine = await thisMachine(), builds = pinned, cwd = process.cwd() } = options;
  const impossible = impossibility(machine);
  if (impossible) return impossible;
  if (env.UNETC_TENSORFLOW) return fromEnvironment(resolve(cwd, env.UNETC_TENSORFLOW));
  const gpu = options.gpu ?? (await hasNvidiaDriver());
  for (const wanted of gpu ? [true, false] : [false, true]) {
    const build = chooseBuild(machine, wanted, builds);
    const installed = isMissing(build) ? undefined : await readInstalled(buildFolder(build, env));
    if (isMissing(build) || !installed) continue;
    return {
      library: join(installed.folder, build.library),
      preload: build.preload.map((path) => join(installed.folder, path)),
      version: build.version,
      kind: build.kind,
      source: `unetc engine install tfjs${build.kind === 'gpu' ? ' --gpu' : ''}`,
    };
  }
  for (const name of gpu ? ['tfjs-node-gpu', 'tfjs-node'] : ['tfjs-node', 'tfjs-node-gpu']) {
    const found = await fromPackage(`@tensorflow/${name}`, cwd);
    if (found) return found;
  }
  const build = chooseBuild(machine, false, builds);
  if (isMissing(build)) return build;
  return { missing: 'TensorFlow is not installed', remedy: "run 'unetc engine install tfjs'" };
}

async function fromEnvironment(path: string): Promise<TensorFlowLibrary | Missing> {
  const found = await stat(path).catch(() => undefined);
  const library = found?.isDirectory()
    ? await libraryIn(['', 'tensorflow', 'lib', 'deps/lib'].map((f) => join(path, f)))
    : path;
  if (!found || !library) {
    return {
      missing: `UNETC_TENSORFLOW names ${path}, ${found ? 'which has no TensorFlow library' : 'which does not exist'}`,
      remedy: 'set it to a libtensorflow.so.2 or libtensorflow_cc.so.2, or to a folder that has one, or unset it',
    };
  }
  return describe(library, 'UNETC_TENSORFLOW');
}

/** The native library of an installed package; that it may lack (install scripts were off) is no error. */
async function fromPackage(name: string, cwd: string): Promise<TensorFlowLibrary | undefined> {
  for (const from of [join(cwd, 'package.json'), import.meta.url]) {
    let manifest: string;
    try {
      manifest = createRequire(from).resolve(`${name}/package.json`);
    } catch {
      continue;
    }
    const library = await libraryIn([join(dirname(manifest), 'deps/lib')]);
    if (library) return describe(library, name, name.endsWith('-gpu') ? 'gpu' : undefined);
  }
  return undefined;
}

const libraryName = /^(libtensorflow(_cc)?\.so(\.\d+)*|libtensorflow(_cc)?(\.\d+)*\.dylib|tensorflow\.dll)$/;

/** The first of these folders that has a TensorFlow library; of several names for it the shortest. */
async function libraryIn(folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const names = (await readdir(folder).catch(() => [])).filter((name) => libraryName.test(name));
    const [first] = names.sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
    if (first !== undefined) return join(folder, first);
  }
  return undefined;
}

/** A library and what lies beside it: its framework half, and CUDA's libraries in a folder of Python packages. */
async function describe(library: string, source: string, kind?: Kind): Promise<TensorFlowLibrary> {
  const folder = dirname(library);
  const names = await readdir(folder).catch(() => []);
  const frameworks = names
    .filter((name) => /^libtensorflow_framework(\.so(\.\d+)*|(\.\d+)*\.dylib)$/.test(name))
    .sort((a, b) => a.length - b.length)
    .slice(0, 1);
  const cuda: string[] = [];
  for (const path of cudaLibraries.map((p) => join(folder, '..', p))) {
    if (await stat(path).catch(() => undefined)) cuda.push(path);
  }
  const real = await realpath(library).catch(() => library);
  const version = /(\d+\.\d+\.\d+)(\.dylib)?$/.exec(real)?.[1];
  return {
    library,
    preload: [...cuda, ...frameworks.map((name) => join(folder, name))],
    ...(version ? { version } : {}),
    kind: kind ?? (cuda.length > 0 ? 'gpu' : 'cpu'),
    source,
  };
}

const hasNvidiaDriver = (): Promise<boolean> =>
  Promise.any(['/proc/driver/nvidia/version', '/dev/nvidiactl', '/dev/dxg'].map((path) => stat(path))).then(
    () => true,
    () => false,
  );
