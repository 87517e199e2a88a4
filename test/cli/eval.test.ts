import { copyFile, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { writeData, writeImage, writeMask, writeSpec } from './fixtures.js';
import { inFolder, json, unetc } from './io.js';

interface Evaluated {
  images: number;
  data: { folder: string; images: number; of: number; split: string; trainedOn: string[] };
  rows: { level: number; mode: string; iou: number; dice: number; native: { iou: number }; absent: string }[];
  cases: { image: string; level: number; mode: string; iou: number; dice: number; native: { iou: number } }[];
}

const evaluated = (...argv: string[]): Promise<Evaluated> => json<Evaluated>('eval', ...argv, '--prune', 'L2');

/** Images of the names that `data` has, of other content. */
async function writeOther(folder: string, names: readonly string[]): Promise<void> {
  await mkdir(join(folder, 'images'), { recursive: true });
  await mkdir(join(folder, 'masks'), { recursive: true });
  for (const [k, name] of names.entries()) {
    await writeImage(join(folder, 'images', `${name}.png`), k + 20, 24);
    await writeMask(join(folder, 'masks', `${name}.png`), k + 20, 24);
  }
}
const copyPair = async (from: string, name: string, to: string, as: string): Promise<void> => {
  for (const part of ['images', 'masks']) await copyFile(join(from, part, `${name}.png`), join(to, part, `${as}.png`));
};

inFolder('eval', async () => {
  await writeSpec('tiny.unet');
  await writeData('data', 10);
  await json('train', 'tiny.unet', '--data', 'data', '--out', 'run', '--epochs', '3');
  await json('train', 'tiny.unet', '--data', 'data', '--out', 'short', '--epochs', '1', '--seed', '3');
});

const heldOut = async (): Promise<string[]> => (await readFile('run/split.txt', 'utf8')).split('\n').filter(Boolean);

describe('which images are judged', () => {
  it('those held out, in the data of the run, said in text and JSON', async () => {
    const { data, cases } = await evaluated('run', '--data', 'data');
    const held = await heldOut();
    expect(data).toMatchObject({ folder: 'data', images: held.length, of: 10, split: 'held-out', trainedOn: [] });
    expect(new Set(cases.map((c) => c.image))).toEqual(new Set(held));
    const { stdout, stderr } = await unetc('eval', 'run', '--data', 'data');
    expect(stdout).toContain(`${held.length} held-out images of 10 in data`);
    // No warning: one line says how masks are read.
    expect(stderr).toMatch(/^masks: .*\n$/);
  });

  it('the same when the data was moved, and its images renamed', async () => {
    await cp('data', 'moved', { recursive: true });
    for (let k = 0; k < 10; k++)
      for (const part of ['images', 'masks']) await rename(`moved/${part}/a${k}.png`, `moved/${part}/z${9 - k}.png`);
    const { data, rows } = await evaluated('run', '--data', 'moved');
    expect(data).toMatchObject({ images: (await heldOut()).length, split: 'held-out' });
    expect(rows[0]?.iou).toBeCloseTo((await evaluated('run', '--data', 'data')).rows[0]?.iou ?? 0, 12);
  });

  it('all of other data, whatever its images are called', async () => {
    await writeOther(
      'other',
      Array.from({ length: 10 }, (_, k) => `a${k}`),
    );
    const { data } = await evaluated('run', '--data', 'other');
    expect(data).toMatchObject({ folder: 'other', images: 10, of: 10, split: 'all', trainedOn: [] });
    expect((await unetc('eval', 'run', '--data', 'other')).stderr).toMatch(/^masks: .*\n$/);
  });

  it('all of other data with images of training in it, which are named', async () => {
    const held = await heldOut();
    const trained = Array.from({ length: 10 }, (_, k) => `a${k}`).filter((name) => !held.includes(name));
    await writeOther('mixed', ['x0', 'x1', 'x2']);
    await copyPair('data', trained[0] as string, 'mixed', 'renamed');
    await copyPair('data', held[0] as string, 'mixed', 'fair');
    const { data } = await evaluated('run', '--data', 'mixed');
    expect(data).toMatchObject({ images: 5, split: 'all', trainedOn: ['renamed'] });
    const { stderr } = await unetc('eval', 'run', '--data', 'mixed');
    expect(stderr).toContain('trained on 1 image of the 5 judged in mixed');
    expect(stderr).toContain('renamed');
    await writeFile('named.txt', 'renamed\nx1\n');
    const named = await unetc('eval', 'run', '--data', 'mixed', '--split', 'named.txt');
    expect(named.stdout).toContain('2 named images of 5 in mixed');
    expect(named.stderr).toContain('trained on 1 image of the 2 judged');
  });

  it('all, where files of the run’s own folder were replaced', async () => {
    await cp('data', 'place', { recursive: true });
    await json('train', 'tiny.unet', '--data', 'place', '--out', 'placed', '--epochs', '1');
    await rm('place', { recursive: true });
    await writeOther(
      'place',
      Array.from({ length: 10 }, (_, k) => `a${k}`),
    );
    expect((await evaluated('placed', '--data', 'place')).data).toMatchObject({ images: 10, split: 'all' });
    const { exit, stderr } = await unetc('train', 'tiny.unet', '--data', 'place', '--out', 'placed', '--resume');
    expect(exit).toBe(1);
    expect(stderr).toContain('other images under the same names');
  });

  it('those held out, in the run’s own folder after images came and went', async () => {
    await cp('data', 'living', { recursive: true });
    await json('train', 'tiny.unet', '--data', 'living', '--out', 'lived', '--epochs', '1');
    const held = (await readFile('lived/split.txt', 'utf8')).split('\n').filter(Boolean);
    await writeOther('new', ['n0']);
    await copyPair('new', 'n0', 'living', 'n0');
    for (const part of ['images', 'masks']) await rm(`living/${part}/${held[0]}.png`);
    expect((await evaluated('lived', '--data', 'living')).data).toMatchObject({
      images: held.length - 1,
      split: 'held-out',
    });
    const { stderr } = await unetc('eval', 'lived', '--data', 'living');
    expect(stderr).toContain(`${held.length - 1} of the ${held.length} images the run held out`);
    expect(stderr).toContain('1 images that it did not have');
  });

  it('by folder and names for a run of an older version', async () => {
    await cp('run', 'old', { recursive: true });
    await rm('old/images.json');
    expect((await evaluated('old', '--data', 'data')).data.split).toBe('held-out');
    expect((await evaluated('old', '--data', 'other')).data).toMatchObject({ split: 'all', images: 10 });
    await writeFile('old/images.json', '{');
    expect((await unetc('eval', 'old', '--data', 'data')).stderr).toContain('images.json is damaged');
  });
});

describe('what is said of them', () => {
  it('a row for each image, in JSON and CSV', async () => {
    const { cases, rows } = await evaluated('run', '--data', 'other', '--csv', 'cases.csv');
    const first = cases.filter((c) => c.mode === 'accurate');
    expect(first).toHaveLength(10);
    expect(first.reduce((sum, c) => sum + c.iou, 0) / 10).toBeCloseTo(rows[0]?.iou ?? 0, 12);
    const lines = (await readFile('cases.csv', 'utf8')).trim().split('\r\n');
    expect(lines).toHaveLength(1 + cases.length);
    expect(lines[0]).toMatch(/^image,level,mode,iou,dice,/);
    expect(lines[1]?.split(',')[3]).toBe(String(cases[0]?.iou));
  });

  it('figures at the images’ own size beside the training size, those of the masks that predict writes', async () => {
    const { rows, cases } = await evaluated('run', '--data', 'other');
    const { stdout } = await unetc('eval', 'run', '--data', 'other');
    expect(stdout).toContain('at the size images are resized to, 16x16');
    const files = Array.from({ length: 10 }, (_, k) => join('other', 'images', `a${k}.png`));
    await json('predict', 'run', ...files, '-o', 'masks');
    const bits = async (file: string) => (await sharp(file).toColourspace('b-w').raw().toBuffer()).map((v) => +(v > 0));
    let sum = 0;
    for (let k = 0; k < 10; k++) {
      const [p, t] = [await bits(`masks/a${k}.png`), await bits(`other/masks/a${k}.png`)];
      const both = p.filter((v, i) => v && t[i]).length;
      const union = p.filter((v, i) => v || t[i]).length;
      const iou = union === 0 ? 1 : both / union;
      expect(cases.find((c) => c.image === `a${k}` && c.mode === 'accurate')?.native.iou).toBeCloseTo(iou, 12);
      sum += iou;
    }
    expect(rows[0]?.native.iou).toBeCloseTo(sum / 10, 12);
  });

  it('surfaces, lesions and instances where they are asked for, and the rule for absent classes', async () => {
    const found = await json<{ rows: Record<string, unknown>[] }>(
      ...['eval', 'run', '--data', 'other', '--measures', 'all', '--tolerance', '2', '--absent', 'zero'],
    );
    expect(found.rows[0]).toMatchObject({
      absent: 'zero',
      surface: { tolerance: 2, unit: 'px', nsd: expect.any(Number), missed: expect.any(Number) },
      lesions: { f1: expect.any(Number) },
      instances: { ap: expect.any(Number), pq: expect.any(Number) },
      intervals: { iou: [expect.any(Number), expect.any(Number)] },
      ece: expect.any(Number),
    });
    for (const wrong of [
      ['--measures', 'volume'],
      ['--absent', 'skip'],
      ['--tolerance', '1'],
    ])
      expect((await unetc('eval', 'run', '--data', 'other', ...wrong)).exit).toBe(2);
  });
});

describe('eval of several', () => {
  interface Compared {
    images: number;
    models: { model: string; iou: number }[];
    comparisons: {
      a: string;
      b: string;
      iou: { difference: number; interval: [number, number] };
      better: number;
      worse: number;
      equal: number;
      most: { image: string; difference: number }[];
    }[];
  }

  it('pairs them by image', async () => {
    await json('build', 'tiny.unet', '--weights', 'run', '-o', 'run.onnx');
    const found = await json<Compared>('eval', 'run', 'short', 'run.onnx', '--data', 'other');
    expect(found.images).toBe(10);
    expect(found.models.map((m) => m.model)).toEqual(['run', 'short', 'run.onnx']);
    const [short, same] = found.comparisons;
    const [a, b] = found.models;
    expect(short?.iou.difference).toBeCloseTo((b?.iou ?? 0) - (a?.iou ?? 0), 12);
    expect(short?.iou.interval[0]).toBeLessThanOrEqual(short?.iou.difference ?? 0);
    expect(short?.iou.interval[1]).toBeGreaterThanOrEqual(short?.iou.difference ?? 0);
    const sizes = short?.most.map((m) => Math.abs(m.difference)) ?? [];
    expect(sizes).toEqual([...sizes].sort((x, y) => y - x));
    // The file is the run.
    expect(same).toMatchObject({
      b: 'run.onnx',
      better: 0,
      worse: 0,
      equal: 10,
      iou: { difference: 0, interval: [0, 0] },
    });
    const { stdout } = await unetc('eval', 'run', 'short', '--data', 'other');
    expect(stdout).toContain('short against run, paired by image');
  });

  it('judges what is fair to all, or says that nothing is', async () => {
    const held = new Set(await heldOut());
    const others = (await readFile('short/split.txt', 'utf8')).split('\n').filter((name) => held.has(name));
    const { exit, stdout, stderr } = await unetc('eval', 'run', 'short', '--data', 'data', '--json');
    if (others.length > 0) expect(JSON.parse(stdout).images).toBe(others.length);
    else {
      expect(exit).toBe(1);
      expect(stderr).toContain('no image of data is fair to all');
    }
    expect((await unetc('eval', 'run', 'run', '--data', 'data')).exit).toBe(2);
  });
});

describe('train', () => {
  it('says what chooses the best epoch, keeps it, and takes another', async () => {
    const { stderr, stdout } = await unetc(
      ...['train', 'tiny.unet', '--data', 'data', '--out', 'by-loss', '--epochs', '2', '--best', 'bce'],
    );
    expect(stderr).toContain('the best epoch is chosen by cross-entropy on held-out images');
    expect(stdout).toContain('chosen by cross-entropy');
    expect(JSON.parse(await readFile('by-loss/run.json', 'utf8'))).toMatchObject({ best: 'bce' });
    expect(await readFile('by-loss/report.html', 'utf8')).toContain('chosen by cross-entropy on held-out images');
    const resumed = await json('train', 'tiny.unet', '--data', 'data', '--out', 'by-loss', '--epochs', '3', '--resume');
    expect(resumed).toMatchObject({ bestMetric: 'bce', epochs: 3 });
    const lines = (await readFile('by-loss/metrics.jsonl', 'utf8')).trim().split('\n');
    const bce = lines.map((line) => JSON.parse(line).output.bce as number);
    expect((resumed.best as { epoch: number }).epoch).toBe(1 + bce.indexOf(Math.min(...bce)));
    const differs = await unetc(
      ...['train', 'tiny.unet', '--data', 'data', '--out', 'by-loss', '--resume', '--epochs', '4', '--best', 'iou'],
    );
    expect(differs.stderr).toContain('what chooses the best epoch');
    expect((await unetc('train', 'tiny.unet', '--data', 'data', '--out', 'x', '--best', 'f2')).exit).toBe(2);
  });
});
