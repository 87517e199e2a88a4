import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { load, trainingPlan } from '../../compiler/index.js';
import { UserError } from '../../compiler/user-error.js';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import { openModel } from '../../runtime/prediction/model.js';
import { openRun, type RunRecord, readRecord } from '../../runtime/run/run-folder.js';
import { parseJson } from '../../runtime/support/schema.js';
import { startPosition } from '../../runtime/training/position.js';
import { cases } from '../cases.js';
import { spec, trained } from './trained.js';

// Many cases: on a busy machine they take their time.
if (process.env.UNETC_CASES === undefined) vi.setConfig({ testTimeout: 600_000 });

let folder = '';
let intact = '';
let run = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unetc-run-'));
  await trained(folder);
  intact = join(folder, 'run');
  run = join(folder, 'copy');
  await cp(intact, run, { recursive: true });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Does something with a run of which one file holds other bytes. */
async function withFile<T>(name: string, bytes: string | Uint8Array, work: () => Promise<T>): Promise<T> {
  const before = await readFile(join(intact, name));
  await writeFile(join(run, name), bytes);
  try {
    return await work();
  } finally {
    await writeFile(join(run, name), before);
  }
}

/** What a person is told; undefined if nothing is wrong. An error that is not the user's to put right is thrown on. */
async function complaint(work: () => Promise<unknown>): Promise<UserError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

const recordText = (): Promise<string> => readFile(join(intact, 'run.json'), 'utf8');

/** The record with some fields replaced (by path, `undefined` deletes), and no sum over it, as an attacker would leave it. */
async function changed(changes: Readonly<Record<string, unknown>>): Promise<string> {
  const record = JSON.parse(await recordText()) as Record<string, unknown>;
  delete record.sha256;
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split('.');
    const last = keys.pop() as string;
    const at = keys.reduce((found, key) => found[key] as Record<string, unknown>, record);
    if (value === undefined) delete at[last];
    else at[last] = value;
  }
  return JSON.stringify(record);
}

