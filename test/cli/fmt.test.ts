import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { tinySpec } from './fixtures.js';
import { unetc, unetcReading } from './io.js';

const home = process.cwd();
let folder = '';
const canonical = tinySpec;
const messy = canonical.replaceAll('\n  ', '\n').replace('param classes = 1', 'param   classes=1');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unetc-fmt-'));
  process.chdir(folder);
  writeFileSync('good.unet', canonical);
  writeFileSync('messy.unet', messy);
});

afterEach(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

it('rewrites what is not in canonical form, and touches nothing else', async () => {
  const before = statSync('good.unet');
  const ran = await unetc('fmt', 'good.unet', 'messy.unet');
  expect(ran).toEqual({ exit: 0, stdout: 'rewrote messy.unet\n', stderr: '' });
  expect(readFileSync('messy.unet', 'utf8')).toBe(canonical);
  expect(statSync('good.unet')).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
  expect(readdirSync('.').sort()).toEqual(['good.unet', 'messy.unet']);
});

it('--check names the files that would change, and writes nothing', async () => {
  const ran = await unetc('fmt', '--check', 'good.unet', 'messy.unet');
  expect(ran).toEqual({ exit: 1, stdout: 'messy.unet\n1 file is not in canonical form\n', stderr: '' });
  expect(readFileSync('messy.unet', 'utf8')).toBe(messy);
  expect(await unetc('fmt', '--check', 'good.unet')).toEqual({ exit: 0, stdout: '', stderr: '' });
});

it('--json says which files changed, or would', async () => {
  const files = [
    { file: 'good.unet', changed: false, kept: [] },
    { file: 'messy.unet', changed: true, kept: [] },
  ];
  const checked = await unetc('fmt', '--check', '--json', 'good.unet', 'messy.unet');
  expect([checked.exit, JSON.parse(checked.stdout)]).toEqual([1, { ok: false, files }]);
  const written = await unetc('fmt', '--json', 'good.unet', 'messy.unet');
  expect([written.exit, JSON.parse(written.stdout)]).toEqual([0, { ok: true, files }]);
});

it('- reads stdin and writes stdout', async () => {
  expect(await unetcReading(messy, 'fmt', '-')).toEqual({ exit: 0, stdout: canonical, stderr: '' });
  expect(await unetcReading(messy.replaceAll('\n', '\r\n'), 'fmt', '-')).toMatchObject({
    stdout: canonical.replaceAll('\n', '\r\n'),
  });
  expect(await unetcReading('', 'fmt', '-')).toEqual({ exit: 0, stdout: '', stderr: '' });
  expect(await unetcReading(messy, 'fmt', '-', '--check')).toEqual({ exit: 1, stdout: '', stderr: '' });
  const { stdout } = await unetcReading(messy, 'fmt', '-', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, files: [{ file: '-', changed: true, text: canonical }] });
  expect(await unetc('fmt', '-', 'good.unet')).toMatchObject({ exit: 2, stdout: '' });
});

it('formats around what does not parse, and says where that is', async () => {
  writeFileSync('broken.unet', messy.replace('param   classes=1', 'param   classes=  = 1'));
  const ran = await unetc('fmt', 'broken.unet');
  expect(ran.stderr).toBe('note: broken.unet: line 2 does not parse, left as written\n');
  expect(ran.exit).toBe(0);
  const lines = readFileSync('broken.unet', 'utf8').split('\n');
  expect(lines[1]).toBe('param   classes=  = 1');
  expect(lines.slice(3)).toEqual(canonical.split('\n').slice(3));
});

it('leaves a link a link', async () => {
  symlinkSync('messy.unet', 'link.unet');
  await unetc('fmt', 'link.unet');
  expect(readFileSync('messy.unet', 'utf8')).toBe(canonical);
});

it('does not rewrite what it cannot read whole', async () => {
  const latin1 = Buffer.from(`// gr\u00f6\u00dfer\n${messy}`, 'latin1');
  writeFileSync('latin1.unet', latin1);
  const ran = await unetc('fmt', 'latin1.unet');
  expect(ran).toMatchObject({ exit: 1, stdout: '' });
  expect(ran.stderr).toMatch(/latin1\.unet is not encoded in UTF-8[\s\S]*help/);
  expect(readFileSync('latin1.unet').equals(latin1)).toBe(true);
  writeFileSync('long.unet', `//${'x'.repeat(256 * 1024)}\n`);
  expect((await unetc('fmt', 'long.unet')).stderr).toMatch(/long\.unet has \d+ characters/);
});
