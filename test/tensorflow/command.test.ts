import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { unetc } from '../cli/io.js';

const kept = { ...process.env };
let cache = '';

beforeAll(() => {
  cache = mkdtempSync(join(tmpdir(), 'unetc-engine-'));
  process.env.UNETC_CACHE = cache;
  delete process.env.UNETC_TENSORFLOW;
});

afterEach(() => {
  for (const name of ['UNETC_PYPI', 'UNETC_TENSORFLOW']) delete process.env[name];
});

afterAll(() => {
  process.env = kept;
  rmSync(cache, { recursive: true, force: true });
});

interface Document {
  readonly ok?: boolean;
  readonly error?: { code: string; message: string; hint: string };
  readonly engines: Record<string, unknown>[];
  readonly installable: { kind: string; wheels: { file: string; sha256: string; pip: string }[] }[];
  readonly system: Record<string, unknown>;
}

async function json(...argv: string[]): Promise<Document & { exit: number }> {
  const { exit, stdout } = await unetc(...argv, '--json');
  return { ...(JSON.parse(stdout) as Document), exit };
}

describe('unetc engine', () => {
  it('alone shows its commands and exits 2', async () => {
    const { exit, stdout, stderr } = await unetc('engine');
    expect([exit, stdout]).toEqual([2, '']);
    expect(stderr).toContain('engine install tensorflow');
    expect(stderr).not.toContain('error');
  });

  it.each([
    [['engine', 'install'], "missing required argument 'NAME'", "'unetc engine install --help'"],
    [['engine', 'instal', 'tensorflow'], "unknown command 'instal'", 'install'],
    [['engine', 'install', 'ort'], 'ort comes with unetc: there is nothing to install', 'doctor'],
    [['engine', 'remove', 'torch'], 'there is no engine torch to remove', 'unetc engine remove tensorflow'],
    [['engine', 'install', 'tensorflow', '--gpus'], "unknown option '--gpus'", '--gpu'],
  ])('%s', async (argv, message, hint) => {
    const { exit, stderr } = await unetc(...argv);
    expect(exit).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain(hint);
  });

  it('install says in a sentence what stands in the way, and its help has an example', async () => {
    process.env.UNETC_PYPI = 'http://127.0.0.1:9/simple';
    const answer = await json('engine', 'install', 'tensorflow', '--wheel', join(cache, 'none.whl'));
    expect(answer).toMatchObject({
      exit: 1,
      ok: false,
      error: { code: expect.stringMatching(/file-read|unsupported/) },
    });
    expect((await unetc('engine', 'install', '--help')).stdout).toContain('$ unetc engine install tensorflow');
    expect((await unetc('engine', 'remove', '--help')).stdout).toContain('$ unetc engine remove tensorflow');
  });

  it('list names the engines and what an install would fetch', async () => {
    const { exit, engines, installable } = await json('engine', 'list');
    expect(exit).toBe(0);
    expect(engines.map((e) => e.name)).toEqual(['ort', 'tensorflow', 'openvino']);
    for (const { wheels } of installable) {
      for (const { pip, sha256 } of wheels)
        expect([pip, sha256]).toEqual([expect.stringMatching(/^pip download /), expect.any(String)]);
    }
    const { stdout } = await unetc('engine', 'list');
    expect(stdout).toMatch(/^ort {9}comes with unetc\ntensorflow {2}\S/);
  });

  it('remove frees what an interrupted install left', async () => {
    const nothing = await unetc('engine', 'remove', 'tensorflow');
    expect([nothing.exit, nothing.stdout]).toEqual([0, 'nothing to remove: unetc installed no TensorFlow here\n']);
    mkdirSync(join(cache, 'tensorflow'));
    writeFileSync(join(cache, 'tensorflow/.a.whl.unetc-part'), Buffer.alloc(2 ** 20));
    expect((await unetc('engine', 'remove', 'tensorflow')).stdout).toContain('1.00 MiB freed');
    expect(existsSync(join(cache, 'tensorflow'))).toBe(false);
  });
});

describe('unetc doctor', () => {
  it('says of tensorflow what it looked for and what to do, and of the machine what matters', async () => {
    const library = join(cache, 'libtensorflow.so.2');
    process.env.UNETC_TENSORFLOW = library;
    const { engines, system } = await json('doctor');
    expect(engines.find((e) => e.name === 'tensorflow')).toMatchObject({
      available: false,
      devices: [],
      reason: expect.stringMatching(/UNETC_TENSORFLOW names .* which does not exist|AVX/),
      remedy: expect.any(String),
    });
    expect(system).toMatchObject({
      node: process.versions.node,
      cores: expect.any(Number),
      memoryBytes: expect.any(Number),
    });
    expect(Object.keys((system.cpu as { features: object }).features)).toEqual([
      'avx2',
      'avx512f',
      'avx512_bf16',
      'amx_bf16',
      'avx_vnni',
    ]);
    writeFileSync(library, 'no library');
    const { stdout, exit } = await unetc('doctor');
    expect(exit).toBe(0);
    expect(stdout).toMatch(/missing {2}tensorflow: (it does not load|TensorFlow needs)/);
  });
});
