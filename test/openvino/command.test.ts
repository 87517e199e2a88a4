import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMissing } from '../../runtime/engines/native/library.js';
import { locateOpenVino } from '../../runtime/engines/openvino/native/library.js';
import { writeData, writeSpec } from '../cli/fixtures.js';

// Before the command line's own tests hide what is installed.
const found = await locateOpenVino();
const why = isMissing(found) ? ` (skipped: ${found.missing})` : '';
const { unetc } = await import('../cli/io.js');

const home = process.cwd();
const kept = { ...process.env };
let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'unetc-openvino-'));
  process.env.UNETC_CACHE = join(folder, 'cache');
  process.chdir(folder);
  await writeSpec('tiny.unet');
  await writeData('data');
});

afterAll(() => {
  process.chdir(home);
  process.env = kept;
  rmSync(folder, { recursive: true, force: true });
});

async function json(...argv: string[]): Promise<Record<string, unknown>> {
  const { exit, stdout, stderr } = await unetc(...argv, '--json');
  expect(exit, stderr).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe('unetc engine and doctor', () => {
  it('say what is missing and how to get it', async () => {
    const { engines } = (await json('doctor')) as { engines: Record<string, unknown>[] };
    expect(engines.find((e) => e.name === 'openvino')).toMatchObject({
      available: false,
      reason: expect.stringMatching(/OpenVINO/),
      remedy: expect.any(String),
    });
    const { installable } = (await json('engine', 'list')) as { installable: { engine: string }[] };
    for (const { engine } of installable) expect(['tensorflow', 'openvino']).toContain(engine);
    expect((await unetc('engine', 'list')).stdout).toMatch(/^openvino {2}.*OpenVINO/m);
    expect((await unetc('engine', 'install', '--help')).stdout).toContain('$ unetc engine install openvino');
  });

  it('remove frees what an interrupted install of openvino left, and nothing of tensorflow', async () => {
    for (const name of ['openvino', 'tensorflow']) {
      mkdirSync(join('cache', name), { recursive: true });
      writeFileSync(join('cache', name, '.a.whl.unetc-part'), Buffer.alloc(2 ** 20));
    }
    expect((await unetc('engine', 'remove', 'openvino')).stdout).toContain('1.00 MiB freed');
    expect((await unetc('engine', 'remove', 'openvino')).stdout).toBe(
      'nothing to remove: unetc installed no OpenVINO here\n',
    );
    expect((await unetc('engine', 'remove', 'tensorflow')).stdout).toContain('1.00 MiB freed');
  });

  it('train and verify refuse it in a sentence', async () => {
    for (const argv of [
      ['train', 'tiny.unet', '--data', 'data', '--out', 'no-run'],
      ['verify', 'tiny.unet'],
    ]) {
      const { exit, stderr } = await unetc(...argv, '--engine', 'openvino');
      expect([exit, stderr]).toEqual([2, expect.stringContaining('OpenVINO predicts and does not train')]);
    }
  });
});

describe.skipIf(isMissing(found))(`predict, eval and bench --engine openvino${why}`, () => {
  beforeAll(async () => {
    if (isMissing(found)) return;
    process.env.UNETC_OPENVINO = dirname(found.library);
    expect((await unetc('train', 'tiny.unet', '--data', 'data', '--out', 'run', '--engine', 'ort')).exit).toBe(0);
    expect((await unetc('build', 'tiny.unet', '--weights', 'run', '-o', 'whole.onnx')).exit).toBe(0);
    await sharp('data/images/a0.png').resize(33, 21).png().toFile('odd.png');
  });

  it('doctor names the library that it was told', async () => {
    const { engines } = (await json('doctor')) as { engines: Record<string, unknown>[] };
    expect(engines.find((e) => e.name === 'openvino')).toMatchObject({
      available: true,
      devices: expect.arrayContaining(['cpu']),
      source: 'UNETC_OPENVINO',
    });
  });

  it('predict answers the masks of ONNX Runtime, from a run and from a built file, and says what answered', async () => {
    const masks = [];
    for (const model of ['run', 'whole.onnx']) {
      for (const engine of ['ort', 'openvino']) {
        const out = `${engine}-${model}`;
        const answer = await json('predict', model, 'odd.png', 'data/images/a1.png', '-o', out, '--engine', engine);
        expect(answer).toMatchObject({ engine: engine === 'ort' ? 'onnxruntime' : 'openvino', precision: 'fp32' });
        masks.push(await sharp(join(out, 'odd.png')).raw().toBuffer());
      }
    }
    for (const mask of masks) expect(mask.equals(masks[0] as Buffer)).toBe(true);
    const { stderr } = await unetc('predict', 'run', 'odd.png', '-o', 'told', '--engine', 'openvino');
    expect(stderr).toBe('OpenVINO on the CPU, fp32\n');
  });

  it('eval measures what ONNX Runtime measures', async () => {
    type Rows = { rows: { level: number; mode: string; iou: number; bce: number }[] };
    const ofEngine = async (engine: string) =>
      ((await json('eval', 'run', '--data', 'data', '--engine', engine)) as unknown as Rows).rows;
    const [ours, due] = [await ofEngine('openvino'), await ofEngine('ort')];
    expect(ours.map(({ level, mode }) => [level, mode])).toEqual(due.map(({ level, mode }) => [level, mode]));
    for (const [k, { iou, bce }] of due.entries()) {
      expect(ours[k]!.iou).toBeCloseTo(iou, 2);
      expect(ours[k]!.bce).toBeCloseTo(bce, 4);
    }
  });

  it('bench times every level', async () => {
    const { engine, rows } = (await json('bench', 'run', '--runs', '2', '--engine', 'openvino')) as {
      engine: string;
      rows: { level: number; milliseconds: number }[];
    };
    expect([engine, rows.map((r) => r.level)]).toEqual(['openvino', [1, 2]]);
    for (const { milliseconds } of rows) expect(milliseconds).toBeGreaterThan(0);
  });
});
