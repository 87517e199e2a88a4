import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emitOnnx } from '../../compiler/5-emit/onnx/index.js';
import { deploy, load, optimizeForRuntime } from '../../compiler/index.js';
import { openFolder, readPicture, split } from '../../runtime/data/index.js';
import { greyPng } from '../../runtime/data/png.js';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import { bench } from '../../runtime/evaluation/bench.js';
import { evaluate } from '../../runtime/evaluation/evaluate.js';
import { openModel } from '../../runtime/prediction/model.js';
import { predictImages, predictPicture } from '../../runtime/prediction/predict.js';
import { modelMetadata, taskOfModel } from '../../runtime/run/metadata.js';
import { openRun, runWeights } from '../../runtime/run/run-folder.js';
import { dataFormat } from '../../runtime/run/task.js';
import type { TrainResult } from '../../runtime/training/train.js';
import { writeDiscs } from './small-run.js';
import { spec, trained } from './trained.js';

let folder = '';
let result: TrainResult;
const at = (...parts: string[]): string => join(folder, ...parts);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unetc-use-'));
  result = await trained(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const raw = async (file: string) => sharp(file).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });

/** The run's L2 in its default mode as an ONNX file. */
async function buildModel(file: string): Promise<void> {
  const { network, record } = await openRun(at('run'));
  const weights = new Map([...(await runWeights(at('run')))].map(([path, w]) => [path, w.data]));
  const identity = { version: record.unetc, spec: record.spec, network: network.name, level: 2, mode: 'accurate' };
  const finished = optimizeForRuntime(deploy(network), weights, 'ort');
  const metadata = modelMetadata(identity, record.task);
  await writeFile(file, emitOnnx(finished.graph, { weights: finished.weights, name: network.name, metadata }));
}

