import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { codes } from '../../compiler/diagnostics/index.js';
import { taskOfModel } from '../../runtime/run/metadata.js';
import { specHash } from '../../runtime/run/run-folder.js';
import { tinySpec, writeData, writeSpec } from './fixtures.js';
import { inFolder, json, unetc } from './io.js';

inFolder('commands', async () => {
  await writeSpec('tiny.unet');
  await writeData('data');
  const trained = await unetc('train', 'tiny.unet', '--data', 'data', '--out', 'run', '--epochs', '2');
  expect(trained.exit, trained.stderr).toBe(0);
  // A pipe gets a line an epoch, and no bar.
  expect(trained.stderr.match(/^epoch \d\/2 {2}loss/gm)).toHaveLength(2);
  for (const control of ['\u001b', '\r']) expect(trained.stderr).not.toContain(control);
});

describe('spec commands', () => {
  it('init writes a spec that check accepts, named after the file', async () => {
    expect((await unetc('init', 'my-cells')).exit).toBe(0);
    expect(readFileSync('my-cells.unet', 'utf8')).toContain('network MyCells {');
    const checked = await json('check', 'my-cells.unet');
    expect(checked).toMatchObject({ ok: true, files: [{ file: 'my-cells.unet', ok: true }] });
  });

  it('init --data draws images to train on, into no folder that holds others', async () => {
    const made = await json('init', 'drawn', '--data', 'drawn-data');
    expect(made).toMatchObject({ file: 'drawn.unet', data: 'drawn-data', images: 48 });
    expect(readdirSync('drawn-data/images')).toEqual(readdirSync('drawn-data/masks'));
    expect(readdirSync('drawn-data/images')).toHaveLength(48);
    const again = await unetc('init', 'drawn2', '--data', 'drawn-data');
    expect(again).toMatchObject({ exit: 1, stderr: expect.stringContaining('holds files already') });
    expect(existsSync('drawn2.unet')).toBe(false);
  });

  it('check answers every file, with spans, and exit 1 if one is wrong', async () => {
    await writeSpec('wrong.unet', (text) => text.replace('Conv(width[0])', 'Conv(widht[0])'));
    const { exit, stdout, stderr } = await unetc('check', 'tiny.unet', 'wrong.unet', '--json');
    expect(exit).toBe(1);
    const document = JSON.parse(stdout) as { ok: boolean; files: { ok: boolean; diagnostics: unknown[] }[] };
    expect(document.files.map((f) => f.ok)).toEqual([true, false]);
    const line = tinySpec.split('\n').findIndex((l) => l.includes('Conv(width[0])')) + 1;
    expect(document.files[1]?.diagnostics).toContainEqual(
      expect.objectContaining({
        code: 'unknown-name',
        severity: 'error',
        message: expect.any(String),
        span: { start: expect.objectContaining({ line }), end: expect.objectContaining({ line }) },
        hints: expect.any(Array),
        related: expect.any(Array),
      }),
    );
    expect(stderr).toContain(`wrong.unet:${line}:`);
  });

  it('explain has a page for every diagnostic', async () => {
    for (const code of codes) {
      const { exit, stdout } = await unetc('explain', code);
      expect(exit).toBe(0);
      expect(stdout).toContain(code);
    }
  });

  it('plan counts what the nodes add up to, and live memory peaks at the peak', async () => {
    const plan = await json('plan', 'tiny.unet', '--prune', 'L1', '--size', '32x48', '--batch', '2');
    const nodes = plan.nodes as {
      path: string;
      op: string;
      shape: number[];
      parameters: number;
      macs: number;
      live: number;
    }[];
    expect(nodes.reduce((n, node) => n + node.parameters, 0)).toBe(plan.parameters);
    expect(nodes.reduce((n, node) => n + node.macs, 0)).toBe(plan.macs);
    // Buffers are rounded up to a cache line each, so live may pass the exact peak by a little, never the arena.
    const most = Math.max(...nodes.map((n) => n.live));
    expect(most).toBeGreaterThanOrEqual(plan.peakBytes as number);
    expect(most).toBeLessThanOrEqual(plan.arenaBytes as number);
    expect(nodes.at(-1)?.shape).toEqual([2, 1, 32, 48]);
  });

  it('plan says what each node sees of the input: its first convolution a window, the answer most', async () => {
    type Seen = { op: string; receptiveField: number[]; seesWholeInput: boolean };
    const nodes = (await json('plan', 'tiny.unet')).nodes as Seen[];
    expect(nodes[0]).toMatchObject({ op: 'conv', receptiveField: [3, 3], seesWholeInput: false });
    const most = Math.max(...nodes.map((n) => n.receptiveField[0] as number));
    expect(nodes.at(-1)?.receptiveField).toEqual([most, most]);
    const { stdout } = await unetc('plan', 'tiny.unet');
    expect(stdout).toMatch(/node +op .* RF\n/);
    expect(stdout).toContain(`${most}x${most}`);
  });

  it('plan without a size takes the recipe’s, or the smallest valid from 256 on', async () => {
    expect(await json('plan', 'tiny.unet')).toMatchObject({ size: [16, 16] });
    await writeSpec('untrained.unet', (text) => text.slice(0, text.indexOf('train {')));
    expect(await json('plan', 'untrained.unet')).toMatchObject({ size: [256, 256] });
  });

  it('plan --train shows the step, which needs more than the inference', async () => {
    const step = await json('plan', 'tiny.unet', '--train', '--batch', '1');
    const inference = await json('plan', 'tiny.unet');
    expect(step.peakBytes as number).toBeGreaterThan(inference.peakBytes as number);
    expect(step.parameters).toBe(inference.parameters);
  });

  it('draw writes an SVG to the file or to stdout', async () => {
    expect((await unetc('draw', 'tiny.unet', '-o', 'tiny.svg')).exit).toBe(0);
    const { stdout } = await unetc('draw', 'tiny.unet');
    expect(readFileSync('tiny.svg', 'utf8').trim()).toBe(stdout.trim());
    expect(stdout).toMatch(/^<svg/);
  });

  it('draw takes the format from the flag, or from the ending of the file', async () => {
    expect((await unetc('draw', 'tiny.unet', '--format', 'dot')).stdout).toMatch(/^digraph/);
    expect(await json('draw', 'tiny.unet', '-o', 'tiny.html', '--prune', 'L1')).toEqual({
      out: 'tiny.html',
      level: 1,
      format: 'html',
    });
    expect(readFileSync('tiny.html', 'utf8')).toMatch(/^<!doctype html>/);
    expect((await unetc('draw', 'tiny.unet', '-o', 'tiny.mmd')).exit).toBe(0);
    expect(readFileSync('tiny.mmd', 'utf8')).toContain('flowchart');
    expect((await unetc('draw', 'tiny.unet', '--theme', 'dark')).stdout).not.toContain('#ffffff');
  });

  it("draw counts MACs at the recipe's size, at --size, or, where --set makes the recipe's invalid, at one that is valid", async () => {
    expect((await unetc('draw', 'tiny.unet')).stdout).toContain('MACs at 16×16');
    expect((await unetc('draw', 'tiny.unet', '--size', '32x48')).stdout).toContain('MACs at 32×48');
    const deep = await unetc('draw', 'tiny.unet', '--set', 'width=[2, 2, 2, 2, 2, 2, 2]');
    expect(deep.stdout).toContain('MACs at 256×256');
  });
});

