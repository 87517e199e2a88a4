import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { version } from '../compiler/index.js';
import { tinySpec, writeImage, writeMask } from './cli/fixtures.js';

const root = fileURLToPath(new URL('..', import.meta.url));
let folder = '';

/** A project that has installed the packed tarball: what is not in the package is not there. Its dependencies are links to ours. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'unetc-package-'));
  const packed = spawnSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root, encoding: 'utf8' });
  expect(packed.status, packed.stderr).toBe(0);
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  for (const name of readdirSync(join(root, 'node_modules')).filter((n) => !n.startsWith('.')))
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) as string;
  mkdirSync(join(modules, 'unetc'));
  const untar = spawnSync('tar', ['-xzf', join(folder, tarball), '--strip-components=1', '-C', join(modules, 'unetc')]);
  expect(untar.status).toBe(0);
  cpSync(join(root, 'examples'), join(folder, 'examples'), { recursive: true });
  cpSync(join(root, 'specs'), join(folder, 'specs'), { recursive: true });
  writeFileSync(join(folder, 'tiny.unet'), tinySpec);
  for (let k = 0; k < 4; k++) {
    mkdirSync(join(folder, 'data/images'), { recursive: true });
    mkdirSync(join(folder, 'data/masks'), { recursive: true });
    await writeImage(join(folder, `data/images/a${k}.png`), k);
    await writeMask(join(folder, `data/masks/a${k}.png`), k);
  }
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const node = (...args: string[]) => spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });

describe('the packed package', () => {
  it('has its version in the compiler too, which reads no files', () => {
    expect(version).toBe((JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version);
  });

  it('exports a model: examples/export.mjs', () => {
    const { status, stdout, stderr } = node('examples/export.mjs', 'specs/demo.unet', 'out.onnx');
    expect([status, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ inputs: [{ name: 'image', shape: ['N', 3, 'H', 'W'] }] });
    // The same bytes as the command line's, but for what the file says of itself.
    const command = node(
      'node_modules/unetc/cli/unetc.mjs',
      'build',
      'specs/demo.unet',
      '--prune',
      'L2',
      '--mode',
      'fast',
      '-o',
      'cli.onnx',
    );
    expect([command.status, command.stderr]).toEqual([0, '']);
    const [ours, theirs] = ['out.onnx', 'cli.onnx'].map((name) => readFileSync(join(folder, name)));
    const hash = (bytes: Buffer | undefined) =>
      createHash('sha256')
        .update((bytes as Buffer).subarray(0, 130_000))
        .digest('hex');
    expect(hash(ours)).toBe(hash(theirs));
  });

  it('says what is wrong with a spec, and ends with 1', () => {
    writeFileSync(
      join(folder, 'bad.unet'),
      'network A {\n  input image: f32[N, 3, H, W]\n  head S = imag |> conv(1)\n}\n',
    );
    const { status, stderr } = node('examples/export.mjs', 'bad.unet');
    expect([status, stderr]).toEqual([1, expect.stringContaining('imag')]);
  });

  it('trains with callbacks, and predicts: examples/train.mjs', () => {
    const { status, stdout, stderr } = node('examples/train.mjs', 'tiny.unet', 'data', 'run');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^epoch 1: loss \d/);
    expect(readdirSync(join(folder, 'run/masks'))).toEqual(['a0.png', 'a1.png']);
  });

  it('takes an engine of one’s own: examples/toy-engine', () => {
    const { status, stdout, stderr } = node('examples/toy-engine/main.mjs', 'tiny.unet');
    expect([status, stderr]).toEqual([0, '']);
    const { pixels, difference } = JSON.parse(stdout) as { pixels: number; difference: number };
    expect(pixels).toBe(32 * 32);
    expect(difference).toBeLessThan(1e-5);
  });
});
