import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { chooseEngine } from '../../cli/flags/engines.js';
import { isMissing } from '../../runtime/engines/native/library.js';
import { locateOpenVino } from '../../runtime/engines/openvino/native/library.js';

const found = await locateOpenVino();
const kept = { ...process.env };

/** The installed OpenVINO, and no TensorFlow. */
beforeAll(() => {
  if (!isMissing(found)) process.env.UNETC_OPENVINO = dirname(found.library);
  process.env.UNETC_CACHE = join(tmpdir(), 'unetc-no-engines');
  delete process.env.UNETC_TENSORFLOW;
});
afterAll(() => {
  process.env = kept;
});

const cpuWith = (...flags: string[]) => ({ model: 'a test', flags: new Set(['avx2', ...flags]) });
const quick = cpuWith('avx512f', 'amx_int8');

describe('--engine openvino', () => {
  it.each(['train', 'verify'] as const)('does not %s', async (purpose) => {
    await expect(chooseEngine({ engine: 'openvino' }, purpose)).rejects.toThrow('OpenVINO predicts and does not train');
  });

  it('has int8 by the model, not by a flag', async () => {
    const asked = chooseEngine({ engine: 'openvino', precision: 'int8' });
    await expect(asked).rejects.toMatchObject({ hint: expect.stringContaining('build --quantize int8') });
  });
});

describe.skipIf(isMissing(found))(`what auto takes${isMissing(found) ? ` (skipped: ${found.missing})` : ''}`, () => {
  const taken = async (...args: Parameters<typeof chooseEngine>) => (await chooseEngine(...args)).name;

  it.each(['amx_int8', 'amx_bf16', 'avx512_vnni', 'avx_vnni'])('answers in OpenVINO on a CPU with %s', async (flag) => {
    expect(await taken({}, 'predict', cpuWith(flag))).toBe('openvino');
    expect(await taken({}, 'open', cpuWith(flag))).toBe('openvino');
  });

  it('takes ONNX Runtime on other CPUs, and where it trains', async () => {
    expect(await taken({}, 'predict', cpuWith('avx512f'))).toBe('onnxruntime');
    expect(await taken({}, 'predict', { model: 'unknown' })).toBe('onnxruntime');
    expect(await taken({}, 'train', quick)).toBe('onnxruntime');
    expect(await taken({}, 'verify', quick)).toBe('onnxruntime');
  });

  it('takes what it is told', async () => {
    expect(await taken({ engine: 'openvino' }, 'predict', cpuWith())).toBe('openvino');
    expect(await taken({ engine: 'openvino', device: 'cpu' }, 'open', cpuWith())).toBe('openvino');
    expect(await taken({ engine: 'ort' }, 'predict', quick)).toBe('onnxruntime');
  });
});

describe('where OpenVINO is not', () => {
  it('says what is missing if it was asked for, and takes ONNX Runtime if it was not', async () => {
    process.env.UNETC_OPENVINO = '/no/such/folder';
    // A process looks once.
    vi.resetModules();
    const { chooseEngine: choose } = await import('../../cli/flags/engines.js');
    await expect(choose({ engine: 'openvino' })).rejects.toMatchObject({
      message: expect.stringContaining('UNETC_OPENVINO names /no/such/folder, which does not exist'),
    });
    expect((await choose({}, 'predict', quick)).name).toBe('onnxruntime');
  });
});
