import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { adaptiveFactsOf } from '../../runtime/deployment/adaptive/facts.js';
import { readMetadataProps, taskOfModel } from '../../runtime/run/metadata.js';
import { writeData, writeSpec } from './fixtures.js';
import { inFolder, json, unetc } from './io.js';

inFolder('adaptive-cli', async () => {
  await writeSpec('tiny.unet');
  await writeData('data', 8);
  const trained = await unetc('train', 'tiny.unet', '--data', 'data', '--out', 'run', '--epochs', '6');
  expect(trained.exit, trained.stderr).toBe(0);
});

const adaptive = (...more: string[]) => ['build', 'run', '-o', 'model.onnx', '--mode', 'adaptive', ...more];

interface Built {
  readonly outputs: readonly { name: string; shape: readonly unknown[] }[];
  readonly adaptive: {
    readonly answers: string;
    readonly levels: readonly { level: number; parameters: number; macs: number; threshold?: number }[];
    readonly calibration?: { images: number; iou: number; deepest: number; loss: number; answered: number[] };
  };
}

describe('build --mode adaptive', () => {
  it('chooses thresholds on the images that the run held out, and says in the file what it did', async () => {
    const built = await json<Built>(...adaptive('--calibrate', 'data', '--iou-loss', '2'));
    expect(built.outputs).toEqual([
      { name: 'mask', shape: ['N', 1, 'H', 'W'] },
      { name: 'level', shape: [] },
    ]);
    const { levels, calibration, answers } = built.adaptive;
    expect(answers).toBe('fast');
    expect(levels.map((l) => [l.level, l.threshold === undefined])).toEqual([
      [1, false],
      [2, true],
    ]);
    const heldOut = readFileSync('run/split.txt', 'utf8').trim().split('\n').length;
    expect(calibration).toMatchObject({ images: heldOut, loss: 0.02 });
    expect(calibration!.iou).toBeGreaterThanOrEqual(calibration!.deepest - 0.02);
    expect(calibration!.answered.reduce((a, b) => a + b)).toBe(heldOut);
    const bytes = readFileSync('model.onnx');
    expect(adaptiveFactsOf('model.onnx', readMetadataProps('model.onnx', bytes))).toEqual(built.adaptive);
    expect(taskOfModel('model.onnx', bytes).resize).toEqual([16, 16]);
    // What each level costs alone, but for the heads before it.
    const alone = await json<{ macs: number; parameters: number }>(
      'plan',
      'tiny.unet',
      '--prune',
      'L1',
      '--mode',
      'fast',
    );
    expect(levels[0]).toMatchObject({ macs: alone.macs, parameters: alone.parameters });
  });

  it('is the same bytes again, of a run or of its spec and weights, and other bytes for other images', async () => {
    const bytes = async (...argv: string[]) => {
      expect((await unetc(...argv)).exit).toBe(0);
      return readFileSync('model.onnx');
    };
    const first = await bytes(...adaptive('--calibrate', 'data'));
    expect(Buffer.compare(await bytes(...adaptive('--calibrate', 'data')), first)).toBe(0);
    const byHand = ['build', 'tiny.unet', '--weights', 'run', ...adaptive('--calibrate', 'data').slice(2)];
    expect(Buffer.compare(await bytes(...byHand), first)).toBe(0);
    writeFileSync('names.txt', 'a0\na1\n');
    expect(Buffer.compare(await bytes(...adaptive('--calibrate', 'data', '--split', 'names.txt')), first)).not.toBe(0);
  });

  it('takes thresholds by hand, one for all or one each, a highest level, and a mode to answer in', async () => {
    await writeSpec('deep.unet', (text) => text.replace('[2, 4, 4]', '[2, 4, 4, 4]'));
    const build = (...more: string[]) =>
      json<Built>('build', 'deep.unet', '-o', 'deep.onnx', '--mode', 'adaptive', '--threshold-uncertainty', ...more);
    const thresholds = ({ adaptive: { levels } }: Built) => levels.map((l) => l.threshold);
    expect(thresholds(await build('0.25'))).toEqual([0.25, 0.25, undefined]);
    expect(thresholds(await build('0.25,0.5'))).toEqual([0.25, 0.5, undefined]);
    expect(thresholds(await build('0.25', '--prune', 'L2'))).toEqual([0.25, undefined]);
    const accurate = await build('0.25', '--level-mode', 'accurate');
    expect(accurate.adaptive).toMatchObject({ answers: 'accurate' });
    expect(accurate.adaptive.calibration).toBeUndefined();
  });

  it('builds a run as it builds the spec with the run’s weights, in every mode', async () => {
    expect((await unetc('build', 'run', '-o', 'a.onnx', '--prune', 'L1')).exit).toBe(0);
    expect((await unetc('build', 'tiny.unet', '--weights', 'run', '-o', 'b.onnx', '--prune', 'L1')).exit).toBe(0);
    expect(Buffer.compare(readFileSync('a.onnx'), readFileSync('b.onnx'))).toBe(0);
  });

  it.each<[string, string[], number, string]>([
    ['no thresholds', [], 2, '--calibrate'],
    ['thresholds twice', ['--calibrate', 'data', '--threshold-uncertainty', '0.1'], 2, 'leave one of them out'],
    ['too many', ['--threshold-uncertainty', '0.1,0.2'], 2, '1 of these levels'],
    ['not a share', ['--threshold-uncertainty', '1.5'], 2, 'from 0 to 1'],
    ['a loss below 0', ['--calibrate', 'data', '--iou-loss', '-1'], 2, 'from 0 to 100'],
    ['a format that can’t', ['--threshold-uncertainty', '0.1', '--target', 'tfjs'], 2, '--target tfjs'],
    ['a step', ['--threshold-uncertainty', '0.1', '--target', 'onnx-train'], 2, '--target onnx-train'],
    ['one level', ['--threshold-uncertainty', '0.1', '--prune', 'L1'], 1, 'head S[j in 1..depth]'],
    ['no such mode', ['--threshold-uncertainty', '0.1', '--level-mode', 'best'], 1, 'accurate, fast'],
    ['all heads', ['--threshold-uncertainty', '0.1', '--level-mode', 'all'], 1, 'accurate or fast'],
  ])('refuses %s', async (_, flags, exit, says) => {
    const argv = adaptive(...flags).map((a) => (a === 'model.onnx' ? 'refused.onnx' : a));
    const answered = await unetc(...argv);
    expect(answered.stderr).toContain(says);
    expect(answered.exit).toBe(exit);
    expect(existsSync('refused.onnx')).toBe(false);
  });

  it('refuses to calibrate what was never trained, and its flags with other modes', async () => {
    const untrained = ['build', 'tiny.unet', '-o', 'x.onnx', '--mode', 'adaptive', '--calibrate', 'data'];
    expect(await unetc(...untrained)).toMatchObject({ exit: 2, stderr: expect.stringContaining('--weights RUN') });
    const plain = ['build', 'run', '-o', 'x.onnx', '--iou-loss', '1'];
    expect(await unetc(...plain)).toMatchObject({ exit: 2, stderr: expect.stringContaining('--mode adaptive') });
  });
});