describe('build', () => {
  it('writes a model that says what it is and how to feed it', async () => {
    const built = await json(
      'build',
      'tiny.unet',
      '--weights',
      'run',
      '--prune',
      'L1',
      '--mode',
      'fast',
      '-o',
      'l1.onnx',
    );
    expect(built).toMatchObject({
      out: 'l1.onnx',
      target: 'onnx',
      inputs: [{ name: 'image', shape: ['N', 3, 'H', 'W'] }],
      outputs: [{ name: 'mask' }],
    });
    for (const key of ['parameters', 'macs', 'nodes', 'milliseconds']) expect(built[key]).toEqual(expect.any(Number));
    const bytes = readFileSync('l1.onnx');
    expect(taskOfModel('l1.onnx', bytes)).toMatchObject({
      channels: 3,
      classes: ['mask'],
      normalize: 'unit',
      resize: [16, 16],
    });
    expect(bytes.includes(specHash(tinySpec))).toBe(true);
  });

  it('folds batch norm: fewer nodes, the same parameters as planned', async () => {
    const built = await json('build', 'tiny.unet', '-o', 'tiny.onnx', '--for', 'plain');
    const plan = await json('plan', 'tiny.unet');
    expect(built.nodes as number).toBeLessThan((plan.nodes as unknown[]).length);
    expect(built.parameters).toBe(plan.parameters);
    expect([built.for, built.executedMacs]).toEqual(['plain', plan.macs]);
  });

  it('gives the same bytes for the same input, and others for another seed', async () => {
    for (const [out, seed] of [
      ['a.onnx', '1'],
      ['b.onnx', '1'],
      ['c.onnx', '2'],
    ] as const) {
      await json('build', 'tiny.unet', '-o', out, '--seed', seed);
    }
    expect(readFileSync('a.onnx').equals(readFileSync('b.onnx'))).toBe(true);
    expect(readFileSync('a.onnx').equals(readFileSync('c.onnx'))).toBe(false);
  });

  it('says that initial weights are untrained', async () => {
    expect((await unetc('build', 'tiny.unet', '-o', 'tiny.onnx')).stdout).toContain('untrained');
  });

  it('writes the training step', async () => {
    const built = await json('build', 'tiny.unet', '--target', 'onnx-train', '-o', 'step.onnx');
    expect((built.inputs as { name: string }[]).map((i) => i.name)).toEqual(
      expect.arrayContaining(['image', 'target', 'parameters', 'lr', 'step']),
    );
    expect((built.outputs as { name: string }[]).map((o) => o.name)).toEqual(
      expect.arrayContaining(['loss', 'parameters_next']),
    );
  });
});