describe('a run folder', () => {
  it('names the field of run.json that is wrong', async () => {
    const wrong: [Readonly<Record<string, unknown>>, string][] = [
      [{ recipe: null }, 'recipe: expected Object, found null'],
      [{ heldOut: [{}, null] }, 'heldOut[0]: expected string, found Object'],
      [{ heldOut: undefined }, 'heldOut is missing'],
      [{ seed: 1e300 }, 'seed: expected a whole number'],
      [{ seed: -1 }, 'seed: expected at least 0'],
      [{ 'recipe.epochs': 1e12 }, 'recipe.epochs: expected at most 2147483647'],
      [{ 'recipe.batch': 0 }, 'recipe.batch: expected at least 1'],
      [{ 'recipe.optimizer.lr': 'fast' }, 'recipe.optimizer.lr: expected number'],
      [{ 'recipe.optimizer.beta1': undefined }, 'recipe.optimizer.beta1 is missing'],
      [{ 'recipe.optimizer.name': 'toString' }, 'recipe.optimizer.name: expected'],
      [{ 'recipe.loss': [] }, 'recipe.loss: expected at least one'],
      [{ 'task.channels': 7 }, 'task.channels: expected 1 for this network, found 7'],
      [{ 'task.classes': ['a', 'b'] }, 'task.classes: expected 1 names for this network, found 2'],
      [{ 'task.classes': ['../../pwned'] }, 'task.classes[0]: expected a name that is no path'],
      [{ 'task.classes': ['/etc/pwned'] }, 'task.classes[0]: expected a name that is no path'],
      [{ 'task.classes': ['red\u001b[31m'] }, 'task.classes[0]: expected no control characters'],
      [{ 'task.resize': [17, 16] }, 'task.resize[0]: expected a size that is valid'],
      [{ 'task.resize': [1 << 20, 1 << 20] }, 'task.resize: expected at most 134217728 pixels'],
      [{ 'task.axes': [] }, 'task.axes: expected at least one'],
      [{ 'task.normalize': 'constructor' }, 'task.normalize: expected'],
      [{ 'engine.precision': 'fp8' }, 'engine.precision: expected'],
      [{ spec: 'short' }, 'spec: expected a SHA-256 in hex'],
      [{ set: { classes: 1 } }, 'set.classes: expected string, found 1'],
    ];
    for (const [changes, message] of wrong) {
      const error = await withFile('run.json', await changed(changes), () => complaint(() => openRun(run)));
      expect(error?.message).toContain('run.json is damaged: ');
      expect(error?.message).toContain(message);
      expect(error?.hint).toContain('intact copy');
    }
  });

  it('refuses keys that change what objects inherit, anywhere, and nesting without end', async () => {
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      const text = (await recordText()).replace('"set": {}', `"set": { "${key}": {"polluted": "yes"} }`);
      const error = await withFile('run.json', text, () => complaint(() => readRecord(run)));
      expect(error?.message).toContain(`set.${key}: a key that is not allowed`);
      expect(({} as { polluted?: string }).polluted).toBeUndefined();
    }
    const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect((await withFile('run.json', deep, () => complaint(() => readRecord(run))))?.code).toBe('run-corrupt');
    expect(() => parseJson(`${'['.repeat(70)}${']'.repeat(70)}`)).toThrow('nested deeper than 64');
  });

  it('opens a record of an older version, and says of a newer one which it is', async () => {
    const older = await changed({ format: undefined, params: undefined, unetc: undefined });
    await withFile('run.json', older, async () => {
      const { record } = await openRun(run);
      expect(record).toMatchObject({ format: 1, params: {}, recipe: { batch: 4 } });
    });
    // Settings of other optimizers, which older versions wrote, and those that newer ones leave out.
    const { beta1, beta2, eps, ...sgd } = {
      beta1: 0,
      beta2: 0,
      eps: 0,
      name: 'sgd',
      lr: 0.1,
      momentum: 0.9,
      nesterov: false,
      weightDecay: 0,
    };
    for (const optimizer of [sgd, { ...sgd, beta1, beta2, eps }]) {
      expect(
        await withFile('run.json', await changed({ 'recipe.optimizer': optimizer }), () =>
          complaint(() => openRun(run)),
        ),
      ).toBeUndefined();
    }
    const newer = await withFile('run.json', await changed({ format: 2, recipe: 'other' }), () =>
      complaint(() => openRun(run)),
    );
    expect(newer?.message).toContain('run.json was written by a newer unetc (format 2; this one knows up to 1)');
  });

  it('keeps fields that it does not know', async () => {
    await withFile('run.json', await changed({ 'recipe.masks': { kind: 'nonzero' } }), async () => {
      expect((await readRecord(run)).recipe).toMatchObject({ masks: { kind: 'nonzero' } });
    });
  });

  it('notices a value that was changed, and lets one be that has no sum', async () => {
    const text = (await recordText()).replace('"seed": 0', '"seed": 1');
    const error = await withFile('run.json', text, () => complaint(() => readRecord(run)));
    expect(error?.message).toContain('it was changed after it was written');
    expect(await withFile('run.json', await changed({ seed: 1 }), async () => (await readRecord(run)).seed)).toBe(1);
    // Layout does not count.
    const compact = JSON.stringify(JSON.parse(await recordText()));
    expect(await withFile('run.json', compact, () => complaint(() => readRecord(run)))).toBeUndefined();
  });

  it('takes the sizes of the network from the network', async () => {
    const axes = [0, 1].map(() => ({ symbol: 'H', modulus: 1, residues: [0], least: 1 }));
    const record = await withFile(
      'run.json',
      await changed({ 'task.axes': axes }),
      async () => (await openRun(run)).record,
    );
    expect(record.task.axes).toEqual((await openRun(intact)).record.task.axes);
    expect(record.task.axes).not.toEqual(axes);
  });

  it('refuses a list of imports that is none, or belongs to another spec', async () => {
    const says = async (text: string): Promise<string> => {
      const error = await complaint(() => withFile0('imports.json', text, () => openRun(run)));
      return error?.message ?? '';
    };
    expect(await says('{')).toContain('imports.json is damaged: it is not JSON');
    expect(await says('[{"path":"a"}]')).toContain('imports.json is damaged: [0].text is missing');
    expect(await says('[{"path":"a.unet","text":""}]')).toContain('spec.unet or imports.json beside it was changed');
  });

  /** As `withFile`, for a file that an intact run does not have. */
  async function withFile0<T>(name: string, text: string, work: () => Promise<T>): Promise<T> {
    await writeFile(join(run, name), text);
    return work().finally(() => rm(join(run, name)));
  }

  it.skipIf(process.platform === 'win32')('does not wait for a pipe, nor read a folder', async () => {
    await rm(join(run, 'run.json'));
    execFileSync('mkfifo', [join(run, 'run.json')]);
    expect((await complaint(() => openRun(run)))?.message).toContain('run.json is no file');
    await rm(join(run, 'run.json'));
    await cp(join(intact, 'run.json'), join(run, 'run.json'));
    expect((await stat(join(run, 'run.json'))).isFile()).toBe(true);
  });
});

