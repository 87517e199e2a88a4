import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeSpec } from '../cli/fixtures.js';
import { unetc } from '../cli/io.js';

const home = process.cwd();
let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'unetc-built-'));
  process.chdir(folder);
  await writeSpec('tiny.unet');
});

afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

it('build --target tf-train says what the signature step takes and gives, without the state that stays inside', async () => {
  const { exit, stdout, stderr } = await unetc('build', 'tiny.unet', '--target', 'tf-train', '-o', 'step', '--json');
  expect(exit, stderr).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    inputs: [
      { name: 'image', shape: [2, 16, 16, 3] },
      { name: 'target', shape: [2, 16, 16, 1] },
      { name: 'lr', shape: [] },
      { name: 'step', shape: [] },
    ],
    outputs: [
      { name: 'loss', shape: [] },
      { name: 'head_losses', shape: [2] },
      { name: 'gradient_norm', shape: [] },
    ],
  });
});
