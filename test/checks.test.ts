import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'unetc-checks-'));
  for (const name of ['biome.json', '.gitignore']) cpSync(join(root, name), join(folder, name));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const styleOf = (path: string): number | null => {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), '{"of": "no style",}');
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
  const { status } = spawnSync(process.execPath, [biome, 'check', '.'], { cwd: folder });
  rmSync(join(folder, path));
  return status;
};

/** `npm test` begins with the style of the tree: what the commands of README.md leave there is none of it. */
describe('the check of style', () => {
  it.each(['demo-run/run/run.json', 'runs/small/run.json', 'dist/a.json'])('leaves %s alone', (path) => {
    expect(styleOf(path)).toBe(0);
  });

  it('sees what is the project’s own', () => {
    expect(styleOf('runtime/a.json')).not.toBe(0);
  });
});
