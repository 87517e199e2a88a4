import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import { readMetadataProps } from '../../runtime/run/metadata.js';
import { writeSpec } from '../cli/fixtures.js';
import { unetc } from '../cli/io.js';
import { picture } from './builds.js';
import { distance, open, predict } from './tfjs.js';

const home = process.cwd();
let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'unetc-layers-'));
  process.chdir(folder);
  await writeSpec('tiny.unet');
});

afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

const layers = (out: string, ...more: string[]) =>
  unetc('build', 'tiny.unet', '--target', 'tfjs-layers', '-o', out, ...more);

const filesOf = (out: string): Map<string, Uint8Array> =>
  new Map(readdirSync(out).map((name) => [name, readFileSync(join(out, name))]));

describe('build --target tfjs-layers', () => {
  it('writes a folder that answers what the ONNX file does and says the same of itself', async () => {
    const { exit, stdout, stderr } = await layers('tiny', '--prune', 'L2', '--seed', '3', '--json');
    expect(exit, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      out: 'tiny',
      target: 'tfjs-layers',
      parameters: expect.any(Number),
      macs: expect.any(Number),
      nodes: expect.any(Number),
      inputs: [{ name: 'image', shape: ['N', 'H', 'W', 3] }],
      outputs: [{ name: 'mask', shape: ['N', 'H', 'W', 1] }],
      bytes: [...filesOf('tiny').values()].reduce((n, f) => n + f.length, 0),
      files: ['model.json', 'group1-shard1of1.bin'],
      milliseconds: expect.any(Number),
    });
    await unetc('build', 'tiny.unet', '-o', 'tiny.onnx', '--prune', 'L2', '--seed', '3');
    const onnx = readFileSync('tiny.onnx');
    const tf = await open(filesOf('tiny'));
    const { 'unetc.outputs': outputs, ...facts } = tf.getUserDefinedMetadata() as Record<string, string>;
    const { 'unetc.sha256': _, ...said } = Object.fromEntries(readMetadataProps('tiny.onnx', onnx));
    expect(facts).toEqual(said);
    expect(JSON.parse(outputs!)).toEqual([{ name: 'mask', layer: tf.outputNames[0] }]);
    const predictor = await ort.open(onnx);
    const image = picture([2, 3, 8, 12], 5);
    const due = (await predictor.run(image)).get('mask')!;
    expect(distance(predict(tf, image)[0]!, due)).toBeLessThan(1e-4);
    await predictor.dispose();
  });

  it('gives the same bytes for the same input, over what an earlier build left', async () => {
    await layers('again', '--mode', 'all');
    await layers('again', '--seed', '3', '--prune', 'L2');
    expect(filesOf('again')).toEqual(filesOf('tiny'));
    expect(readdirSync('.').filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('fixes the size, and the batch only where it is given', async () => {
    const shape = async (...more: string[]) => {
      const { stdout } = await layers('fixed', ...more, '--json');
      const { inputs } = JSON.parse(stdout) as { inputs: [{ shape: unknown }] };
      const tf = await open(filesOf('fixed'));
      return [inputs[0].shape, tf.inputs[0]!.shape];
    };
    expect(await shape('--size', '16x24')).toEqual([
      ['N', 16, 24, 3],
      [null, 16, 24, 3],
    ]);
    expect(await shape('--size', '16x24', '--batch', '2')).toEqual([
      [2, 16, 24, 3],
      [2, 16, 24, 3],
    ]);
  });

  it('writes into an empty folder, and over nothing that it did not write', async () => {
    mkdirSync('empty');
    expect((await layers('empty')).exit).toBe(0);
    expect(readdirSync('empty').sort()).toEqual(['group1-shard1of1.bin', 'model.json']);
    writeFileSync('empty/notes.txt', 'mine');
    const refused = await layers('empty');
    expect(refused.exit).toBe(1);
    expect(refused.stderr).toContain("can't write empty: it holds other files (notes.txt)");
    expect(readFileSync('empty/notes.txt', 'utf8')).toBe('mine');
    const inTheWay = await layers('tiny.unet');
    expect(inTheWay.stderr).toContain("can't write tiny.unet: a file of that name is in the way");
    expect((await layers('nowhere/model')).stderr).toContain('its folder does not exist');
    mkdirSync('here');
    process.chdir('here');
    try {
      const here = await unetc('build', '../tiny.unet', '--target', 'tfjs-layers', '-o', '.');
      expect(here.stderr).toContain('the folder you are in');
    } finally {
      process.chdir(folder);
    }
  });

  it('refuses what layers can’t say before anything is written, all of it, with the places', async () => {
    await writeSpec('corners.unet', (text) =>
      text
        .replace('upsample(2)', 'upsample(2, mode: linear, align_corners: true)')
        .replace('|> relu', '|> relu |> softmax(axis: 0)'),
    );
    const { exit, stdout, stderr } = await unetc(
      'build',
      'corners.unet',
      '--target',
      'tfjs-layers',
      '-o',
      'refused',
      '--json',
    );
    expect(exit).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      files: [{ diagnostics: [{ code: 'not-in-target' }, { code: 'not-in-target' }] }],
    });
    expect(stderr).toMatch(/corners\.unet:9:\d+: error\[not-in-target\]: X\[0,0\]\.softmax1 and 5 more: softmax can't/);
    expect(stderr).toMatch(
      /corners\.unet:15:\d+: error\[not-in-target\]: X\[0,1\]\.upsample1 and 2 more: upsample can't/,
    );
    expect(stderr).toContain('help: other targets say it');
    expect(readdirSync('.')).not.toContain('refused');
  });

  it('warns of what tfjs can’t train on, and writes it', async () => {
    await writeSpec('dilated.unet', (text) => text.replace('conv(c, kernel: 3,', 'conv(c, kernel: 3, dilation: 2,'));
    const { exit, stderr } = await unetc('build', 'dilated.unet', '--target', 'tfjs-layers', '-o', 'dilated');
    expect(exit).toBe(0);
    expect(stderr).toMatch(/dilated\.unet:9:\d+: warning\[not-trainable-in-target\]/);
  });
});
