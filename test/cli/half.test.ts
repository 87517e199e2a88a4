import { readFileSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { sealKey } from '../../runtime/models/seal.js';
import { readMetadataProps } from '../../runtime/run/metadata.js';
import { runWeights } from '../../runtime/run/run-folder.js';
import { encodeSafetensors } from '../../runtime/run/safetensors.js';
import { writeData, writeSpec } from './fixtures.js';
import { inFolder, json, unetc } from './io.js';

inFolder('half', async () => {
  await writeSpec('tiny.unet');
  await writeData('data', 10);
  const trained = await unetc('train', 'tiny.unet', '--data', 'data', '--out', 'run', '--epochs', '6');
  expect(trained.exit, trained.stderr).toBe(0);
});

const half = (out: string, ...more: readonly string[]) => ['build', 'run', '--precision', 'fp16', '-o', out, ...more];

describe('build --precision fp16', () => {
  it.each([
    ['L1', 'accurate'],
    ['L2', 'fast'],
    ['L2', 'all'],
    ['L2', 'fast', 'ort'],
  ])('says what is in fp16 and what is not, %s %s', async (prune, mode, runtime?: string) => {
    const selection = ['--prune', prune, '--mode', mode];
    // Without --for it is the network as the spec says it, for GPUs.
    const told = await json(...half('half.onnx', ...selection, ...(runtime ? ['--for', runtime] : [])));
    const full = await json('build', 'run', '-o', 'full.onnx', ...selection, '--for', runtime ?? 'plain');
    expect(told).toMatchObject({ inputs: full.inputs, outputs: full.outputs, parameters: full.parameters });
    expect(told.bytes).toBe(statSync('half.onnx').size);
    const report = told.half as { nodes: number; half: number; float: { nodes: number }[]; fp32Bytes: number };
    expect(report.fp32Bytes).toBe(full.bytes);
    expect(told.bytes).toBeLessThan(report.fp32Bytes);
    expect(report.nodes).toBe(full.nodes);
    expect(report.half + report.float.reduce((n, f) => n + f.nodes, 0)).toBe(report.nodes);
    expect(report.float).toContainEqual(
      expect.objectContaining({ op: 'sigmoid', why: expect.stringContaining('0 or 1') }),
    );
    const props = readMetadataProps('half.onnx', readFileSync('half.onnx'));
    expect(props.get('unetc.precision')).toBe('fp16');
    const full32 = readMetadataProps('full.onnx', readFileSync('full.onnx'));
    // Each has the checksum of its own bytes.
    expect(props.delete('unetc.precision') && props.delete(sealKey) && full32.delete(sealKey)).toBe(true);
    expect([...props]).toEqual([...full32]);
  });

  it('makes a file that predicts, is judged and timed as any other', async () => {
    await json(...half('half.onnx'));
    await json('build', 'run', '-o', 'full.onnx');
    const iou = async (file: string) => (await json('eval', file, '--data', 'data')).rows as [{ iou: number }];
    const [found, due] = [await iou('half.onnx'), await iou('full.onnx')];
    // Ten pictures of 256 pixels: a pixel or two at the edge of a half may be decided otherwise.
    expect(Math.abs(found[0].iou - due[0].iou)).toBeLessThan(0.02);
    await json('predict', 'half.onnx', 'data/images/a0.png', '-o', 'masks');
    expect(statSync('masks/a0.png').size).toBeGreaterThan(0);
    expect((await json('bench', 'half.onnx', '--runs', '3')).runs).toBe(3);
  });

  it('takes --size, and --mode adaptive, whose levels answer as ever', async () => {
    const sized = await json(...half('sized.onnx', '--size', '16x16', '--batch', '1'));
    expect(sized).toMatchObject({ inputs: [{ shape: [1, 3, 16, 16] }] });
    const adaptive = await json(...half('adaptive.onnx', '--mode', 'adaptive', '--calibrate', 'data'));
    expect(adaptive).toMatchObject({
      half: { nodes: expect.any(Number) },
      adaptive: { levels: [{ level: 1 }, { level: 2 }] },
    });
    const judged = await json('eval', 'adaptive.onnx', '--data', 'data');
    expect(judged.images).toBe(10);
    const { stdout } = await unetc(...half('adaptive.onnx', '--mode', 'adaptive', '--threshold-uncertainty', '0.3'));
    expect(stdout).toMatch(/fp16 +\d+ of \d+ operators; 0\.\d\d of the/);
  });

  it.each([
    [['--precision', 'bf16'], 'bf16 is what an engine computes in'],
    [['--precision', 'fp8'], 'there is no precision fp8'],
    [['--precision', 'fp16', '--target', 'tf'], '--precision fp16 has no meaning for --target tf'],
    [['--precision', 'fp16', '--target', 'onnx-train'], '--precision fp16 has no meaning for --target onnx-train'],
    [['--precision', 'fp16', '--quantize', 'int8', '--calibrate', 'data'], 'a file is in fp16 or in int8'],
  ])('refuses %j', async (flags, message) => {
    const { exit, stderr } = await unetc('build', 'run', '-o', 'no.onnx', ...flags);
    expect(exit).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain('help:');
  });

  it('is no precision of an engine', async () => {
    const { exit, stderr } = await unetc('predict', 'run', 'data/images/a0.png', '-o', 'masks', '--precision', 'fp16');
    expect(exit).toBe(2);
    expect(stderr).toContain("'unetc build --precision fp16' makes one");
  });

  /** The run's weights with one filter times a number. */
  async function scaled(file: string, path: string, factor: number): Promise<void> {
    const weights = new Map(await runWeights('run'));
    const { data, shape } = weights.get(path)!;
    weights.set(path, { data: data.map((v) => v * factor), shape });
    await writeFile(file, Buffer.concat([...encodeSafetensors({ tensors: weights, metadata: {} })]));
  }

  it('refuses weights beyond its range by name, and warns of filters below its precision', async () => {
    const path = 'S[2].conv1.weight';
    await scaled('large.safetensors', path, 1e7);
    const build = (weights: string) =>
      unetc('build', 'tiny.unet', '--weights', weights, '--mode', 'fast', '--precision', 'fp16', '-o', 'w.onnx');
    const large = await build('large.safetensors');
    expect(large.exit).toBe(1);
    expect(large.stderr).toMatch(/error.*S\[2\]\.conv1\.weight goes up to \S+, and fp16 ends at 65504/);
    await scaled('small.safetensors', path, 1e-7);
    const small = await build('small.safetensors');
    expect(small.exit).toBe(0);
    expect(small.stderr).toMatch(/warning: S\[2\]\.conv1\.weight has no number above/);
    expect((await build('run')).stderr).not.toContain('warning');
  });
});
