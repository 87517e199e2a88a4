import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../backends/chromium.js';
import { writeImage, writeSpec } from '../cli/fixtures.js';
import { unetc } from '../cli/io.js';
import { fencesOf, pageText, root } from '../docs/fences.js';

/** docs/browser.md's page, as its reader has it: a folder with the two files it shows and a model that `build` wrote. */
const page = 'docs/browser.md';
const shown = (language: string): string => {
  const [fence, ...others] = fencesOf(page, pageText(page)).filter((f) => f.language === language);
  expect(others).toEqual([]);
  return `${fence?.text}\n`;
};

const side = 32;
const home = process.cwd();
const packageFolder = join(root, 'node_modules/onnxruntime-web');
let folder = '';
/** The picture as `predict` sees it, and the mask it writes: 0 or 255. */
let pixels: Buffer;
let due: Buffer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'unetc-page-'));
  process.chdir(folder);
  await writeSpec('tiny.unet', (text) => text.replace(/resize = .*/, ''));
  await writeImage('photo.png', 1, side);
  expect((await unetc('build', 'tiny.unet', '--seed', '4', '-o', 'nuclei.onnx')).exit).toBe(0);
  expect((await unetc('predict', 'nuclei.onnx', 'photo.png', '-o', 'masks')).exit).toBe(0);
  pixels = await sharp('photo.png').ensureAlpha().raw().toBuffer();
  due = await sharp('masks/photo.png').toColourspace('b-w').raw().toBuffer();
  writeFileSync('segment.js', shown('js'));
  writeFileSync('index.html', shown('html'));
  writeFileSync('package.json', '{"type": "module"}');
  mkdirSync('node_modules');
  symlinkSync(packageFolder, 'node_modules/onnxruntime-web');
});

afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

describe('the page of docs/browser.md', () => {
  it('is short, and names the version that is tested', () => {
    const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string };
    expect(shown('html')).toContain(`/onnxruntime-web@${version}/dist/ort.wasm.bundle.min.mjs`);
    expect(shown('html').split('\n').length).toBeLessThan(20);
  });

  it('finds what predict finds: its script, in Node', () => {
    // A mask of one value would say nothing.
    expect(new Set(due).size).toBe(2);
    const driver = `
      import { segment } from './segment.js';
      const data = Uint8ClampedArray.from(${JSON.stringify([...pixels])});
      const mask = await segment({ data, width: ${side}, height: ${side} });
      console.log(JSON.stringify(Array.from(mask)));
      process.exit(0);`;
    const ran = spawnSync(process.execPath, ['--input-type=module', '--eval', driver], { encoding: 'utf8' });
    expect(ran.status, ran.stderr).toBe(0);
    const mask = JSON.parse(ran.stdout) as number[];
    expect(mask.map((p) => (p > 0.5 ? 255 : 0))).toEqual([...due]);
  });

  it('shows what predict finds: the whole of it, in Chromium', async ({ skip }) => {
    const executablePath = await findChromium();
    if (!executablePath) return skip('Chromium is not installed (apt-get install chromium, or UNETC_CHROMIUM)');
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    try {
      const tab = await browser.newPage();
      const errors: string[] = [];
      tab.on('pageerror', (error) => errors.push(error.message));
      // Nothing leaves the machine: the package comes from node_modules, at the address that the page names.
      await tab.route('**/*', (route) => {
        const { hostname, pathname } = new URL(route.request().url());
        const cdn = /^\/npm\/onnxruntime-web@[^/]+\/(.*)$/.exec(pathname)?.[1];
        const path = hostname === 'localhost' ? join(folder, pathname) : join(packageFolder, cdn ?? '');
        const headers = { 'access-control-allow-origin': '*' };
        return route.fulfill({ path: pathname === '/favicon.ico' ? join(folder, 'photo.png') : path, headers });
      });
      await tab.goto('http://localhost/index.html');
      // The page's own size would rescale the picture, which is not what is compared.
      await tab.evaluate(`canvas.width = canvas.height = ${side}`);
      await tab.waitForFunction('file.onchange !== null');
      await tab.setInputFiles('#file', join(folder, 'photo.png'));
      const read = `Array.from(canvas.getContext('2d').getImageData(0, 0, ${side}, ${side}).data)`;
      await tab.waitForFunction(`${read}.some((v, i) => i % 4 === 3 && v === 80)`);
      const after = (await tab.evaluate(read)) as number[];
      expect(errors).toEqual([]);
      expect(after.filter((_, i) => i % 4 === 3)).toEqual([...due].map((v) => (v === 255 ? 255 : 80)));
    } finally {
      await browser.close();
    }
  });
});
