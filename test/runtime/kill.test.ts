import { type ChildProcess, execFile, fork } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stream } from '../../compiler/random.js';
import { writeDiscs } from './small-run.js';

// Inside the repository, so that the compiled program finds its packages.
const built = join('node_modules', '.cache', 'unetc-kill-test');
const tsc = ['--ignoreConfig', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2023', '--types', 'node'];
let folder = '';
let data = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unetc-kill-'));
  data = join(folder, 'data');
  await writeDiscs(data, 8);
  const args = [...tsc, '--skipLibCheck', '--rootDir', '.', '--outDir', built, 'test/runtime/kill-child.ts'];
  // Types are checked elsewhere: here only the JavaScript matters.
  await promisify(execFile)('node_modules/.bin/tsc', args).catch(() => undefined);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const start = (run: string): ChildProcess =>
  fork(join(built, 'test/runtime/kill-child.js'), [data, run], { silent: true });

/** Trains until done, or kills after some progress and some milliseconds; says whether it was done. */
function trainUntil(run: string, kill?: { readonly events: number; readonly delay: number }): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = start(run);
    let complaint = '';
    let events = 0;
    child.stderr?.on('data', (text: Buffer) => {
      complaint += text.toString();
    });
    child.on('message', () => {
      if (kill && ++events === kill.events) setTimeout(() => child.kill('SIGKILL'), kill.delay);
    });
    child.on('exit', (code, signal) => {
      if (signal === 'SIGKILL') resolve(false);
      else if (code === 0) resolve(true);
      else reject(new Error(complaint));
    });
  });
}

const tensors = async (file: string): Promise<Buffer> => {
  const bytes = await readFile(file);
  return bytes.subarray(8 + Number(bytes.readBigUInt64LE()));
};
const lines = async (run: string): Promise<unknown[]> =>
  (await readFile(join(run, 'metrics.jsonl'), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => ({ ...(JSON.parse(line) as object), seconds: 0 }));

it('a run killed at random moments and resumed ends as one that never was', async () => {
  const whole = join(folder, 'whole');
  const killed = join(folder, 'killed');
  expect(await trainUntil(whole)).toBe(true);
  const random = stream(Date.now(), 'kills');
  let kills = 0;
  // An epoch is 8 events for decoding, 3 steps, 2 validations: later kills fall around the epoch's writes.
  for (const events of [1, 7, 9, 12, 13, 14, 14, 14]) {
    if (await trainUntil(killed, { events, delay: random.int(40) })) break;
    kills++;
  }
  await trainUntil(killed);
  expect(kills).toBeGreaterThan(2);
  expect(await lines(killed)).toEqual(await lines(whole));
  for (const file of ['last.safetensors', 'best.safetensors']) {
    expect((await tensors(join(killed, file))).equals(await tensors(join(whole, file)))).toBe(true);
  }
});