describe('an adaptive file', () => {
  const build = async (threshold: string): Promise<void> => {
    expect((await unetc(...adaptive('--threshold-uncertainty', threshold))).exit).toBe(0);
  };

  it('predicts, and says which level answered', async () => {
    const predict = ['predict', 'model.onnx', 'data/images/a0.png', 'data/images/a1.png', '-o', 'masks'];
    await build('0');
    type Predicted = { images: { level: number; mask: string }[] };
    expect((await json<Predicted>(...predict)).images.map((i) => i.level)).toEqual([2, 2]);
    await build('1');
    const { images } = await json<Predicted>(...predict);
    expect(images.map((i) => i.level)).toEqual([1, 1]);
    expect(existsSync(images[0]!.mask)).toBe(true);
    expect((await unetc(...predict)).stdout).toMatch(/a0\.png .* ms {2}L1\n/);
    expect((await unetc(...predict, '--tile', '8x8')).stdout).toMatch(/L1\n/);
    // A model of one level has nothing to say.
    expect((await unetc('build', 'run', '-o', 'one.onnx')).exit).toBe(0);
    const one = await json<Predicted>('predict', 'one.onnx', 'data/images/a0.png', '-o', 'masks');
    expect(one.images[0]).not.toHaveProperty('level');
  });

  it('is compared with its levels, which score what the run’s do', async () => {
    await build('0.2');
    type Row = { level: number; mode: string; iou: number; bce: number; milliseconds: number; macs: number };
    type Evaluated = { images: number; rows: Row[]; levels: { level: number; images: number }[]; answered: unknown[] };
    const split = ['--data', 'data', '--split', 'run/split.txt'];
    const found = await json<Evaluated>('eval', 'model.onnx', ...split);
    expect(found.rows.map((r) => [r.level, r.mode])).toEqual([
      [1, 'fixed'],
      [2, 'fixed'],
      [2, 'adaptive'],
    ]);
    const run = await json<{ rows: Row[] }>('eval', 'run', ...split);
    for (const level of [1, 2]) {
      const due = run.rows.find((r) => r.level === level && r.mode === 'fast');
      const row = found.rows.find((r) => r.level === level && r.mode === 'fixed');
      expect(row?.iou).toBeCloseTo(due!.iou, 6);
      expect(row?.bce).toBeCloseTo(due!.bce, 5);
    }
    expect(found.levels.reduce((n, l) => n + l.images, 0)).toBe(found.images);
    expect(found.answered).toHaveLength(found.images);
    const [one, two, own] = found.rows.map((r) => r.macs) as [number, number, number];
    expect(own).toBeGreaterThanOrEqual(one);
    expect(own).toBeLessThanOrEqual(two);
    const { stdout, stderr } = await unetc('eval', 'model.onnx', '--data', 'data');
    expect(stdout).toMatch(/^adaptive .* L1 \d+ %, L2 \d+ %$/m);
    expect(stderr).toContain('all 8 images of data are judged');
  });

  it('warns when it is judged on what its thresholds were chosen on', async () => {
    expect((await unetc(...adaptive('--calibrate', 'data'))).exit).toBe(0);
    const { stderr } = await unetc('eval', 'model.onnx', '--data', 'data', '--split', 'run/split.txt');
    expect(stderr).toContain('thresholds were chosen on');
  });

  it('is timed beside its levels', async () => {
    await build('0');
    type Bench = { size: number[]; rows: { level: number; mode: string; milliseconds: number }[] };
    const { rows, size } = await json<Bench>('bench', 'model.onnx', '--runs', '2', '--batch', '2');
    expect(size).toEqual([16, 16]);
    expect(rows.map((r) => [r.level, r.mode])).toEqual([
      [1, 'fixed'],
      [2, 'fixed'],
      [2, 'adaptive'],
    ]);
    expect(await unetc('bench', 'model.onnx', '--size', '15')).toMatchObject({ exit: 1 });
  });

  it('eval and bench of a file with one level have one row', async () => {
    expect((await unetc('build', 'run', '-o', 'one.onnx')).exit).toBe(0);
    for (const argv of [
      ['eval', 'one.onnx', '--data', 'data', '--json'],
      ['bench', 'one.onnx', '--json'],
    ]) {
      const { exit, stdout } = await unetc(...argv);
      expect({ exit, rows: JSON.parse(stdout).rows.length }).toEqual({ exit: 0, rows: 1 });
    }
  });

  it('is not quantized: its flags exclude each other', async () => {
    const adaptive = ['build', 'run', '-o', 'both.onnx', '--mode', 'adaptive', '--calibrate', 'data'];
    expect(await unetc(...adaptive, '--quantize', 'int8')).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('--quantize'),
    });
    expect(await unetc('build', 'run', '-o', 'both.onnx', '--iou-loss', '1')).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('--mode adaptive'),
    });
  });
});