describe('a trained run', () => {
  it('has a row for each level and mode, its best epoch’s figures among them', () => {
    expect(result.rows?.map((r) => [r.level, r.mode])).toEqual([
      [1, 'accurate'],
      [1, 'fast'],
      [2, 'accurate'],
      [2, 'fast'],
    ]);
    const best = result.lines.find((l) => l.epoch === result.best?.epoch);
    const top = result.rows?.find((r) => r.level === 2 && r.mode === 'accurate');
    expect(top?.iou).toBeCloseTo(best?.output?.iou ?? Number.NaN, 6);
    expect(result.rows?.[0]?.macs).toBeLessThan(top?.macs ?? 0);
  });

  it('has a report that needs no other file', async () => {
    const html = await readFile(at('run', 'report.html'), 'utf8');
    expect(html).toContain('<h1>Small</h1>');
    expect(html).toContain('uPlot');
    expect(html.match(/data:image\/png;base64,/g)?.length).toBeGreaterThanOrEqual(3);
    expect(html).not.toMatch(/(src|href)="(?!data:)/);
  });

  it('is evaluated again to the same figures', async () => {
    const { network, record } = await openRun(at('run'));
    const data = split(await openFolder(at('data'), dataFormat(network, record.recipe)), { names: record.heldOut });
    const weights = await runWeights(at('run'));
    const options = { network, weights, task: record.task, dataset: data.held, engine: ort };
    const again = await evaluate({ ...options, prune: 'all' });
    const timeless = (rows: typeof again.rows | undefined) =>
      rows?.map((r) => ({ ...r, milliseconds: 0, millisecondsSpread: [], saving: null }));
    expect(timeless(again.rows)).toEqual(timeless(result.rows));
    expect((await evaluate({ ...options, prune: 1, modes: ['fast'] })).rows).toHaveLength(1);
    await expect(evaluate({ ...options, prune: 9 })).rejects.toMatchObject({ code: 'unknown-level' });
  });
});

describe('predictImages', () => {
  it.each([
    [16, 16],
    [37, 23],
    [5, 61],
    [1, 1],
  ])('answers a %ix%i image with a mask of that size', async (height, width) => {
    const image = at(`image-${height}x${width}.png`);
    await writeFile(image, await greyPng(new Uint8Array(height * width).fill(90), height, width));
    const { task, predictor, output } = await openModel(at('run'), { engine: ort });
    const [made] = await predictImages({
      model: { task, predictor, output },
      images: [image],
      out: at('masks'),
      overlay: true,
    });
    const { data, info } = await raw(made!.mask);
    expect([info.height, info.width]).toEqual([height, width]);
    expect(await sharp(made!.mask).metadata()).toMatchObject({ format: 'png', channels: 1, depth: 'uchar' });
    expect(data.every((v) => v === 0 || v === 255)).toBe(true);
    expect((await sharp(made!.overlay).metadata()).width).toBe(width);
    await predictor.dispose();
  });

  it('says the same from a built model alone', async () => {
    await buildModel(at('model.onnx'));
    const image = await readPicture(at('data', 'images', 'disc-03.png'), 1);
    const answers = [];
    for (const path of [at('run'), at('model.onnx')]) {
      const model = await openModel(path, { engine: ort });
      answers.push((await predictPicture(model, image)).data);
      await model.predictor.dispose();
    }
    expect(answers[1]).toEqual(answers[0]);
  });

  it('finds the discs it was trained on', async () => {
    const model = await openModel(at('run'), { engine: ort });
    const images = (await readdir(at('data', 'images'))).map((name) => at('data', 'images', name));
    const made = await predictImages({ model, images, out: at('found') });
    let right = 0;
    let all = 0;
    for (const { image, mask } of made) {
      const [a, b] = [await raw(mask), await raw(image.replace('images', 'masks'))];
      all += a.data.length;
      right += a.data.filter((v, k) => v > 0 === (b.data[k] ?? 0) > 0).length;
    }
    expect(right / all).toBeGreaterThan(0.8);
    await model.predictor.dispose();
  });

  it('never writes over an image, nor two masks into one file', async () => {
    const model = await openModel(at('run'), { engine: ort });
    const image = at('data', 'images', 'disc-00.png');
    const before = await readFile(image);
    const into = (images: string[], out: string) => predictImages({ model, images, out });
    await expect(into([image], at('data', 'images'))).rejects.toMatchObject({ code: 'predict-overwrite' });
    await expect(into([image, at('data', 'masks', 'disc-00.png')], at('twice'))).rejects.toMatchObject({
      code: 'predict-collision',
    });
    expect(await readFile(image)).toEqual(before);
    await model.predictor.dispose();
  });

  it('names what is not a model', async () => {
    await writeFile(at('text.onnx'), 'not a model at all, but long enough');
    await expect(openModel(at('text.onnx'), { engine: ort })).rejects.toMatchObject({ name: 'UserError' });
    await expect(openModel(at('nothing'), { engine: ort })).rejects.toMatchObject({ code: 'model-missing' });
    await expect(openModel(at('data'), { engine: ort })).rejects.toMatchObject({ code: 'run-missing' });
    await buildModel(at('model.onnx'));
    await expect(openModel(at('model.onnx'), { engine: ort, level: 1 })).rejects.toMatchObject({
      code: 'model-selection',
    });
    const { record } = await openRun(at('run'));
    expect(taskOfModel('model.onnx', await readFile(at('model.onnx')))).toEqual(record.task);
  });
});

describe('networks trained on patches', () => {
  it('slide over images larger than the tile, of any size', async () => {
    await trained(at('patches'), spec(1, 'patch = [8, 8]'));
    await writeDiscs(at('large'), 1, 45, 70);
    const model = await openModel(at('patches', 'run'), { engine: ort });
    const image = at('large', 'images', 'disc-00.png');
    const whole = await predictPicture(model, await readPicture(image, 1));
    const tiled = await predictPicture(model, await readPicture(image, 1), { tile: [32, 32] });
    expect([tiled.height, tiled.width]).toEqual([45, 70]);
    expect(tiled.data.every((p) => p >= 0 && p <= 1)).toBe(true);
    const difference =
      tiled.data.reduce((sum, p, k) => sum + Math.abs(p - (whole.data[k] ?? 0)), 0) / tiled.data.length;
    expect(difference).toBeLessThan(0.1);
    await model.predictor.dispose();
  });
});

describe('several classes', () => {
  /** Masks of two class numbers: the disc is class 1. */
  const labelled = async (data: string, count: number): Promise<void> => {
    await writeDiscs(data, count);
    for (const name of await readdir(join(data, 'masks'))) {
      const { data: mask, info } = await raw(join(data, 'masks', name));
      await writeFile(
        join(data, 'masks', name),
        await greyPng(
          Uint8Array.from(mask, (v) => (v > 0 ? 1 : 0)),
          info.height,
          info.width,
        ),
      );
    }
  };

  it('that exclude each other are written as class numbers', async () => {
    const made = await trained(at('labels'), spec(2, 'resize = [16, 16]', 'softmax'), labelled);
    expect(made.rows?.[0]?.classes?.map((c) => c.name)).toEqual(['0', '1']);
    const model = await openModel(at('labels', 'run'), { engine: ort });
    const [out] = await predictImages({
      model,
      images: [at('labels', 'data', 'images', 'disc-01.png')],
      out: at('labels', 'out'),
    });
    expect(out?.masks).toBeUndefined();
    expect(new Set((await raw(out!.mask)).data)).toEqual(new Set([0, 1]));
    await model.predictor.dispose();
  });
});

it('classes that overlap are written one file each, as a data folder holds them', async () => {
  const layered = async (data: string, count: number): Promise<void> => {
    await writeDiscs(data, count);
    for (const name of ['all', 'left']) await mkdir(join(data, 'masks', name));
    for (const name of await readdir(join(data, 'images'))) {
      const { data: mask, info } = await raw(join(data, 'masks', name));
      await rm(join(data, 'masks', name));
      const left = mask.map((v, p) => (p % info.width < info.width / 2 ? v : 0));
      await writeFile(join(data, 'masks', 'all', name), await greyPng(mask, info.height, info.width));
      await writeFile(join(data, 'masks', 'left', name), await greyPng(left, info.height, info.width));
    }
  };
  const made = await trained(at('layers'), spec(2), layered);
  expect(made.rows?.[0]?.classes?.map((c) => c.name)).toEqual(['all', 'left']);
  const model = await openModel(at('layers', 'run'), { engine: ort });
  const image = at('layers', 'data', 'images', 'disc-01.png');
  const [out] = await predictImages({ model, images: [image], out: at('layers', 'out') });
  expect(out?.masks).toEqual(['all', 'left'].map((c) => at('layers', 'out', c, 'disc-01.png')));
  for (const file of out?.masks ?? []) expect((await raw(file)).info.width).toBe(16);
  await model.predictor.dispose();
});

it('bench times the levels side by side', async () => {
  const { network } = load(spec());
  const rows = await bench({ network: network!, engine: ort, sizes: { N: 1, H: 64, W: 64 }, runs: 5 });
  expect(rows.map((r) => r.level)).toEqual([1, 2]);
  for (const key of ['parameters', 'macs', 'peakBytes'] as const) expect(rows[0]![key]).toBeLessThan(rows[1]![key] + 1);
  expect(rows[1]).toMatchObject({ speedup: 1, saving: 0 });
  expect(rows[0]!.milliseconds).toBeGreaterThan(0);
  const [first, third] = rows[0]!.millisecondsSpread;
  expect(first).toBeLessThanOrEqual(rows[0]!.milliseconds);
  expect(third).toBeGreaterThanOrEqual(rows[0]!.milliseconds);
});
