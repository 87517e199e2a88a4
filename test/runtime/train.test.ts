import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainingEngine } from '../../runtime/engines/engine.js';
import type { EpochLine } from '../../runtime/training/position.js';
import { train } from '../../runtime/training/train.js';
import { referenceEngine } from '../../testing/reference-engine.js';
import { smallRecipe, smallRun, writeDiscs } from './small-run.js';

let folder = '';
let data = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unetc-train-'));
  data = join(folder, 'data');
  await writeDiscs(data, 8);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (name: string): string => join(folder, name);
const bytes = (name: string, file: string): Promise<Buffer> => readFile(join(run(name), file));
const lines = async (name: string): Promise<EpochLine[]> =>
  (await bytes(name, 'metrics.jsonl'))
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as EpochLine);
const timeless = (all: readonly EpochLine[]) => all.map((line) => ({ ...line, seconds: 0 }));

/** Two runs that must not be told apart, but for the time they took. */
async function expectSame(a: string, b: string): Promise<void> {
  expect(timeless(await lines(a))).toEqual(timeless(await lines(b)));
  expect((await bytes(a, 'best.safetensors')).equals(await bytes(b, 'best.safetensors'))).toBe(true);
  const tensors = async (name: string): Promise<Buffer> => {
    const file = await bytes(name, 'last.safetensors');
    return file.subarray(8 + Number(file.readBigUInt64LE()));
  };
  expect((await tensors(a)).equals(await tensors(b))).toBe(true);
}

describe('train', () => {
  it('leaves a run folder with everything in it, and learns', async () => {
    const result = await train(await smallRun(data, run('whole')));
    expect(result).toMatchObject({ interrupted: false, epochs: 2 });
    expect((await readdir(run('whole'))).sort()).toEqual(
      [
        'best.safetensors',
        'images.json',
        'last.safetensors',
        'metrics.jsonl',
        'run.json',
        'spec.unet',
        'split.txt',
      ].sort(),
    );
    const written = await lines('whole');
    expect(written).toEqual(result.lines);
    expect(written.map((l) => l.epoch)).toEqual([1, 2]);
    expect(written[1]!.loss).toBeLessThan(written[0]!.loss);
    expect(written[0]!.heads.map((h) => h.level)).toEqual([1, 2]);
    for (const { average, heads } of written) {
      for (const figures of [average!, ...heads]) {
        expect(figures.iou).toBeGreaterThanOrEqual(0);
        expect(figures.iou).toBeLessThanOrEqual(1);
        expect(figures.bce).toBeGreaterThan(0);
      }
    }
    const record = JSON.parse((await bytes('whole', 'run.json')).toString());
    expect(record).toMatchObject({
      seed: 7,
      engine: { name: 'reference', device: 'cpu', precision: 'fp32' },
      task: { channels: 1, classes: ['mask'] },
    });
    expect((await bytes('whole', 'split.txt')).toString().trim().split('\n')).toEqual(record.heldOut);
    const images = JSON.parse((await bytes('whole', 'images.json')).toString()) as Record<string, object>;
    expect(Object.keys(images.heldOut ?? {})).toEqual(record.heldOut);
    expect(Object.keys(images.trained ?? {})).toHaveLength(record.data.images - record.heldOut.length);
    expect(record.heldOut).toHaveLength(2);
  });

  it('is the same again with the same seed', async () => {
    await train(await smallRun(data, run('again')));
    await expectSame('whole', 'again');
  });

  it('goes on exactly after an interruption at any step', async () => {
    for (const stopAt of [1, 3, 4]) {
      const name = `stopped-${stopAt}`;
      const options = await smallRun(data, run(name));
      const controller = new AbortController();
      let steps = 0;
      const first = await train({
        ...options,
        signal: controller.signal,
        onProgress: (p) => {
          if (p.kind === 'step' && ++steps === stopAt) controller.abort();
        },
      });
      expect(first.interrupted).toBe(true);
      const second = await train({ ...options, resume: true });
      expect(second.interrupted).toBe(false);
      await expectSame('whole', name);
    }
  });

  it('goes on with the rate that plateau had come to', async () => {
    // A threshold no epoch meets: the rate halves after each but the first.
    const schedule = { ...smallRecipe.schedule, name: 'plateau', factor: 0.5, patience: 0, threshold: 1e9 } as const;
    const recipe = { schedule, epochs: 4 };
    const options = await smallRun(data, run('plateau'), recipe);
    const whole = await train(options);
    expect(whole.lines.map((l) => l.lr)).toEqual([1, 1, 0.5, 0.25].map((share) => share * smallRecipe.optimizer.lr));
    for (const stopAt of [4, 8, 11]) {
      const name = `plateau-${stopAt}`;
      const again = await smallRun(data, run(name), recipe);
      const controller = new AbortController();
      let steps = 0;
      const onProgress = (p: { kind: string }): void => {
        if (p.kind === 'step' && ++steps === stopAt) controller.abort();
      };
      expect((await train({ ...again, signal: controller.signal, onProgress })).interrupted).toBe(true);
      await train({ ...again, resume: true });
      await expectSame('plateau', name);
    }
  });

  it('stops within validation too, without losing the steps before it', async () => {
    const options = await smallRun(data, run('judging'));
    const controller = new AbortController();
    const first = await train({
      ...options,
      signal: controller.signal,
      onProgress: (p) => {
        if (p.kind === 'validate' && p.epoch === 2) controller.abort();
      },
    });
    expect(first).toMatchObject({ interrupted: true, epochs: 1 });
    let steps = 0;
    await train({ ...options, resume: true, onProgress: (p) => void (p.kind === 'step' && steps++) });
    expect(steps).toBe(0);
    await expectSame('whole', 'judging');
  });

  it('restores metrics that a kill lost, or wrote twice', async () => {
    const options = await smallRun(data, run('lines'));
    await train(options);
    const file = join(run('lines'), 'metrics.jsonl');
    const [first = '', second = ''] = (await readFile(file, 'utf8')).trimEnd().split('\n');
    for (const damaged of [`${first}\n`, `${first}\n${second}\n${second}\n`, `${first}\n${second.slice(0, 20)}`, '']) {
      await writeFile(file, damaged);
      await train({ ...options, resume: true });
      await expectSame('whole', 'lines');
    }
  });

  it('goes on for more epochs', async () => {
    const options = await smallRun(data, run('longer'));
    await train(options);
    const more = await train({ ...options, recipe: { ...options.recipe, epochs: 3 }, resume: true });
    expect(more.epochs).toBe(3);
    expect(timeless(more.lines.slice(0, 2))).toEqual(timeless(await lines('whole')));
  });

  it('trains without held-out images, and on random patches', async () => {
    const result = await train(
      await smallRun(data, run('patches'), { holdout: 0, resize: undefined, patch: [8, 8], epochs: 1 }),
    );
    expect(result.lines[0]).toMatchObject({ heads: [], average: null, output: null });
    expect(result.best?.epoch).toBe(1);
    const judged = await train(
      await smallRun(data, run('patches-judged'), { resize: undefined, patch: [8, 8], epochs: 1 }),
    );
    expect(judged.lines[0]!.heads).toHaveLength(2);
  });
});

