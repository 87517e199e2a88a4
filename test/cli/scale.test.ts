import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeDiscs } from '../runtime/small-run.js';
import { unetc } from './io.js';

/** Convolutions alone: what it finds does not depend on where a tile ends, but for its border. */
const spec = (train: string): string => `network Net {
  input image: f32[N, 1, H, W]
  head S = image |> maxpool(2) |> conv(4) |> relu |> upsample(2) |> conv(1) |> sigmoid
  output mask = S
}
train { batch = 2 epochs = 2 seed = 3 optimizer = adam(lr: 0.02) ${train} }
`;

const home = process.cwd();
let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'unetc-scale-'));
  process.chdir(folder);
  await writeDiscs('tiles', 8);
  await writeDiscs('large', 2, 40, 48);
  writeFileSync('net.unet', spec(''));
  expect((await unetc('train', 'net.unet', '--data', 'tiles', '--out', 'run')).exit).toBe(0);
});
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

const record = async (run: string) => JSON.parse(await readFile(`${run}/run.json`, 'utf8')) as { task: object };
const pixels = (file: string) => sharp(file).raw().toBuffer();

describe('the scale that a model works at', () => {
  it('is that of the images where the recipe says no size, and is said', async () => {
    const { stderr } = await unetc('train', 'net.unet', '--data', 'tiles', '--out', 'again');
    expect(stderr).toContain('whole images of 16x16, at their own scale\n');
    const { task } = await record('again');
    expect(task).toMatchObject({ patch: [16, 16] });
    expect(task).not.toHaveProperty('resize');
  });

  it.each([
    ['resize = [16, 16]', 'images are resized to 16x16, in training and in prediction'],
    ['patch = [8, 8]', "random patches of 8x8, at the images' own scale"],
  ])('is said of %s', async (train, said) => {
    writeFileSync('other.unet', spec(train));
    const run = `run-${train.slice(0, 5)}`;
    expect((await unetc('train', 'other.unet', '--data', 'tiles', '--out', run)).stderr).toContain(`${said}\n`);
  });

  it.each([
    ['--size', '32x32'],
    ['--size', '64x64'],
    ['--batch', '2'],
    ['--batch', '3', '--size', '24x32'],
  ])('of a file built with %s %s %s %s is fed in tiles and batches of that size', async (...flags) => {
    expect((await unetc('build', 'run', '-o', 'open.onnx')).exit).toBe(0);
    expect((await unetc('build', 'run', '-o', 'fixed.onnx', ...flags.filter((f) => f !== undefined))).exit).toBe(0);
    for (const model of ['open', 'fixed']) {
      const { exit, stderr } = await unetc('predict', `${model}.onnx`, 'large/images/disc-00.png', '-o', model);
      expect([exit, stderr]).toEqual([0, expect.not.stringContaining('error')]);
      expect((await unetc('eval', `${model}.onnx`, '--data', 'large')).exit).toBe(0);
    }
    const [open, fixed] = await Promise.all(['open', 'fixed'].map((m) => pixels(`${m}/disc-00.png`)));
    const apart = open?.filter((v, k) => v !== fixed?.[k]).length ?? 0;
    // Tiles see reflections where the image ends and their neighbours do not.
    expect(apart / (open?.length ?? 1)).toBeLessThan(0.05);
  });
});

describe('training refuses', () => {
  it.each([
    ['batchnorm', '1'],
    ['instancenorm', '2'],
    ['groupnorm(groups: 4)', '2'],
  ])('%s over one value', async (norm, batch) => {
    const text = spec('resize = [16, 16]').replace(
      'maxpool(2) |> conv(4) |> relu |> upsample(2)',
      `maxpool(16) |> conv(4) |> ${norm} |> relu |> upsample(16)`,
    );
    writeFileSync('deep.unet', text);
    const { exit, stderr } = await unetc('train', 'deep.unet', '--data', 'tiles', '--out', 'deep', '--batch', batch);
    expect([exit, stderr]).toEqual([1, expect.stringMatching(/norm has one value to normalize[\s\S]*--resize/)]);
  });

  it('nothing where a batch gives a norm two values', async () => {
    const deep = spec('resize = [16, 16]').replace('maxpool(2) |> conv(4)', 'maxpool(16) |> conv(4) |> batchnorm');
    writeFileSync('deep.unet', deep.replace('upsample(2)', 'upsample(16)'));
    expect((await unetc('train', 'deep.unet', '--data', 'tiles', '--out', 'two', '--batch', '2')).exit).toBe(0);
  });
});

describe('--threshold', () => {
  it('is refused of classes that exclude each other', async () => {
    writeFileSync('soft.unet', spec('').replace('conv(1) |> sigmoid', 'conv(3) |> softmax'));
    expect((await unetc('build', 'soft.unet', '-o', 'soft.onnx')).exit).toBe(0);
    const argv = ['predict', 'soft.onnx', 'tiles/images/disc-00.png', '-o', 'soft'];
    const { exit, stderr } = await unetc(...argv, '--threshold', '0.9');
    expect([exit, stderr]).toEqual([2, expect.stringContaining('--threshold has no effect on soft.onnx')]);
    expect((await unetc(...argv)).exit).toBe(0);
  });
});
