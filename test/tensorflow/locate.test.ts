import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheFolder, manifestName } from '../../runtime/engines/native/cache.js';
import { chooseBuild } from '../../runtime/engines/native/choose.js';
import { currentFolderVariables, safeEnvironment } from '../../runtime/engines/native/environment.js';
import { isMissing } from '../../runtime/engines/native/library.js';
import type { LocateOptions } from '../../runtime/engines/native/locate.js';
import { isOlder, type Machine } from '../../runtime/engines/native/machine.js';

import { tensorFlowLibrary } from '../../runtime/engines/tensorflow/native/library.js';
import { loadTensorFlow } from '../../runtime/engines/tensorflow/native/load.js';
import { locateTensorFlow } from '../../runtime/engines/tensorflow/native/locate.js';
import { probeTensorFlow } from '../../runtime/engines/tensorflow/native/probe.js';
import { builds, isKept } from '../../runtime/engines/tensorflow/native/wheels.js';
import { hasFeature, linuxFlags, macFlags, missingFeatures } from '../../runtime/support/cpu.js';
import { linux } from './wheel-server.js';

let home = '';

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'unetc-locate-'));
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

function write(path: string, text = 'x'): string {
  const file = join(home, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** What `engine install` leaves, with files of one byte. */
function installed(key: string): void {
  const build = builds[key]!;
  const paths = [...build.preload, build.library];
  for (const path of paths) write(`cache/tensorflow/${build.name}/${path}`);
  const files = paths.map((path) => ({ path, bytes: 1 }));
  write(
    `cache/tensorflow/${build.name}/${manifestName}`,
    JSON.stringify({ version: build.version, kind: build.kind, files }),
  );
}

function tfjsNode(name: string): void {
  write(`node_modules/@tensorflow/${name}/package.json`, '{"version":"4.22.0"}');
  const lib = `node_modules/@tensorflow/${name}/deps/lib`;
  write(`${lib}/libtensorflow.so.2.9.1`);
  symlinkSync('libtensorflow.so.2.9.1', join(home, lib, 'libtensorflow.so.2'));
  write(`${lib}/libtensorflow_framework.so.2.9.1`);
  symlinkSync('libtensorflow_framework.so.2.9.1', join(home, lib, 'libtensorflow_framework.so.2'));
}

const locate = (options: LocateOptions = {}) =>
  locateTensorFlow({
    machine: linux,
    gpu: false,
    cwd: home,
    module: join(home, 'node_modules/unetc/dist/app'),
    ...options,
    env: { UNETC_CACHE: join(home, 'cache'), ...options.env },
  });

describe('locateTensorFlow', () => {
  it('prefers UNETC_TENSORFLOW to an install, and that to @tensorflow/tfjs-node', async () => {
    expect(await locate()).toEqual({
      missing: 'TensorFlow is not installed',
      remedy: "run 'unetc engine install tensorflow'",
    });
    tfjsNode('tfjs-node');
    const lib = join(home, 'node_modules/@tensorflow/tfjs-node/deps/lib');
    expect(await locate()).toEqual({
      library: join(lib, 'libtensorflow.so.2'),
      preload: [join(lib, 'libtensorflow_framework.so.2')],
      version: '2.9.1',
      kind: 'cpu',
      source: '@tensorflow/tfjs-node',
    });
    installed('linux-x64');
    const folder = join(home, 'cache/tensorflow/2.20.0-cpu-linux-x64');
    expect(await locate()).toEqual({
      library: join(folder, 'tensorflow/libtensorflow_cc.so.2'),
      preload: [join(folder, 'tensorflow/libtensorflow_framework.so.2')],
      version: '2.20.0',
      kind: 'cpu',
      source: 'unetc engine install tensorflow',
    });
    const own = write('own/libtensorflow.so.2.15.0');
    expect(await locate({ env: { UNETC_TENSORFLOW: 'own' } })).toEqual({
      library: own,
      preload: [],
      version: '2.15.0',
      kind: 'cpu',
      source: 'UNETC_TENSORFLOW',
    });
    expect(await locate({ env: { UNETC_TENSORFLOW: own } })).toMatchObject({ library: own });
  });

  it('does not go past a UNETC_TENSORFLOW that is wrong', async () => {
    installed('linux-x64');
    expect(await locate({ env: { UNETC_TENSORFLOW: 'none' } })).toMatchObject({
      missing: `UNETC_TENSORFLOW names ${join(home, 'none')}, which does not exist`,
    });
    mkdirSync(join(home, 'empty'));
    expect(await locate({ env: { UNETC_TENSORFLOW: 'empty' } })).toMatchObject({
      missing: `UNETC_TENSORFLOW names ${join(home, 'empty')}, which has no TensorFlow library`,
    });
  });

  it('takes the build for GPUs where there is one, and only if nothing else is there where there is none', async () => {
    installed('linux-x64-gpu');
    expect(await locate()).toMatchObject({ kind: 'gpu', source: 'unetc engine install tensorflow --gpu' });
    installed('linux-x64');
    expect(await locate()).toMatchObject({ kind: 'cpu' });
    const found = await locate({ gpu: true });
    expect(found).toMatchObject({ kind: 'gpu' });
    if (isMissing(found)) throw new Error(found.missing);
    const names = found.preload.map((path) => path.split('/').at(-1) as string);
    expect(names.at(-1)).toBe('libtensorflow_framework.so.2');
    // Each after what it needs, as `readelf -d` lists it.
    for (const [library, ...needs] of [
      ['libcublas.so.12', 'libcublasLt.so.12'],
      ['libcusparse.so.12', 'libnvJitLink.so.12'],
      ['libcusolver.so.11', 'libcublas.so.12', 'libcublasLt.so.12', 'libcusparse.so.12', 'libnvJitLink.so.12'],
    ] as const) {
      expect(names).toContain(library);
      for (const need of needs) expect(names.indexOf(need), need).toBeGreaterThanOrEqual(0);
      for (const need of needs) expect(names.indexOf(need), need).toBeLessThan(names.indexOf(library));
    }
  });

  it('prefers tfjs-node-gpu with a GPU, and ignores a package whose install script did not run', async () => {
    tfjsNode('tfjs-node');
    write('node_modules/@tensorflow/tfjs-node-gpu/package.json', '{}');
    expect(await locate({ gpu: true })).toMatchObject({ source: '@tensorflow/tfjs-node' });
    rmSync(join(home, 'node_modules/@tensorflow/tfjs-node-gpu'), { recursive: true });
    tfjsNode('tfjs-node-gpu');
    expect(await locate({ gpu: true })).toMatchObject({ source: '@tensorflow/tfjs-node-gpu', kind: 'gpu' });
    expect(await locate()).toMatchObject({ source: '@tensorflow/tfjs-node', kind: 'cpu' });
  });

  it('ignores an install that lost a file', async () => {
    installed('linux-x64');
    rmSync(join(home, 'cache/tensorflow/2.20.0-cpu-linux-x64/tensorflow/libtensorflow_framework.so.2'));
    expect(await locate()).toMatchObject({ missing: 'TensorFlow is not installed' });
  });

  it('looks for packages where unetc is installed, and nowhere else', async () => {
    tfjsNode('tfjs-node');
    for (const module of [home, join(home, 'node_modules/unetc'), join(home, 'packages/app/node_modules/unetc/dist')]) {
      expect(await locate({ module }), module).toMatchObject({ source: '@tensorflow/tfjs-node' });
    }
    const elsewhere = { module: '/opt/unetc/dist/app' };
    const missing = { missing: 'TensorFlow is not installed' };
    expect(await locate(elsewhere)).toMatchObject(missing);
    expect(await locate({ ...elsewhere, cwd: join(home, 'node_modules/@tensorflow/tfjs-node') })).toMatchObject(
      missing,
    );
    expect(await locate({ ...elsewhere, env: { NODE_PATH: join(home, 'node_modules') } })).toMatchObject(missing);
  });

  it("finds a Python environment's TensorFlow with the CUDA libraries beside it", async () => {
    const library = write('site-packages/tensorflow/libtensorflow_cc.so.2');
    const framework = write('site-packages/tensorflow/libtensorflow_framework.so.2');
    const cudart = write('site-packages/nvidia/cuda_runtime/lib/libcudart.so.12');
    expect(await locate({ env: { UNETC_TENSORFLOW: 'site-packages' } })).toEqual({
      library,
      preload: [cudart, framework],
      kind: 'gpu',
      source: 'UNETC_TENSORFLOW',
    });
  });
});

describe('machines', () => {
  it.each<[string, Machine, boolean, string, string]>([
    ['Windows', { os: 'win32', arch: 'x64' }, false, 'no TensorFlow for win32-x64', '--engine ort'],
    [
      'an Intel Mac',
      { os: 'darwin', arch: 'x64', darwin: 23 },
      false,
      'no TensorFlow for darwin-x64',
      'arm64 build of Node',
    ],
    ['macOS 11', { os: 'darwin', arch: 'arm64', darwin: 20 }, false, 'needs macOS 12', '--engine ort'],
    ['Alpine', { os: 'linux', arch: 'x64', avx: true }, false, 'no glibc', 'node:20-slim'],
    ['CentOS 6', { ...linux, glibc: '2.12' }, false, 'needs glibc 2.17, and this system has 2.12', '--engine ort'],
    ['32 bits', { ...linux, arch: 'ia32' }, false, 'no TensorFlow for linux-ia32', '--engine ort'],
    ['a CPU without AVX', { ...linux, avx: false }, false, 'needs a CPU with AVX', '--engine ort'],
    [
      'a GPU on arm64',
      { os: 'linux', arch: 'arm64', glibc: '2.36' },
      true,
      'linux-x64 with an NVIDIA GPU',
      'leave --gpu out',
    ],
  ])('%s: says what is missing and what to do', async (_, machine, gpu, missing, remedy) => {
    const answer = chooseBuild(tensorFlowLibrary, machine, gpu);
    if (!isMissing(answer)) throw new Error(`took ${answer.name}`);
    expect(answer.missing).toContain(missing);
    expect(answer.remedy).toContain(remedy);
    if (!gpu) expect(await locate({ machine })).toEqual(answer);
  });

  it.each<[string, Machine, boolean]>([
    ['2.20.0-cpu-linux-x64', linux, false],
    ['2.20.0-gpu-linux-x64', linux, true],
    ['2.20.0-cpu-linux-arm64', { os: 'linux', arch: 'arm64', glibc: '2.17' }, false],
    ['2.20.0-cpu-darwin-arm64', { os: 'darwin', arch: 'arm64', darwin: 21 }, false],
  ])('%s is chosen, and its table is in order', (name, machine, gpu) => {
    const build = chooseBuild(tensorFlowLibrary, machine, gpu);
    if (isMissing(build)) throw new Error(build.missing);
    expect(build.name).toBe(name);
    for (const path of [build.library, ...build.preload]) expect(isKept(path), path).toBe(true);
    for (const { file, project, version, sha256, bytes, unpackedBytes } of build.wheels) {
      expect(file.startsWith(`${project.replaceAll('-', '_')}-${version}-`), file).toBe(true);
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(bytes).toBeGreaterThan(1e6);
      expect(unpackedBytes).toBeGreaterThan(1e5);
    }
  });

  it('compares versions by their parts', () => {
    expect(['2.9', '2.17', '2.17.1', '3'].map((v) => isOlder(v, '2.17'))).toEqual([true, false, false, false]);
  });

  it('keeps what it fetched in UNETC_CACHE, XDG_CACHE_HOME or the place of the system', () => {
    const HOME = '/home/a';
    expect(cacheFolder({ HOME, UNETC_CACHE: '/c', XDG_CACHE_HOME: '/x' }, 'linux')).toBe('/c');
    expect(cacheFolder({ HOME, XDG_CACHE_HOME: '/x' }, 'linux')).toBe('/x/unetc');
    expect(cacheFolder({ HOME }, 'linux')).toBe('/home/a/.cache/unetc');
    expect(cacheFolder({ HOME, XDG_CACHE_HOME: 'x' }, 'linux')).toBe('/home/a/.cache/unetc');
    expect(isAbsolute(cacheFolder({ HOME: '.' }, 'linux'))).toBe(true);
    expect(cacheFolder({ HOME: '.' }, 'linux')).toBe(cacheFolder({}, 'linux'));
    expect(cacheFolder({ HOME }, 'darwin')).toBe('/home/a/Library/Caches/unetc');
  });
});

describe('CPU features', () => {
  it('are read from /proc/cpuinfo and sysctl, and unknown where nobody says', () => {
    const flags = linuxFlags('processor\t: 0\nflags\t\t: fpu avx avx2 avx512f avx512_vnni\n\nprocessor\t: 1\n');
    const cpu = { model: 'x', flags };
    expect(hasFeature(cpu, 'avx2')).toBe(true);
    expect(missingFeatures(cpu).map((m) => m.feature)).toEqual(['avx512_bf16', 'amx_bf16']);
    expect(linuxFlags('Processor : ARMv8\nFeatures : fp asimd')).toBeUndefined();
    expect(macFlags('FPU AVX1.0 \nSMEP AVX2 AVX512F\n')).toEqual(new Set(['fpu', 'avx', 'smep', 'avx2', 'avx512f']));
    expect(macFlags('')).toBeUndefined();
    expect(hasFeature({ model: 'x' }, 'avx2')).toBeNull();
    expect(missingFeatures({ model: 'x' })).toEqual([]);
  });
});

describe('the probe', () => {
  it('has an environment that names no code by a relative path', () => {
    const env = {
      LD_LIBRARY_PATH: ':/opt/lib:.:lib',
      LD_PRELOAD: './x.so libjemalloc.so.2',
      NODE_PATH: '/n',
      NODE_OPTIONS: '-r ./x',
      A: '.',
    };
    expect(safeEnvironment(env)).toEqual({ LD_LIBRARY_PATH: '/opt/lib', LD_PRELOAD: 'libjemalloc.so.2', A: '.' });
    expect(currentFolderVariables(env)).toEqual(['LD_LIBRARY_PATH']);
    expect(currentFolderVariables({ LD_LIBRARY_PATH: '' })).toEqual([]);
    expect(currentFolderVariables({ LD_LIBRARY_PATH: '/a:/b' })).toEqual([]);
  });

  const wrong = (library: string) => ({ library, preload: [], kind: 'cpu' as const, source: 'a test' });

  it('survives what is no library', async () => {
    expect(await probeTensorFlow(wrong(write('libtensorflow.so.2', 'no library')))).toEqual({
      ok: false,
      reason: expect.stringMatching(/^it does not load: .+/),
    });
    expect(await probeTensorFlow(wrong(join(home, 'none.so')))).toMatchObject({ ok: false });
    expect(() => loadTensorFlow(wrong(join(home, 'none.so')))).toThrow();
  });

  it('says of a library without the C API what it lacks', async () => {
    const other = Object.values(process.report?.getReport() as { sharedObjects?: string[] })
      .flat()
      .find((f) => /libm[.-]/.test(String(f)));
    expect(await probeTensorFlow(wrong(String(other)))).toMatchObject({
      ok: false,
      reason: expect.stringContaining('TF_Version'),
    });
  });

  it('ends a library that never answers', async () => {
    expect(await probeTensorFlow(wrong(write('x.so')), 1)).toEqual({ ok: false, reason: 'it did not answer in time' });
  });
});

const found = await locateTensorFlow();
const why = isMissing(found) ? ` (skipped: ${found.missing})` : '';

describe('the installed TensorFlow', () => {
  it.skipIf(isMissing(found))(`loads, and answers its version and devices${why}`, async () => {
    if (isMissing(found)) return;
    const probe = await probeTensorFlow(found);
    expect(probe).toMatchObject({ ok: true, devices: expect.arrayContaining(['cpu']) });
    if (probe.ok && found.version) expect(probe.version).toBe(found.version);
    // In this process, which the test runner ends: a library that crashes at the end is a failed run.
    const { library } = loadTensorFlow(found);
    expect(library.func('const char *TF_Version()')()).toBe(probe.ok && probe.version);
  });
});