const junk = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    '',
    '../..',
    '__proto__',
    'NaN',
    [],
    {},
    [null],
    0,
    -1,
    0.5,
    1e308,
    -1e308,
    2 ** 53,
    1e21,
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string(),
);

/** Every place in a JSON value. */
function places(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, key]))];
}

type Change = { readonly at: number } & (
  | { readonly delete: true }
  | { readonly junk: unknown }
  | { readonly add: unknown }
);

/** Deletes, replaces or adds to the k-th place of a value, counted around. */
function mutate(value: unknown, change: Change): unknown {
  const all = places(value).slice(1);
  const path = all[change.at % Math.max(1, all.length)] ?? [];
  const copy = structuredClone(value) as Record<string, unknown>;
  const keys = [...path];
  const last = keys.pop();
  if (last === undefined) return 'junk' in change ? change.junk : copy;
  const owner = keys.reduce<Record<string, unknown>>((found, key) => found[key] as Record<string, unknown>, copy);
  if ('delete' in change) {
    if (Array.isArray(owner)) owner.splice(Number(last), 1);
    else delete owner[last];
  } else if ('junk' in change) owner[last] = change.junk;
  else if (Array.isArray(owner)) owner.push(change.add);
  else owner[`${last}2`] = change.add;
  return copy;
}

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ at: fc.nat(), delete: fc.constant(true as const) }),
  fc.record({ at: fc.nat(), junk }),
  fc.record({ at: fc.nat(), add: junk }),
);

/** Bits flipped, a piece cut off or out. */
const damage = fc.oneof(
  fc.record({
    kind: fc.constant('flip' as const),
    at: fc.double({ min: 0, max: 0.9999, noNaN: true }),
    bit: fc.nat(7),
  }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.double({ min: 0, max: 0.9999, noNaN: true }), bit: fc.nat(7) }),
);
function damaged(bytes: Buffer, { kind, at, bit }: { kind: 'flip' | 'cut'; at: number; bit: number }): Buffer {
  const place = Math.floor(at * bytes.length);
  if (kind === 'cut') return bytes.subarray(0, place);
  const copy = Buffer.from(bytes);
  copy[place] = (copy[place] ?? 0) ^ (1 << bit);
  return copy;
}

