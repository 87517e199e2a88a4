import { existsSync, rmSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { initialState } from '../../compiler/6-build/initialize.js';
import { trainingPlan } from '../../compiler/index.js';
import { stream } from '../../compiler/random.js';
import { UserError } from '../../compiler/user-error.js';
import { loadCheckpoint, saveCheckpoint, stateOf } from '../../runtime/run/checkpoint.js';
import { makeFolder, writeAtomic, writeNew } from '../../runtime/support/files/atomic.js';
import { writeFolderAtomic } from '../../runtime/support/files/atomic-folder.js';
import { type Change, withFaults } from '../../runtime/support/files/disk.js';
import { appendRecord, readRecords } from '../../runtime/support/files/json-lines.js';
import { acquireLock } from '../../runtime/support/files/lock.js';
import { train } from '../../runtime/training/train.js';
import { nestedNetwork } from '../compiler/handmade.js';
import { smallRecipe, smallRun, writeDiscs } from './small-run.js';

// Many cases: on a busy machine they take their time.
if (process.env.UNETC_CASES === undefined) vi.setConfig({ testTimeout: 600_000 });

let folder = '';
let data = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unetc-faults-'));
  data = join(folder, 'data');
  await writeDiscs(data, 8);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const systemError = (code: string): Error => Object.assign(new Error(code), { code });

/** What a person is told, or undefined. What is no UserError is a mistake of ours. */
async function told(work: () => Promise<unknown>): Promise<UserError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

/** Every change that some work makes, on a disk that does not fail. */
async function changesOf(work: () => Promise<unknown>): Promise<Change[]> {
  const changes: Change[] = [];
  await withFaults((change) => {
    changes.push(change);
    return undefined;
  }, work);
  return changes;
}

/** Work during which the k-th change fails. */
const failingAt = (k: number, code: string, work: () => Promise<unknown>): Promise<UserError | undefined> => {
  let count = 0;
  return withFaults(
    () => {
      if (count++ === k) throw systemError(code);
      return undefined;
    },
    () => told(work),
  );
};

/** Work on a disk with room for so many more bytes. */
const withRoom = (bytes: number, work: () => Promise<unknown>): Promise<UserError | undefined> => {
  let left = bytes;
  return withFaults(
    (change) => {
      if (change.kind !== 'write') return undefined;
      const fit = Math.min(left, change.bytes ?? 0);
      left -= fit;
      return fit;
    },
    () => told(work),
  );
};

describe('a disk that is full', () => {
  it('at each byte of a checkpoint: the one before stays whole', async () => {
    const network = nestedNetwork([2, 3, 4], 1);
    const layout = trainingPlan(network, smallRecipe, { batch: 2, size: [16, 16] });
    const at = join(folder, 'checkpoint');
    await makeFolder(at);
    const file = join(at, 'last.safetensors');
    const content = (seed: number) => ({
      layout,
      state: initialState(layout, seed),
      meta: { spec: 'x', options: {}, epoch: seed, step: 0, seed },
    });
    await saveCheckpoint(file, content(1));
    const before = await readFile(file);
    const size = (await changesOf(() => saveCheckpoint(file, content(1)))).reduce((n, c) => n + (c.bytes ?? 0), 0);
    expect(size).toBe(before.length);
    let tried = 0;
    // Each byte of the header, where a cut file might still look like one, then every few.
    for (let room = 0; room < size; room += room < 600 ? 1 : 97) {
      const error = await withRoom(room, () => saveCheckpoint(file, content(2)));
      expect(error?.message).toBe(`can't write ${file}: no space left on the disk`);
      tried++;
    }
    expect((await readFile(file)).equals(before)).toBe(true);
    expect(await readdir(at)).toEqual(['last.safetensors']);
    expect(tried).toBeGreaterThan(600);
    expect(await withRoom(size, () => saveCheckpoint(file, content(2)))).toBeUndefined();
    expect(stateOf(await loadCheckpoint(file), layout).parameters).toEqual(content(2).state.parameters);
  });

  it('in the middle of a line of metrics: the next reader leaves it out', async () => {
    const file = join(folder, 'lines.jsonl');
    await appendRecord(file, { epoch: 1 });
    expect((await withRoom(5, () => appendRecord(file, { epoch: 2 })))?.code).toBe('file-write');
    expect(await readRecords(file)).toEqual([{ epoch: 1 }]);
  });
});

describe('each change that fails, one after another', () => {
  const codes = ['ENOSPC', 'EMFILE', 'EACCES', 'EROFS', 'EIO', 'EDQUOT', 'ENOENT', 'ESTALE'] as const;

  it('of a file, a new file and a folder: an error of ours, the old content, nothing beside it', async () => {
    const at = join(folder, 'single');
    await makeFolder(at);
    const file = join(at, 'a');
    const ours = (name: string): boolean => name === 'inner';
    const works: [string, () => Promise<unknown>][] = [
      ['writeAtomic', () => writeAtomic(file, 'new')],
      ['writeFolderAtomic', () => writeFolderAtomic(join(at, 'b'), new Map([['inner', Buffer.from('new')]]), ours)],
    ];
    await writeFile(file, 'old');
    await writeFolderAtomic(join(at, 'b'), new Map([['inner', Buffer.from('old')]]), ours);
    for (const [name, work] of works) {
      const copy = join(folder, 'single-copy');
      await cp(at, copy, { recursive: true });
      const count = (await changesOf(work)).length;
      await rm(at, { recursive: true });
      await cp(copy, at, { recursive: true });
      expect(count).toBeGreaterThan(3);
      for (const code of codes) {
        for (let k = 0; k < count; k++) {
          await failingAt(k, code, work);
          const contents = [file, join(at, 'b/inner')].map((path) => readFile(path, 'utf8').catch(() => 'gone'));
          // The folder's old content may be under its temporary name, between two renames.
          for (const text of await Promise.all(contents))
            expect(['old', 'new', 'gone'], `${name} ${code} ${k}`).toContain(text);
          expect(await readFile(file, 'utf8')).toMatch(/^(old|new)$/);
          await rm(at, { recursive: true });
          await cp(copy, at, { recursive: true });
        }
      }
      await rm(copy, { recursive: true });
    }
  });

  it('writeNew leaves nothing half written', async () => {
    for (let k = 0; k < 5; k++) {
      const file = join(folder, `new-${k}`);
      let count = 0;
      const error = await withFaults(
        () => {
          if (count++ === k) throw systemError('ENOSPC');
          return undefined;
        },
        () =>
          writeNew(file, 'text').then(
            () => undefined,
            (e: unknown) => e,
          ),
      );
      if (existsSync(file)) expect(await readFile(file, 'utf8')).toBe('text');
      else expect(error).toBeDefined();
    }
  });

  it('of a training: an error of ours, and the resumed run ends as one that never failed', async () => {
    const whole = join(folder, 'whole');
    const options = async (run: string) => ({ ...(await smallRun(data, run)), resume: true });
    const changes = await changesOf(async () => train(await options(whole)));
    expect(changes.length).toBeGreaterThan(40);
    const random = stream(1, 'faults');
    const tensors = async (run: string, name: string): Promise<string> => {
      const bytes = await readFile(join(run, name));
      return bytes.subarray(8 + Number(bytes.readBigUInt64LE())).toString('base64');
    };
    let failed = 0;
    for (let round = 0; round < 10; round++) {
      const run = join(folder, `run-${round}`);
      const k = Math.floor(((round + random.uniform()) / 10) * changes.length);
      const error = await failingAt(k, codes[round % codes.length] as string, async () => train(await options(run)));
      if (error) failed++;
      await train(await options(run));
      for (const name of ['last.safetensors', 'best.safetensors'])
        expect(await tensors(run, name)).toBe(await tensors(whole, name));
      expect((await readdir(run)).sort()).toEqual((await readdir(whole)).sort());
      await rm(run, { recursive: true });
    }
    expect(failed).toBeGreaterThan(5);
  });
});

describe('while a run is trained', () => {
  it('images that are removed end it with an error of ours, and it can be resumed once they are back', async () => {
    const own = join(folder, 'own');
    const kept = join(folder, 'kept');
    await writeDiscs(own, 8);
    await cp(own, kept, { recursive: true });
    const run = join(folder, 'removed');
    const options = { ...(await smallRun(own, run)), resume: true };
    const error = await told(() =>
      train({
        ...options,
        onProgress: (p) => {
          if (p.kind === 'prepare' && p.done === 1) rmSync(join(own, 'images'), { recursive: true });
        },
      }),
    );
    expect(error?.message).toContain(join(own, 'images'));
    expect(existsSync(run)).toBe(false);
    await rm(own, { recursive: true, force: true });
    await cp(kept, own, { recursive: true });
    const { epochs } = await train({ ...(await smallRun(own, run)), resume: true });
    expect(epochs).toBe(2);
  });

  it('a clock that is set back changes no result', async () => {
    const run = join(folder, 'clock');
    const now = Date.now;
    let at = now();
    Date.now = () => (at -= 3_600_000);
    try {
      await train({ ...(await smallRun(data, run)), resume: true });
    } finally {
      Date.now = now;
    }
    const same = join(folder, 'clock-2');
    await train({ ...(await smallRun(data, same)), resume: true });
    const lines = async (path: string): Promise<unknown[]> =>
      (await readRecords(join(path, 'metrics.jsonl'))).map((line) => ({ ...line, seconds: 0 }));
    expect(await lines(run)).toEqual(await lines(same));
  });
});

describe('a folder where none can be made', () => {
  it.skipIf(!existsSync('/proc/self'))('fails in time, however deep', async () => {
    for (const path of ['/proc/x', '/proc/x/y/z', '/proc/self/x', '/sys/x', '/dev/null/x']) {
      const error = await told(() => makeFolder(path));
      expect(error?.message).toContain(`can't create ${path}`);
    }
  });

  it('a lock that could not be removed holds nothing', async () => {
    const file = join(folder, 'left.lock');
    const options = { work: 'training', subject: 'runs/a' };
    const lock = await acquireLock(file, options);
    await withFaults(
      () => {
        throw systemError('EIO');
      },
      () => lock.release(),
    );
    expect(existsSync(file)).toBe(true);
    await (await acquireLock(file, options)).release();
    expect(existsSync(file)).toBe(false);
  });

  it('returns what it made', async () => {
    const at = join(folder, 'a/b/c');
    expect(await makeFolder(at)).toEqual([join(folder, 'a'), join(folder, 'a/b'), at]);
    expect(await makeFolder(at)).toEqual([]);
    // Two at once.
    const made = await Promise.all(Array.from({ length: 8 }, () => makeFolder(join(at, 'd/e'))));
    expect(made.flat().length).toBeGreaterThanOrEqual(2);
  });
});
