import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isMissing } from '../../runtime/engines/native/library.js';
import { locateOpenVino } from '../../runtime/engines/openvino/native/library.js';
import { pluginList } from '../../runtime/engines/openvino/native/plugins.js';
import { writeData, writeSpec } from '../cli/fixtures.js';

// Processes are started many times: on a busy machine that takes its time.
if (process.env.UNETC_CASES === undefined) vi.setConfig({ testTimeout: 600_000 });

/**
 * A folder from a stranger, in which somebody runs unetc: whatever lies there, or above it, none of its code is run. Every
 * name under which Node or an engine might look for code is planted.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));
const launcher = join(root, 'cli/unetc.mjs');
const compiler = spawnSync('gcc', ['--version']).status === 0;
const skipped = compiler ? '' : ' (skipped: there is no gcc to build a library with)';
const openVino = await locateOpenVino();

let home = '';
let sub = '';
let evil = '';
const mark = (): string => join(home, 'PWNED');

const packages = [
  '@tensorflow/tfjs-node',
  '@tensorflow/tfjs-node-gpu',
  'koffi',
  '@koromix/koffi-linux-x64',
  'onnxruntime-node',
  'sharp',
  '@img/sharp-linux-x64',
  '@img/sharp-libvips-linux-x64',
  'uplot',
  'undici',
  'unetc',
];
const libraries = [
  ...['auto', 'auto_batch', 'hetero', 'intel_cpu', 'intel_gpu', 'intel_npu', 'template'].map(
    (plugin) => `libopenvino_${plugin}_plugin.so`,
  ),
  ...['libopenvino_c.so', 'libopenvino.so', 'libopenvino_onnx_frontend.so', 'libtbb.so.12', 'libtbbbind_2_5.so.3'],
  ...['libtensorflow.so.2', 'libtensorflow_cc.so.2', 'libtensorflow_framework.so.2', 'libonnxruntime.so.1'],
  ...[
    'libonnxruntime_providers_shared.so',
    'libvips-cpp.so',
    'sharp.node',
    'koffi.node',
    'libcuda.so.1',
    'libOpenCL.so.1',
  ],
];

function plant(folder: string): void {
  const script = `require('node:fs').writeFileSync(${JSON.stringify(mark())}, 'a script of the folder ran')`;
  for (const name of packages) {
    for (const place of ['node_modules', '.node_modules', '.node_libraries']) {
      const at = join(folder, place, name);
      mkdirSync(join(at, 'deps/lib'), { recursive: true });
      writeFileSync(join(at, 'package.json'), JSON.stringify({ name, version: '99.0.0', main: 'index.js' }));
      writeFileSync(join(at, 'index.js'), script);
      for (const library of ['libtensorflow.so.2', 'libtensorflow_framework.so.2'])
        copyFileSync(evil, join(at, 'deps/lib', library));
    }
  }
  for (const name of libraries) copyFileSync(evil, join(folder, name));
  for (const name of ['index.js', 'unetc.config.js', 'sysctl'])
    writeFileSync(join(folder, name), script, { mode: 0o755 });
  writeFileSync(
    join(folder, 'plugins.xml'),
    `<ie><plugins><plugin name="CPU" location="${evil}"></plugin></plugins></ie>`,
  );
}

const unetc = (cwd: string, argv: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const { PWD: _, ...inherited } = process.env;
  return spawnSync(process.execPath, [launcher, ...argv], { encoding: 'utf8', cwd, env: { ...inherited, ...env } });
};

beforeAll(async () => {
  if (!compiler) return;
  if (!existsSync(join(root, 'dist/app/main.js')))
    throw new Error("these tests run the built program: 'npm run build' first");
  home = mkdtempSync(join(tmpdir(), 'unetc-hostile-'));
  sub = join(home, 'project/sub');
  mkdirSync(sub, { recursive: true });
  const source = join(home, 'evil.c');
  writeFileSync(
    source,
    `#include <stdio.h>
__attribute__((constructor)) static void go(void) {
  FILE *f = fopen("${mark()}", "a");
  if (f) { fputs("a library of the folder was loaded\\n", f); fclose(f); }
}
const char *TF_Version(void) { return "2.20.0"; }
`,
  );
  evil = join(home, 'evil.so');
  execFileSync('gcc', ['-shared', '-fPIC', '-o', evil, source]);
  for (const folder of [home, dirname(sub), sub]) plant(folder);
  symlinkSync(sub, join(home, 'link'));
  await writeSpec(join(sub, 'tiny.unet'));
  await writeData(join(sub, 'data'));
});

afterAll(() => {
  if (home !== '') rmSync(home, { recursive: true, force: true });
});

const nothing = (): Record<string, string> => ({ UNETC_CACHE: join(home, 'empty-cache') });

describe.skipIf(!compiler)(`in a hostile folder${skipped}`, () => {
  it('the planted library would run if it were loaded, as one that the user names is', () => {
    unetc(sub, ['doctor'], { UNETC_TENSORFLOW: 'node_modules/@tensorflow/tfjs-node/deps/lib' });
    expect(existsSync(mark())).toBe(true);
    rmSync(mark());
  });

  it.each<[string, () => Record<string, string>, 'sub' | 'link']>([
    ['with the engines that are installed', () => ({}), 'sub'],
    ['with no engine installed', nothing, 'sub'],
    ['through a symbolic link', nothing, 'link'],
    ['with NODE_PATH', () => ({ ...nothing(), NODE_PATH: `${join(sub, 'node_modules')}:node_modules` }), 'sub'],
    ['with the folder as HOME', () => ({ ...nothing(), HOME: home }), 'sub'],
    ['with relative HOME and XDG_CACHE_HOME', () => ({ HOME: '.', XDG_CACHE_HOME: '.' }), 'sub'],
  ])('doctor, engine list and train load none of it, %s', (_, env, place) => {
    const cwd = place === 'sub' ? sub : join(home, 'link');
    for (const argv of [
      ['doctor'],
      ['engine', 'list'],
      ['train', 'tiny.unet', '--data', 'data', '--out', `runs-${Math.trunc(performance.now())}`, '--epochs', '1'],
    ]) {
      const { stderr, status } = unetc(cwd, argv, env());
      expect(existsSync(mark()), `${argv[0]} ${stderr}`).toBe(false);
      expect(status, stderr).toBe(0);
    }
  });

  it('predict, eval, bench, build and verify load none of it, in any engine', () => {
    expect(unetc(sub, ['train', 'tiny.unet', '--data', 'data', '--out', 'run', '--epochs', '1']).status).toBe(0);
    const engines = isMissing(openVino) ? ['ort'] : ['ort', 'openvino'];
    for (const engine of engines) {
      for (const argv of [
        ['predict', 'run', 'data/images', '-o', `masks-${engine}`, '--engine', engine],
        ['eval', 'run', '--data', 'data', '--engine', engine],
        ['verify', 'tiny.unet', '--engine', engine],
        ['build', 'tiny.unet', '--weights', 'run', '-o', `model-${engine}.onnx`],
        ['bench', `model-${engine}.onnx`, '--engine', engine],
      ]) {
        const { stderr } = unetc(sub, argv);
        expect(existsSync(mark()), `${argv.join(' ')} ${stderr}`).toBe(false);
        expect(stderr).not.toContain('internal error');
      }
    }
  });
});

describe('the list of plugins', () => {
  it('has every device by an absolute path, as XML', () => {
    const list = pluginList('/no & where/libopenvino_c.so.2641');
    expect(
      [...list.matchAll(/location="([^"]*)"/g)].map((m) => m[1]).every((path) => path?.startsWith('/no &amp; where/')),
    ).toBe(true);
    for (const device of ['CPU', 'GPU', 'NPU', 'AUTO', 'MULTI', 'BATCH', 'HETERO'])
      expect(list).toContain(`"${device}"`);
  });
});