describe('a run folder that was changed at random', () => {
  const comparable = (record: RunRecord): unknown => JSON.parse(JSON.stringify(record));
  const plan = () => {
    const { network, recipe } = load(spec());
    if (!network) throw new Error('the spec of the test does not compile');
    return trainingPlan(network, recipe, { batch: recipe.batch, size: [16, 16] });
  };

  it('run.json, with its sum: is refused, or says what it said', async () => {
    const text = await recordText();
    const said = comparable((await openRun(intact)).record);
    const bytes = Buffer.from(text);
    await fc.assert(
      fc.asyncProperty(fc.oneof(change, damage), async (how) => {
        const other = 'kind' in how ? damaged(bytes, how) : JSON.stringify(mutate(JSON.parse(text), how));
        await withFile('run.json', other, async () => {
          const error = await complaint(async () => expect(comparable((await openRun(run)).record)).toEqual(said));
          if (error) expect(error.hint).toBeTruthy();
        });
      }),
      { ...cases(300), seed: 1 },
    );
  });

  it('run.json, without its sum: is refused, or opens and predicts', async () => {
    const record = JSON.parse(await recordText()) as Record<string, unknown>;
    delete record.sha256;
    let opened = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const other = JSON.stringify(changes.reduce<unknown>(mutate, record));
        await withFile('run.json', other, async () => {
          await complaint(async () => {
            const model = await openModel(run, { engine: ort });
            opened++;
            const input = { data: new Float32Array(256), shape: [1, 1, 16, 16] };
            await model.predictor.run(input).finally(() => model.predictor.dispose());
          });
        });
      }),
      { ...cases(300), seed: 2 },
    );
    expect(opened).toBeGreaterThan(20);
  });

  it('spec.unet, imports.json, split.txt, metrics.jsonl: is refused, or is no part of what is opened', async () => {
    const said = comparable((await openRun(intact)).record);
    for (const name of ['spec.unet', 'split.txt', 'metrics.jsonl']) {
      const bytes = await readFile(join(intact, name));
      await fc.assert(
        fc.asyncProperty(damage, async (how) => {
          await withFile(name, damaged(bytes, how), async () => {
            const error = await complaint(async () => expect(comparable((await openRun(run)).record)).toEqual(said));
            if (name === 'spec.unet') expect(error?.code).toBe('run-changed');
            else expect(error).toBeUndefined();
          });
        }),
        { ...cases(50), seed: 3 },
      );
    }
  });

  it('where a checkpoint stands: is refused, or is where it stood or could stand', async () => {
    const made = plan();
    const bytes = await readFile(join(intact, 'last.safetensors'));
    const length = Number(bytes.readBigUInt64LE());
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as { __metadata__: Record<string, string> };
    const record = await readRecord(intact);
    // Without the checksum, as someone who writes a file on purpose would.
    const rebuilt = ({ 'unetc.sha256': _, ...metadata }: Record<string, string>): Buffer => {
      const json = Buffer.from(JSON.stringify({ ...header, __metadata__: metadata }));
      const head = Buffer.alloc(8);
      head.writeBigUInt64LE(BigInt(json.length));
      return Buffer.concat([head, json, bytes.subarray(8 + length)]);
    };
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('note.position', 'note.lines', 'epoch', 'step', 'seed', 'spec', 'options'),
        change,
        async (key, how) => {
          const { [key]: value = '', ...others } = header.__metadata__;
          const text = key === 'spec' ? `${value}0` : JSON.stringify(mutate(JSON.parse(value), how));
          await withFile('last.safetensors', rebuilt({ ...others, [key]: text }), async () => {
            await complaint(async () => {
              const { lines, step, lossSum, lr } = await startPosition(join(run, 'last.safetensors'), made, record);
              expect(lines.map((line) => line.epoch)).toEqual(lines.map((_, k) => k + 1));
              for (const n of [step, lossSum, lr, ...lines.map((line) => line.loss)])
                expect(Number.isFinite(n)).toBe(true);
            });
          });
        },
      ),
      { ...cases(300), seed: 4 },
    );
    const foreign = await withFile('last.safetensors', rebuilt({ ...header.__metadata__, spec: 'f'.repeat(64) }), () =>
      complaint(() => startPosition(join(run, 'last.safetensors'), made, record)),
    );
    expect(foreign?.message).toContain('last.safetensors is of a run with another spec');
  });
});
