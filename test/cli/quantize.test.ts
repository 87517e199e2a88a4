import { cpSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readMetadataProps, taskOfModel } from '../../runtime/run/metadata.js';
import { writeData, writeSpec } from './fixtures.js';
import { inFolder, json, unetc } from './io.js';

inFolder('quantize', async () => {
  await writeSpec('tiny.unet');
  await writeData('data', 10);
  cpSync('data/images', 'pictures/images', { recursive: true });
  const trained = await unetc('train', 'tiny.unet', '--data', 'data', '--out', 'run', '--epochs', '6');
  expect(trained.exit, trained.stderr).toBe(0);
});

const int8 = (out: string, ...more: readonly string[]): readonly string[] => [
  ...['build', 'run', '--quantize', 'int8', '--calibrate', 'data', '-o', out],
  ...more,
];

interface Told {
  readonly quantize: {
    readonly layers: readonly string[];
    readonly float: readonly { readonly path: string; readonly reason: string }[];
    readonly calibration: { readonly images: number };
    readonly iou: { readonly images: number; readonly before: number; readonly after: number } | null;
  };
}

describe('build --quantize int8', () => {
  it.each([
    ['L1', 'accurate', 4],
    ['L1', 'fast', 4],
    ['L2', 'accurate', 8],
    ['L2', 'fast', 7],
  ])('says what it did and what it costs, %s %s', async (prune, mode, convs) => {
    const told = (await json(...int8('m.onnx', '--prune', prune, '--mode', mode))) as unknown as Told;
    const { layers, float, calibration, iou } = told.quantize;
    expect(layers.length + float.length).toBe(convs);
    expect(new Set(layers).size).toBe(layers.length);
    for (const { reason } of float) expect(reason).toContain('0.3 points of IoU');
    // Two of ten are held out.
    expect([calibration.images, iou?.images]).toEqual([8, 2]);
    expect(iou!.before - iou!.after).toBeLessThanOrEqual(0.003);
    const props = readMetadataProps('m.onnx', readFileSync('m.onnx'));
    expect(props.get('unetc.quantize')).toBe('int8');
    // What it says it is worth, a stranger measures too.
    const names = readFileSync('run/split.txt', 'utf8');
    expect(names.trim().split('\n')).toHaveLength(2);
    const judged = await json('eval', 'm.onnx', '--data', 'data', '--split', 'run/split.txt');
    expect(judged).toMatchObject({ images: 2, rows: [{ level: Number(prune[1]), mode, iou: iou!.after }] });
  });

  it('judges the float file by the same images as the run', async () => {
    await json('build', 'run', '-o', 'float.onnx');
    const told = (await json(...int8('m.onnx'))) as unknown as Told;
    const judged = await json('eval', 'float.onnx', '--data', 'data', '--split', 'run/split.txt');
    expect(judged).toMatchObject({ rows: [{ iou: told.quantize.iou!.before }] });
  });

  it('writes the same bytes every time, fewer than in float', async () => {
    await json(...int8('one.onnx'));
    await json(...int8('two.onnx'));
    expect(readFileSync('one.onnx').equals(readFileSync('two.onnx'))).toBe(true);
  });

  it('takes the weights of a run or a file with a spec too', async () => {
    await json(...int8('one.onnx'));
    const spec = ['build', 'tiny.unet', '--quantize', 'int8', '--calibrate', 'data', '-o', 'spec.onnx'];
    await json(...spec, '--weights', 'run');
    expect(readFileSync('one.onnx').equals(readFileSync('spec.onnx'))).toBe(true);
    const plain = (await json(...spec, '--weights', 'run/best.safetensors')) as unknown as Told;
    expect(plain.quantize.iou?.images).toBe(10);
  });

  it('without masks quantizes every layer and measures no IoU', async () => {
    const { exit, stdout } = await unetc(
      'build',
      'run',
      '--quantize',
      'int8',
      '--calibrate',
      'pictures',
      '-o',
      'p.onnx',
    );
    expect(exit).toBe(0);
    expect(stdout).toContain('8 of 8 convolutions');
    expect(stdout).toContain('not measured: pictures has no masks/');
  });

  it('answers at the sizes it was told alone', async () => {
    const told = await json(...int8('m.onnx', '--size', '16x16', '--batch', '1'));
    expect(told).toMatchObject({ inputs: [{ shape: [1, 3, 16, 16] }] });
    expect((await json('eval', 'm.onnx', '--data', 'data')).images).toBe(10);
  });

  it('makes a file that predicts and is timed as any other', async () => {
    await json(...int8('m.onnx'));
    expect(taskOfModel('m.onnx', readFileSync('m.onnx')).resize).toEqual([16, 16]);
    await json('predict', 'm.onnx', 'data/images/a0.png', '-o', 'masks');
    expect(statSync('masks/a0.png').size).toBeGreaterThan(0);
    const timed = await json('bench', 'm.onnx', '--runs', '3', '--size', '32x16');
    expect(timed).toMatchObject({ size: [32, 16], rows: [{ level: 2, mode: 'accurate' }] });
  });

  it('builds a run in float too, as its spec with its weights', async () => {
    await json('build', 'run', '-o', 'a.onnx');
    await json('build', 'tiny.unet', '--weights', 'run', '-o', 'b.onnx');
    expect(readFileSync('a.onnx').equals(readFileSync('b.onnx'))).toBe(true);
  });
});