describe('train refuses', () => {
  it('to write over a run', async () => {
    await expect(train(await smallRun(data, run('whole')))).rejects.toMatchObject({ code: 'run-exists' });
  });

  it('to resume with other settings, and names them', async () => {
    const options = await smallRun(data, run('whole'), { batch: 4 });
    await expect(train({ ...options, resume: true })).rejects.toMatchObject({
      code: 'run-differs',
      message: expect.stringContaining('batch (2, now 4)'),
    });
    await expect(train({ ...options, specText: 'another', resume: true })).rejects.toMatchObject({
      code: 'run-differs',
    });
  });

  it('a folder with files of the same names', async () => {
    const options = await smallRun(data, run('taken'));
    await rm(run('taken'), { recursive: true, force: true });
    const { mkdir } = await import('node:fs/promises');
    await mkdir(run('taken'));
    await writeFile(join(run('taken'), 'spec.unet'), 'mine');
    await expect(train(options)).rejects.toMatchObject({ code: 'run-in-the-way' });
    expect(await readFile(join(run('taken'), 'spec.unet'), 'utf8')).toBe('mine');
  });

  it('sizes the network does not take, naming the nearest', async () => {
    await expect(train(await smallRun(data, run('size'), { resize: [18, 16] }))).rejects.toMatchObject({
      code: 'size-invalid',
      hint: 'use 16x16 or 20x16',
    });
  });

  it('to go on when the loss is no number, and keeps the last good epoch', async () => {
    const poisoned: TrainingEngine = {
      ...referenceEngine,
      trainer: async (plan, state) => {
        const inner = await referenceEngine.trainer(plan, state);
        return {
          step: async (input) =>
            input.step === 5 ? { ...(await inner.step(input)), loss: Number.NaN } : inner.step(input),
          snapshot: () => inner.snapshot(),
          dispose: () => inner.dispose(),
        };
      },
    };
    await expect(train(await smallRun(data, run('nan'), {}, poisoned))).rejects.toMatchObject({
      code: 'training-diverged',
      message: expect.stringMatching(/NaN in epoch 2, step 2.*keeps epoch 1/),
    });
    expect(await lines('nan')).toHaveLength(1);
    const resumed = await train({ ...(await smallRun(data, run('nan'))), resume: true });
    expect(timeless(resumed.lines)).toEqual(timeless(await lines('whole')));
  });
});