describe('runs', () => {
  it('train leaves metrics, checkpoints and a report, and answers the last epoch', async () => {
    const lines = readFileSync('run/metrics.jsonl', 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map((l) => l.epoch)).toEqual([1, 2]);
    expect(lines[0]).toMatchObject({
      loss: expect.any(Number),
      lr: expect.any(Number),
      heads: [{ level: 1 }, { level: 2 }],
    });
    expect(readFileSync('run/report.html', 'utf8')).toContain('<html');
    const again = await json('train', 'tiny.unet', '--data', 'data', '--out', 'run', '--resume');
    expect(again).toMatchObject({ epochs: 2, interrupted: false, loss: lines[1]?.loss });
  });

  it('train --resume needs no flag again, and goes further with more epochs', async () => {
    await json(
      'train',
      'tiny.unet',
      '--data',
      'data',
      '--out',
      'longer',
      '--epochs',
      '1',
      '--lr',
      '0.005',
      '--set',
      'width=[2,3,4]',
    );
    const result = await json('train', 'tiny.unet', '--data', 'data', '--out', 'longer', '--epochs', '2', '--resume');
    expect(result).toMatchObject({ epochs: 2 });
  });

  it('data says what a folder holds, how masks are read, and what is strange, and draws it', async () => {
    const survey = await json('data', 'data', '-o', 'sheet.html');
    expect(survey).toMatchObject({
      layout: 'images/ and masks/',
      images: expect.any(Number),
      channels: [{ what: expect.any(String), count: survey.images }],
      masks: { files: survey.images, answers: [{ classes: 1, rule: 'nonzero', warnings: [] }] },
      sheet: 'sheet.html',
    });
    const { values } = survey.masks as { values: { value: number; share: number }[] };
    expect(values.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
    expect(readFileSync('sheet.html', 'utf8')).toContain('<figcaption>');
    const { exit, stdout } = await unetc('data', 'data', '-o', 'sheet.png');
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^masks +\d+ files$/m);
    expect((await sharp('sheet.png').metadata()).width).toBeGreaterThan(192);
    expect((await unetc('data', 'data', '-o', 'sheet.gif')).exit).toBe(2);
    expect((await unetc('data', 'nowhere')).exit).toBe(1);
  });

  it('a stated rule is read as a train block reads it, kept in the run and its model, and used again', async () => {
    const rule = ['--mask-rule', 'threshold(200)'];
    const made = await unetc('train', 'tiny.unet', '--data', 'data', '--out', 'ruled', '--epochs', '1', ...rule);
    expect(made.exit, made.stderr).toBe(0);
    expect(made.stderr).toMatch(/^masks: binary, threshold\(200\).* foreground\), foreground from 200$/m);
    const kept = { rule: { kind: 'threshold', least: 200, invert: false }, stated: true };
    expect(JSON.parse(readFileSync('ruled/run.json', 'utf8'))).toMatchObject({ task: { masks: kept } });
    expect((await unetc('build', 'ruled', '-o', 'ruled.onnx')).exit).toBe(0);
    expect(taskOfModel('ruled.onnx', readFileSync('ruled.onnx')).masks).toEqual(kept);
    const judged = await unetc('eval', 'ruled.onnx', '--data', 'data');
    expect(judged.stderr).toContain('threshold(200)');
    const wrong = await unetc('eval', 'ruled.onnx', '--data', 'data', '--mask-rule', 'treshold(3)');
    expect(wrong).toMatchObject({ exit: 2, stderr: expect.stringContaining('did you mean threshold') });
  });

  it('eval judges the held-out images at every level and mode', async () => {
    const evaluation = (await json('eval', 'run', '--data', 'data')) as {
      images: number;
      rows: Record<string, unknown>[];
    };
    expect(evaluation.images).toBe(1);
    expect(evaluation.rows.map((r) => `L${r.level} ${r.mode}`)).toEqual([
      'L1 accurate',
      'L1 fast',
      'L2 accurate',
      'L2 fast',
    ]);
    for (const row of evaluation.rows) {
      for (const key of ['parameters', 'macs', 'iou', 'iouPooled', 'dice', 'bce', 'milliseconds'])
        expect(row[key]).toEqual(expect.any(Number));
    }
  });

  it('predict gives a mask of the image’s own size from a run and, the same, from its model', async () => {
    await sharp('data/images/a0.png').resize(33, 21).png().toFile('odd.png');
    const fromRun = await json('predict', 'run', 'odd.png', '-o', 'from-run', '--overlay');
    expect(fromRun).toMatchObject({
      images: [{ image: 'odd.png', mask: join('from-run', 'odd.png'), milliseconds: expect.any(Number) }],
    });
    await json('build', 'tiny.unet', '--weights', 'run', '-o', 'whole.onnx');
    await json('predict', 'whole.onnx', 'odd.png', '-o', 'from-model');
    const masks = await Promise.all(
      ['from-run', 'from-model'].map((out) => sharp(join(out, 'odd.png')).raw().toBuffer({ resolveWithObject: true })),
    );
    expect(masks[0]?.info).toMatchObject({ width: 33, height: 21 });
    expect(masks[1]?.data.equals(masks[0]?.data as Buffer)).toBe(true);
  });

  it('bench sets the levels of a spec or a run side by side', async () => {
    for (const target of ['tiny.unet', 'run']) {
      const { rows } = (await json('bench', target, '--runs', '2')) as { rows: Record<string, unknown>[] };
      expect(rows.map((r) => r.level)).toEqual([1, 2]);
      for (const row of rows)
        for (const key of ['parameters', 'macs', 'milliseconds', 'peakBytes', 'speedup'])
          expect(row[key]).toEqual(expect.any(Number));
    }
  });

  it('verify reports every property with the seed that repeats it', async () => {
    const verification = await json('verify', 'tiny.unet', '--runs', '2', '--seed', '5');
    expect(verification).toMatchObject({ seed: 5 });
    for (const property of verification.properties as { ok: boolean; runs: number; name: string }[])
      expect(property).toMatchObject({ ok: true, runs: 2 });
  });

  it('doctor finds the embedded engine', async () => {
    const { engines } = (await json('doctor')) as {
      engines: { name: string; available: boolean; devices: string[] }[];
    };
    expect(engines).toContainEqual(expect.objectContaining({ name: 'ort', available: true, devices: ['cpu'] }));
  });
});
