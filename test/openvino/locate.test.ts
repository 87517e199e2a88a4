import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manifestName, removeInstalled } from '../../runtime/engines/native/cache.js';
import { chooseBuild } from '../../runtime/engines/native/choose.js';
import { pipCommand } from '../../runtime/engines/native/given.js';
import { isMissing } from '../../runtime/engines/native/library.js';
import type { LocateOptions } from '../../runtime/engines/native/locate.js';
import type { Machine } from '../../runtime/engines/native/machine.js';
import { loadOpenVino } from '../../runtime/engines/openvino/c-api.js';
import { locateOpenVino, openVinoLibrary } from '../../runtime/engines/openvino/native/library.js';
import { probeOpenVino } from '../../runtime/engines/openvino/native/probe.js';
import { builds, isKept } from '../../runtime/engines/openvino/native/wheels.js';
import { linux } from '../tensorflow/wheel-server.js';

let home = '';

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'unetc-openvino-'));
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

function write(path: string, text = 'x'): string {
  const file = join(home, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** What `engine install` leaves, with a file of one byte. */
function installed(key: string): string {
  const { name, library, version, kind } = builds[key]!;
  write(
    `cache/openvino/${name}/${manifestName}`,
    JSON.stringify({ version, kind, files: [{ path: library, bytes: 1 }] }),
  );
  return write(`cache/openvino/${name}/${library}`);
}

const locate = (options: LocateOptions = {}) =>
  locateOpenVino({
    machine: linux,
    gpu: false,
    cwd: home,
    ...options,
    env: { UNETC_CACHE: join(home, 'cache'), ...options.env },
  });

describe('locateOpenVino', () => {
  it('prefers UNETC_OPENVINO to an install', async () => {
    expect(await locate()).toEqual({
      missing: 'OpenVINO is not installed',
      remedy: "run 'unetc engine install openvino'",
    });
    const library = installed('linux-x64');
    expect(await locate()).toEqual({
      library,
      preload: [],
      version: '2026.4.1',
      kind: 'cpu',
      source: 'unetc engine install openvino',
    });
    const own = write('site-packages/openvino/libs/libopenvino_c.so.2510');
    const due = { library: own, preload: [], kind: 'cpu', source: 'UNETC_OPENVINO' };
    for (const path of ['site-packages', 'site-packages/openvino/libs', own])
      expect(await locate({ env: { UNETC_OPENVINO: path } }), path).toEqual(due);
  });

  it('does not go past a UNETC_OPENVINO that is wrong', async () => {
    installed('linux-x64');
    expect(await locate({ env: { UNETC_OPENVINO: 'none' } })).toEqual({
      missing: `UNETC_OPENVINO names ${join(home, 'none')}, which does not exist`,
      remedy: 'set it to a libopenvino_c.so or openvino_c.dll, or to a folder that has one, or unset it',
    });
    // The library itself, without the C API, is none.
    write('other/libopenvino.so.2641');
    expect(await locate({ env: { UNETC_OPENVINO: 'other' } })).toMatchObject({
      missing: `UNETC_OPENVINO names ${join(home, 'other')}, which has no OpenVINO library`,
    });
  });

  it('loads on Windows what the library needs before it', async () => {
    const [tbb, core, c] = ['tbb12.dll', 'openvino.dll', 'openvino_c.dll'].map((name) => write(`own/${name}`));
    expect(await locate({ env: { UNETC_OPENVINO: 'own' } })).toMatchObject({ library: c, preload: [tbb, core] });
  });

  it("leaves TensorFlow's installs alone when it is removed", async () => {
    installed('linux-x64');
    const other = `cache/tensorflow/2.20.0-cpu-linux-x64/${manifestName}`;
    write(other, '{}');
    const env = { UNETC_CACHE: join(home, 'cache') };
    expect((await removeInstalled(openVinoLibrary, env)).removed).toEqual([
      join(home, 'cache/openvino/2026.4.1-cpu-linux-x64'),
    ]);
    expect(await locate()).toMatchObject({ missing: 'OpenVINO is not installed' });
    expect(() => rmSync(join(home, other))).not.toThrow();
  });
});

describe('machines', () => {
  it.each<[string, Machine, boolean, string, string]>([
    ['an Intel Mac', { os: 'darwin', arch: 'x64', darwin: 23 }, false, 'no OpenVINO for darwin-x64', 'arm64 build'],
    ['macOS 10', { os: 'darwin', arch: 'arm64', darwin: 19 }, false, 'needs macOS 11 or later', 'UNETC_OPENVINO'],
    ['Alpine', { os: 'linux', arch: 'x64' }, false, "OpenVINO's libraries are made for it", 'node:20-slim'],
    ['CentOS 7', { ...linux, glibc: '2.17' }, false, 'needs glibc 2.28, and this system has 2.17', '--engine ort'],
    ['Debian 11 on arm64', { ...linux, arch: 'arm64', glibc: '2.31' }, false, 'needs glibc 2.35', '--engine ort'],
    [
      '32 bits',
      { ...linux, arch: 'ia32' },
      false,
      'linux-x64, linux-arm64 (both with glibc), darwin-arm64 and win32-x64',
      '--engine ort',
    ],
    ['--gpu', linux, true, "OpenVINO has one build, which runs on CPUs and on Intel's GPUs", 'leave --gpu out'],
  ])('%s: says what is missing and what to do', async (_, machine, gpu, missing, remedy) => {
    const answer = chooseBuild(openVinoLibrary, machine, gpu);
    if (!isMissing(answer)) throw new Error(`took ${answer.name}`);
    expect(answer.missing).toContain(missing);
    expect(answer.remedy).toContain(remedy);
    if (!gpu) expect(await locate({ machine })).toEqual(answer);
  });

  it.each<[string, Machine]>([
    // A CPU without AVX is no hindrance.
    ['2026.4.1-cpu-linux-x64', { ...linux, avx: false }],
    ['2026.4.1-cpu-linux-arm64', { os: 'linux', arch: 'arm64', glibc: '2.35' }],
    ['2026.4.1-cpu-darwin-arm64', { os: 'darwin', arch: 'arm64', darwin: 20 }],
    ['2026.4.1-cpu-win32-x64', { os: 'win32', arch: 'x64' }],
  ])('%s is chosen, and its table is in order', (name, machine) => {
    const build = chooseBuild(openVinoLibrary, machine, false);
    if (isMissing(build)) throw new Error(build.missing);
    expect(build.name).toBe(name);
    for (const path of [build.library, ...build.preload]) expect(isKept(path), path).toBe(true);
    const [{ file, platform, sha256, bytes, unpackedBytes }] = build.wheels as [(typeof build.wheels)[0]];
    expect(file).toBe(`openvino-2026.4.1-22982-cp312-cp312-${platform}.whl`);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(unpackedBytes).toBeGreaterThan(bytes);
    expect(pipCommand(build.wheels[0]!)).toContain(`--platform ${platform} openvino==2026.4.1`);
  });

  it.each([
    ['openvino/libs/libopenvino_intel_cpu_plugin.so', true],
    ['openvino/libs/libopenvino_onnx_frontend.2641.dylib', true],
    ['openvino/libs/openvino_intel_gpu_plugin.dll', true],
    ['openvino/libs/libhwloc.dylib', true],
    ['openvino-2026.4.1.dist-info/licenses/LICENSE', true],
    ['openvino/libs/libopenvino_pytorch_frontend.so.2641', false],
    ['openvino/libs/openvino_intel_npu_compiler.dll', false],
    ['openvino/libs/openvino.lib', false],
    ['openvino/__init__.py', false],
  ])('%s: kept %s', (path, kept) => expect(isKept(path)).toBe(kept));
});

describe('the probe', () => {
  const wrong = (library: string) => ({ library, preload: [], kind: 'cpu' as const, source: 'a test' });

  it('survives what is no library', async () => {
    const file = wrong(write('libopenvino_c.so', 'no library'));
    expect(await probeOpenVino(file)).toEqual({ ok: false, reason: expect.stringMatching(/^it does not load: .+/) });
    expect(() => loadOpenVino(file)).toThrow();
  });

  it('says of a library without the C API what it lacks', async () => {
    const other = Object.values(process.report?.getReport() as { sharedObjects?: string[] })
      .flat()
      .find((f) => /libm[.-]/.test(String(f)));
    expect(await probeOpenVino(wrong(String(other)))).toMatchObject({
      ok: false,
      reason: expect.stringContaining('ov_'),
    });
    expect(() => loadOpenVino(wrong(String(other)))).toThrow('ov_');
  });
});

const found = await locateOpenVino();
const why = isMissing(found) ? ` (skipped: ${found.missing})` : '';

describe('the installed OpenVINO', () => {
  it.skipIf(isMissing(found))(`loads, and answers its version and devices${why}`, async () => {
    if (isMissing(found)) return;
    const probe = await probeOpenVino(found);
    expect(probe).toMatchObject({ ok: true, devices: expect.arrayContaining(['cpu']) });
    if (probe.ok && found.version) expect(probe.version).toBe(found.version);
    // In this process, which the test runner ends: a library that crashes at the end is a failed run.
    expect(loadOpenVino(found).version()).toBe(probe.ok && probe.version);
  });
});
