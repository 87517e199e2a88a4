import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseEngine } from '../../cli/flags/engines.js';
import { isMissing } from '../../runtime/engines/native/library.js';
import { locateTensorFlow } from '../../runtime/engines/tensorflow/native/locate.js';

const found = await locateTensorFlow();
const home = process.cwd();
let folder = '';

/** A TensorFlow of the user's own for GPUs, as it seems: the installed library, with a library of CUDA's name beside it. */
beforeAll(() => {
  if (isMissing(found)) return;
  folder = mkdtempSync(join(tmpdir(), 'unetc-choice-'));
  const lib = join(folder, 'tensorflow');
  const cuda = join(folder, 'nvidia/cuda_runtime/lib');
  for (const path of [lib, cuda]) mkdirSync(path, { recursive: true });
  for (const path of found.preload) symlinkSync(path, join(lib, basename(path)));
  symlinkSync(found.library, join(lib, 'libtensorflow.so.2'));
  symlinkSync(found.preload[0] ?? found.library, join(cuda, 'libcudart.so.12'));
  process.env.UNETC_TENSORFLOW = folder;
  process.env.UNETC_CACHE = join(folder, 'nothing');
  process.chdir(folder);
});
afterAll(() => {
  process.chdir(home);
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(isMissing(found))(`what auto takes${isMissing(found) ? ` (skipped: ${found.missing})` : ''}`, () => {
  const taken = async (...args: Parameters<typeof chooseEngine>) => (await chooseEngine(...args)).name;

  it('trains in TensorFlow, and predicts in one for GPUs', async () => {
    expect(await taken({}, 'train')).toBe('tensorflow');
    expect(await taken({}, 'predict')).toBe('tensorflow');
  });

  it('opens a built ONNX file in ONNX Runtime, whatever is installed', async () => {
    expect(await taken({}, 'open')).toBe('onnxruntime');
  });

  it('takes what it is told', async () => {
    expect(await taken({ engine: 'ort' }, 'train')).toBe('onnxruntime');
    expect(await taken({ precision: 'bf16' }, 'predict')).toBe('tensorflow');
    await expect(taken({ engine: 'ort', precision: 'bf16' })).rejects.toThrow('--precision bf16');
    await expect(taken({ device: 'tpu' })).rejects.toThrow('there is no device tpu');
  });
});
