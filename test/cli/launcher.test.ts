import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeData, writeSpec } from './fixtures.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const launcher = join(root, 'cli/unetc.mjs');
const spec = join(root, 'specs/unetpp.unet');
let folder = '';

const unetc = (argv: readonly string[], env: Record<string, string> = {}) =>
  spawnSync(process.execPath, [launcher, ...argv], { encoding: 'utf8', cwd: folder, env: { ...process.env, ...env } });

beforeAll(async () => {
  if (!existsSync(join(root, 'dist/app/main.js')))
    throw new Error("these tests run the built program: 'npm run build' first");
  folder = mkdtempSync(join(tmpdir(), 'unetc-launcher-'));
  await writeSpec(join(folder, 'tiny.unet'));
  await writeData(join(folder, 'data'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the process', () => {
  it('exits 0, 1 and 2, and keeps stdout for results', () => {
    const good = unetc(['check', spec]);
    expect([good.status, good.stderr]).toEqual([0, '']);
    expect(good.stdout).toContain('ok');
    const wrong = unetc(['check', 'missing.unet']);
    expect([wrong.status, wrong.stdout]).toEqual([1, '']);
    const misused = unetc(['check']);
    expect([misused.status, misused.stdout]).toEqual([2, '']);
  });

  it('prints its help and its version', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(unetc(['--version']).stdout.trim()).toBe(version);
    for (const command of [
      'check',
      'plan',
      'draw',
      'build',
      'train',
      'eval',
      'predict',
      'bench',
      'verify',
      'doctor',
      'init',
      'explain',
    ]) {
      const help = unetc([command, '--help']);
      expect(help.status).toBe(0);
      expect(help.stdout).toContain(`$ unetc ${command}`);
    }
  });

  it('without a command shows the help and exits 2', () => {
    const { status, stdout, stderr } = unetc([]);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: unetc');
  });

  it('says how to build it where it is not built', () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'unetc-unbuilt-'));
    mkdirSync(join(elsewhere, 'cli'));
    copyFileSync(launcher, join(elsewhere, 'cli/unetc.mjs'));
    const { status, stderr } = spawnSync(process.execPath, [join(elsewhere, 'cli/unetc.mjs'), 'check', spec], {
      encoding: 'utf8',
    });
    rmSync(elsewhere, { recursive: true });
    expect(status).toBe(2);
    expect(stderr).toContain('npm run build');
  });

  it('survives a reader that goes away', () => {
    const { status } = spawnSync('sh', ['-c', `"${process.execPath}" "${launcher}" plan "${spec}" | head -n 1`], {
      encoding: 'utf8',
    });
    expect(status).toBe(0);
  });

  it('stopped by Ctrl-C, saves, exits 130 and goes on with --resume', async () => {
    const argv = ['train', 'tiny.unet', '--data', 'data', '--out', 'run', '--epochs', '400'];
    const child = spawn(process.execPath, [launcher, ...argv], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    let sent = false;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      if (sent || !stderr.includes('epoch 2/400')) return;
      sent = true;
      child.kill('SIGINT');
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(code, stderr).toBe(130);
    expect(stderr).toContain('--resume');
    const finished = Number(/stopped after (\d+) epochs/.exec(stderr)?.[1]);
    expect(finished).toBeGreaterThanOrEqual(2);
    const resumed = unetc([...argv.slice(0, -1), String(finished + 1), '--resume', '--json']);
    expect(resumed.status, resumed.stderr).toBe(0);
    expect(JSON.parse(resumed.stdout)).toMatchObject({ epochs: finished + 1 });
  });

  it('trains in ONNX Runtime where a TensorFlow is there but broken, unless told otherwise', () => {
    const broken = join(folder, 'libtensorflow.so.2');
    writeFileSync(broken, 'no library');
    const train = (...more: string[]) =>
      unetc(['train', 'tiny.unet', '--data', 'data', '--out', `run-${more.length}`, ...more], {
        UNETC_TENSORFLOW: broken,
      });
    const auto = train();
    expect([auto.status, auto.stderr]).toEqual([0, expect.stringContaining('ONNX Runtime on the CPU')]);
    const told = train('--engine', 'tfjs');
    expect([told.status, told.stderr]).toEqual([1, expect.stringContaining('the engine tensorflow is not available')]);
    expect(told.stderr).not.toMatch(/^\s+at /m);
  });
});
