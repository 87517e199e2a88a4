import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { stream } from '../../compiler/random.js';
import { UserError } from '../../compiler/user-error.js';
import { loadCheckpoint } from '../../runtime/run/checkpoint.js';
import { acquireLock, ageOf, awaitLock, LockHeld, type LockOwner } from '../../runtime/support/files/lock.js';
import { livenessOf, thisProcess } from '../../runtime/support/process-identity.js';
import { writeData, writeSpec } from '../cli/fixtures.js';

// Processes are started many times: on a busy machine that takes its time.
if (process.env.UNETC_CASES === undefined) vi.setConfig({ testTimeout: 600_000 });

const root = fileURLToPath(new URL('../..', import.meta.url));
const built = join(root, 'dist/runtime/support/files/lock.js');
const options = { work: 'training', subject: 'runs/a', otherwise: 'train elsewhere' };
let folder = '';
let file = '';

beforeAll(() => {
  if (!existsSync(built)) throw new Error("these tests run the built program: 'npm run build' first");
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unetc-lock-'));
  file = join(folder, 'run.lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const refusal = async (work: Promise<unknown>): Promise<UserError> => {
  const error = await work.then(
    () => undefined,
    (e: unknown) => e,
  );
  if (!(error instanceof UserError)) throw new Error(`no UserError: ${error}`);
  return error;
};

/** A process that has ended, by its number. */
const gone = (): number => spawnSync(process.execPath, ['-e', '']).pid;

async function plant(change: Partial<LockOwner>): Promise<void> {
  const owner = {
    id: crypto.randomUUID(),
    work: 'training',
    since: '2026-01-31T12:00:00.000Z',
    ...(await thisProcess()),
  };
  writeFileSync(file, JSON.stringify({ ...owner, ...change }));
}

/** Ends with a message `held` or `refused …`; keeps the lock until its stdin ends. */
const contender = `
  import { acquireLock } from ${JSON.stringify(pathToFileURL(built).href)};
  const [file, at] = process.argv.slice(1);
  while (Date.now() < Number(at)) {}
  try {
    const lock = await acquireLock(file, { work: 'training', subject: 'a' });
    process.stdout.write('held' + (lock.before ? ' after' : '') + '\\n');
    process.stdin.resume().on('end', async () => { await lock.release(); process.exit(0); });
  } catch (error) {
    process.stdout.write('refused ' + error.code + ' ' + error.message + '\\n');
    process.exit(1);
  }
`;

interface Contender {
  readonly child: ChildProcess;
  readonly said: Promise<string>;
  readonly ended: Promise<unknown>;
}

function contend(at: number): Contender {
  const child = spawn(process.execPath, ['--input-type=module', '-e', contender, file, String(at)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const said = new Promise<string>((resolve) => child.stdout?.once('data', (text: Buffer) => resolve(text.toString())));
  return { child, said, ended: new Promise((resolve) => child.once('exit', resolve)) };
}

describe('a lock', () => {
  it('is had by one at a time, and leaves nothing', async () => {
    const lock = await acquireLock(file, options);
    expect(lock.before).toBeUndefined();
    const error = await refusal(acquireLock(file, options));
    expect(error).toBeInstanceOf(LockHeld);
    expect(error.message).toMatch(
      new RegExp(
        `^runs/a is in use: training by process ${process.pid} on this machine, since [-0-9]+ [0-9:]+ UTC \\(0 min ago\\)$`,
      ),
    );
    expect(error.hint).toBe('wait until it has ended, or train elsewhere');
    await lock.release();
    await lock.release();
    expect(readdirSync(folder)).toEqual([]);
    await (await acquireLock(file, options)).release();
  });

  it('does not remove a lock that is no longer its own', async () => {
    const lock = await acquireLock(file, options);
    await plant({ pid: 1 });
    await lock.release();
    expect(existsSync(file)).toBe(true);
  });

  it('of a process that is gone is taken over, and says so', async () => {
    const pid = gone();
    await plant({ pid });
    const lock = await acquireLock(file, options);
    expect(lock.before).toMatchObject({ pid });
    await lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')('of a number that was given out again is taken over', async () => {
    await plant({ started: '1' });
    const lock = await acquireLock(file, options);
    expect(lock.before?.started).toBe('1');
    await lock.release();
  });

  it('of another machine is refused, with the way out', async () => {
    await plant({ host: 'gpu7', system: 'another', machine: 'another' });
    const error = await refusal(acquireLock(file, options));
    expect(error.message).toContain('training by process');
    expect(error.message).toContain('on gpu7, since 2026-01-31 12:00 UTC');
    expect(error.message).toContain('whether it still runs can not be seen from here');
    expect(error.hint).toBe(`if it has ended, remove ${file}; or train elsewhere`);
    await expect(awaitLock(file, options)).rejects.toBeInstanceOf(LockHeld);
  });

  it('of an earlier boot of this machine is taken over; of another container of it, refused', async () => {
    const here = await thisProcess();
    const known = { ...here, machine: here.machine ?? 'none' };
    const [boot] = here.system.split(' ');
    expect(await livenessOf({ ...known, system: 'earlier pid:[1]' })).toBe(here.machine ? 'gone' : 'unknown');
    expect(await livenessOf({ ...known, system: `${boot} pid:[1]` })).toBe('unknown');
  });

  it('that is damaged is refused, with the way out, whatever is in it', async () => {
    const id = '../../../../etc/passwd';
    for (const text of ['', '{', 'null', '[]', '{"id":1}', 'x'.repeat(100_000), JSON.stringify({ id, work: 'a' })]) {
      writeFileSync(file, text);
      const error = await refusal(acquireLock(file, options));
      expect(error.code).toBe('lock-corrupt');
      expect(error.hint).toContain(`remove ${file}`);
      expect(readdirSync(folder)).toEqual(['run.lock']);
    }
  });

  it('is waited for where that is asked, and the wait can be ended', async () => {
    const lock = await acquireLock(file, options);
    const waits: number[] = [];
    const second = awaitLock(file, options, { onWait: ({ pid }) => waits.push(pid) });
    setTimeout(() => void lock.release(), 300);
    await (await second).release();
    expect(waits).toEqual([process.pid]);
    const third = await acquireLock(file, options);
    await expect(awaitLock(file, options, { signal: AbortSignal.timeout(100) })).rejects.toThrow();
    await third.release();
  });

  it('says its age in words, and only a date where the clock was set back', () => {
    const since = '2026-01-31T12:00:00.000Z';
    const aged = (minutes: number): string => ageOf({ since }, Date.parse(since) + minutes * 60_000);
    expect(aged(3)).toBe('since 2026-01-31 12:00 UTC (3 min ago)');
    expect(aged(300)).toBe('since 2026-01-31 12:00 UTC (5 h ago)');
    expect(aged(6000)).toBe('since 2026-01-31 12:00 UTC (4 days ago)');
    expect(aged(-60)).toBe('since 2026-01-31 12:00 UTC');
    expect(ageOf({ since: 'soon' })).toBe('since an unknown time');
  });

  it.each([
    ['new', false],
    ['left by a process that is gone', true],
  ])('%s: of six processes at once, one has it (10 rounds)', async (_, stale) => {
    for (let round = 0; round < 10; round++) {
      if (stale) await plant({ pid: gone() });
      const at = Date.now() + 150;
      const contenders = Array.from({ length: 6 }, () => contend(at));
      const said = await Promise.all(contenders.map((c) => c.said));
      expect(
        said.filter((s) => s.startsWith('held')),
        said.join(''),
      ).toHaveLength(1);
      expect(said.filter((s) => s.startsWith('refused locked'))).toHaveLength(5);
      expect(said.filter((s) => s.startsWith('held after'))).toHaveLength(stale ? 1 : 0);
      for (const { child } of contenders) child.stdin?.end();
      await Promise.all(contenders.map((c) => c.ended));
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  it('is gone with a process that ends by itself, and taken over from one that is killed', async () => {
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      const { child, said, ended } = contend(0);
      expect(await said).toMatch(/^held/);
      child.kill(signal);
      await ended;
      const lock = await acquireLock(file, options);
      expect(lock.before?.pid).toBe(child.pid);
      await lock.release();
    }
  });
});

describe('two trainings into one folder', () => {
  let home = '';
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'unetc-two-'));
    await writeSpec(join(home, 'tiny.unet'));
    await writeData(join(home, 'data'));
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  const start = (
    out: string,
    lr: string,
    ...more: readonly string[]
  ): Promise<{ code: number | null; stderr: string }> => {
    const argv = ['train', 'tiny.unet', '--data', 'data', '--out', out, '--engine', 'ort', '--epochs', '3', '--lr', lr];
    const child = spawn(process.execPath, [join(root, 'cli/unetc.mjs'), ...argv, ...more], { cwd: home });
    let stderr = '';
    child.stderr.on('data', (text: Buffer) => {
      stderr += text.toString();
    });
    return new Promise((resolve) => child.on('close', (code) => resolve({ code, stderr })));
  };
  const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  it('one trains, the other is refused, and the folder is of one (10 rounds)', async () => {
    const random = stream(1, 'two trainings');
    for (let round = 0; round < 10; round++) {
      const out = `run-${round}`;
      const first = start(out, '0.01');
      await wait(random.int(round % 2 === 0 ? 30 : 500));
      const ended = await Promise.all([first, start(out, '0.001', '--seed', '5')]);
      const codes = ended.map((e) => e.code);
      expect(codes.toSorted(), ended.map((e) => e.stderr).join('')).toEqual([0, 1]);
      const refused = ended.find((e) => e.code === 1);
      expect(refused?.stderr).toMatch(/is in use: training by process \d+ on this machine|holds a run already/);
      const record = JSON.parse(readFileSync(join(home, out, 'run.json'), 'utf8')) as {
        seed: number;
        recipe: { optimizer: { lr: number } };
      };
      const { meta } = await loadCheckpoint(join(home, out, 'last.safetensors'));
      const lines = readFileSync(join(home, out, 'metrics.jsonl'), 'utf8')
        .trimEnd()
        .split('\n');
      expect(lines).toHaveLength(3);
      expect(meta?.seed).toBe(record.seed);
      expect(record.recipe.optimizer.lr).toBe(codes[0] === 0 ? 0.01 : 0.001);
      expect(JSON.parse(meta?.notes?.lines ?? '')).toEqual(lines.map((line) => JSON.parse(line)));
      expect(existsSync(join(home, out, 'run.lock'))).toBe(false);
    }
  });

  it('goes for --resume as well; a lock left by a killed training is taken over with a line', async () => {
    const out = 'resumed';
    expect((await start(out, '0.01')).code).toBe(0);
    const path = join(home, out, 'run.lock');
    const owner = {
      id: crypto.randomUUID(),
      work: 'training',
      since: new Date().toISOString(),
      ...(await thisProcess()),
    };
    writeFileSync(path, JSON.stringify(owner));
    const refused = await start(out, '0.01', '--resume', '--epochs', '4');
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(`training by process ${process.pid}`)]);
    const pid = gone();
    writeFileSync(path, JSON.stringify({ ...owner, pid }));
    const taken = await start(out, '0.01', '--resume', '--epochs', '4');
    expect(taken.code, taken.stderr).toBe(0);
    expect(taken.stderr).toMatch(
      new RegExp(`^the process that trained here, ${pid} .* is gone: its lock is taken over$`, 'm'),
    );
    expect(existsSync(path)).toBe(false);
  });

  it('a training that never began leaves no folder', async () => {
    const argv = ['train', 'tiny.unet', '--data', 'data', '--out', 'a/b/c', '--split', 'data'];
    const { status } = spawnSync(process.execPath, [join(root, 'cli/unetc.mjs'), ...argv], { cwd: home });
    expect(status).toBe(1);
    expect(existsSync(join(home, 'a'))).toBe(false);
  });

  it('a spec that was changed in the folder is refused by all that open the run', async () => {
    const spec = join(home, 'run-0/spec.unet');
    const before = readFileSync(spec, 'utf8');
    expect(before).toContain('relu');
    writeFileSync(spec, before.replace('relu', 'tanh'));
    const { mtimeMs } = statSync(join(home, 'run-0/last.safetensors'));
    for (const argv of [
      ['eval', 'run-0', '--data', 'data'],
      ['predict', 'run-0', 'data/images', '-o', 'masks'],
      ['bench', 'run-0'],
      ['train', 'tiny.unet', '--data', 'data', '--out', 'run-0', '--resume', '--epochs', '9'],
    ]) {
      const told = spawnSync(process.execPath, [join(root, 'cli/unetc.mjs'), ...argv], { cwd: home, encoding: 'utf8' });
      expect(told.status).toBe(1);
      expect(told.stderr).toContain('run-0/spec.unet was changed after the training');
      expect(told.stderr).toContain('put back the text that was trained');
    }
    expect(statSync(join(home, 'run-0/last.safetensors')).mtimeMs).toBe(mtimeMs);
    // Line ends do not count: a checkout on Windows changes them.
    writeFileSync(spec, before.replaceAll('\n', '\r\n'));
    const told = spawnSync(process.execPath, [join(root, 'cli/unetc.mjs'), 'eval', 'run-0', '--data', 'data'], {
      cwd: home,
    });
    expect(told.status).toBe(0);
  });
});

it('the host of this process is named', async () => {
  expect((await thisProcess()).host).toBe(hostname());
});
