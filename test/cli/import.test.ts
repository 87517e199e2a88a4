import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRun, runFiles } from '../../runtime/run/run-folder.js';
import { writeData, writeSpec } from './fixtures.js';
import { unetc } from './io.js';

const blocks = 'import "std:blocks"\n\nblock Unit(x, c) {\n  x |> Conv(c) |> SE(c, 2)\n}\n';
const home = process.cwd();
let folder = '';

const writeImporting = (): Promise<void> =>
  writeSpec(
    'specs/net.unet',
    (text) => `import "lib/blocks.unet"\n\n${text.replace('Conv(width[0])', 'Unit(width[0])')}`,
  );

const train = (...more: readonly string[]) =>
  unetc('train', 'specs/net.unet', '--data', 'data', '--out', 'run', '--epochs', '2', ...more);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'unetc-import-'));
  process.chdir(folder);
  mkdirSync('specs/lib', { recursive: true });
  await writeImporting();
  writeFileSync('specs/lib/blocks.unet', blocks);
  await writeData('data');
  const { exit, stderr } = await train();
  expect(exit, stderr).toBe(0);
});

afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

describe('a spec that imports', () => {
  it('is checked from any folder, and its mistakes are shown by paths from there', async () => {
    expect((await unetc('check', 'specs/net.unet')).exit).toBe(0);
    writeFileSync('specs/lib/blocks.unet', blocks.replace('SE(c, 2)', 'SE(c, 2'));
    const wrong = await unetc('check', 'specs/net.unet', '--json');
    writeFileSync('specs/lib/blocks.unet', blocks);
    expect(wrong.stderr).toContain('specs/lib/blocks.unet:4:');
    expect(JSON.parse(wrong.stdout).files[0].diagnostics[0].span).toMatchObject({ file: 'lib/blocks.unet' });
  });

  it('leaves a run that holds all it needs, the standard library too', async () => {
    const kept = JSON.parse(readFileSync(join('run', runFiles.imports), 'utf8')) as { path: string }[];
    expect(kept.map((f) => f.path)).toEqual(['lib/blocks.unet', 'std:blocks']);
    const before = await unetc('eval', 'run', '--data', 'data', '--json');
    rmSync('specs', { recursive: true });
    const after = await unetc('eval', 'run', '--data', 'data', '--json');
    expect(after.exit, after.stderr).toBe(0);
    const scores = (text: string): unknown =>
      JSON.parse(text).rows.map((row: object) => ({ ...row, milliseconds: 0, millisecondsSpread: 0, saving: 0 }));
    expect(scores(after.stdout)).toEqual(scores(before.stdout));
    expect((await openRun('run')).network.graph.params.some((p) => p.origin.path === 'X[0,0].conv2.weight')).toBe(true);
    mkdirSync('specs/lib', { recursive: true });
    await writeImporting();
    writeFileSync('specs/lib/blocks.unet', blocks);
  });

  it('is another spec when an imported file is another', async () => {
    expect((await train('--resume')).exit).toBe(0);
    const build = ['build', 'specs/net.unet', '--weights', 'run', '-o', 'net.onnx'] as const;
    expect((await unetc(...build)).stderr).not.toContain('warning');
    writeFileSync('specs/lib/blocks.unet', `// the same, said otherwise\n${blocks}`);
    const resumed = await train('--resume');
    writeFileSync('specs/lib/blocks.unet', blocks);
    expect(resumed.exit).toBe(1);
    expect(resumed.stderr).toContain('the spec');
  });

  it('is verified and planned with its files', async () => {
    expect((await unetc('plan', 'specs/net.unet')).exit).toBe(0);
    const verified = await unetc('verify', 'specs/net.unet', '--runs', '1', '--seed', '1');
    expect(verified.exit, verified.stdout).toBe(0);
  });

  it('has a run that says so when its copy of the files is damaged', async () => {
    const file = join('run', runFiles.imports);
    const good = readFileSync(file);
    for (const bad of ['{', '{}', '[{"path": 3}]']) {
      writeFileSync(file, bad);
      const { exit, stderr } = await unetc('eval', 'run', '--data', 'data');
      expect(exit).toBe(1);
      expect(stderr).toContain('imports.json is damaged');
    }
    writeFileSync(file, good);
  });
});
