import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { stream } from '../../compiler/random.js';
import { isMissing } from '../../runtime/engines/native/library.js';
import { locateTensorFlow } from '../../runtime/engines/tensorflow/native/locate.js';
import { cases } from '../cases.js';
import { writeData, writeSpec } from '../cli/fixtures.js';

// Processes are started many times: on a busy machine that takes its time.
if (process.env.UNETC_CASES === undefined) vi.setConfig({ testTimeout: 600_000 });

/** The built program, ended from outside at any time, by each signal that asks and by the one that does not. */
const launcher = fileURLToPath(new URL('../../cli/unetc.mjs', import.meta.url));
const found = await locateTensorFlow();
const numbers = { SIGTERM: 143, SIGINT: 130, SIGHUP: 129 } as const;
let home = '';

beforeAll(async () => {
  if (!existsSync(join(launcher, '../../dist/app/main.js')))
    throw new Error("these tests run the built program: 'npm run build' first");
  home = mkdtempSync(join(tmpdir(), 'unetc-signals-'));
  await writeSpec(join(home, 'tiny.unet'));
  await writeData(join(home, 'data'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  readonly milliseconds: number;
}

function train(
  out: string,
  engine: string,
  stop?: { readonly signal: NodeJS.Signals; readonly after: number },
): Promise<Ended> {
  const argv = ['train', 'tiny.unet', '--data', 'data', '--out', out, '--engine', engine, '--epochs', '6', '--resume'];
  const started = performance.now();
  const child = spawn(process.execPath, [launcher, ...argv], { cwd: home, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => {
    stderr += text.toString();
  });
  const timer = stop && setTimeout(() => child.kill(stop.signal), stop.after);
  return new Promise((resolve) =>
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stderr, milliseconds: performance.now() - started });
    }),
  );
}

const tensors = (out: string, name: string): string => {
  const bytes = readFileSync(join(home, out, name));
  return bytes.subarray(8 + Number(bytes.readBigUInt64LE())).toString('base64');
};
const lines = (out: string): unknown[] =>
  readFileSync(join(home, out, 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => ({ ...(JSON.parse(line) as object), seconds: 0 }));

const engines = ['ort', ...(isMissing(found) ? [] : ['tfjs'])];

describe.each(engines)(
  `a training with %s that is ended from outside${isMissing(found) ? ' (TensorFlow is not installed)' : ''}`,
  (engine) => {
    it('at random times, ends as one that was not, once it is resumed', async () => {
      const whole = `whole-${engine}`;
      const { code, milliseconds } = await train(whole, engine);
      expect(code).toBe(0);
      const random = stream(1, 'signals', engine);
      const out = `run-${engine}`;
      let ended = 0;
      const { numRuns } = cases(8);
      for (let k = 0; k < numRuns; k++) {
        const signal = (['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL'] as const)[k % 4] as NodeJS.Signals;
        const result = await train(out, engine, { signal, after: random.uniform(0, milliseconds) });
        if (result.signal === null && result.code !== 0) {
          expect(result.code, result.stderr).toBe(numbers[signal as keyof typeof numbers]);
          expect(existsSync(join(home, out, 'run.lock'))).toBe(false);
        }
        expect(result.stderr).not.toContain('error');
        if (result.code !== 0) ended++;
        if (result.code === 0 || k === numRuns - 1) {
          if (result.code !== 0) expect((await train(out, engine)).code).toBe(0);
          for (const name of ['last.safetensors', 'best.safetensors'])
            expect(tensors(out, name)).toBe(tensors(whole, name));
          expect(lines(out)).toEqual(lines(whole));
          expect(
            readdirSync(join(home, out))
              .filter((f) => !f.endsWith('.unetc-tmp'))
              .sort(),
          ).toEqual(readdirSync(join(home, whole)).sort());
          rmSync(join(home, out), { recursive: true });
        }
      }
      expect(ended).toBeGreaterThan(numRuns / 4);
    });
  },
);

describe('a command whose streams are gone', () => {
  const shell = (script: string) =>
    spawnSync('bash', ['-c', script.replaceAll('UNETC', `"${process.execPath}" "${launcher}"`)], {
      cwd: home,
      encoding: 'utf8',
    });

  it.skipIf(process.platform === 'win32')(
    'is none the worse for a reader that leaves, and goes on without one of its messages',
    () => {
      const plan = shell('set -o pipefail; UNETC plan tiny.unet | head -1');
      expect([plan.status, plan.stderr]).toEqual([0, '']);
      const trained = shell('UNETC train tiny.unet --data data --out piped --engine ort --epochs 3 2>&1 | head -1');
      expect(trained.stdout).toMatch(/^masks: /);
      expect(lines('piped')).toHaveLength(3);
      const closed = shell('UNETC train tiny.unet --data data --out closed --engine ort --epochs 3 <&- >&- 2>&-');
      expect(closed.status).toBe(0);
      expect(lines('closed')).toEqual(lines('piped'));
    },
  );

  it.skipIf(!existsSync('/dev/full'))('says that its result could not be written', () => {
    const full = shell('UNETC plan tiny.unet > /dev/full');
    expect(full.status).toBe(1);
    expect(full.stderr).toContain("can't write the result to stdout");
  });

  it.skipIf(!existsSync('/proc/self'))('fails in time where no folder can be made', () => {
    for (const argv of [
      'train tiny.unet --data data --out /proc/x',
      'predict piped data/images/*.png -o /proc/x/y',
      'draw tiny.unet -o /proc/x/a.svg',
      'build tiny.unet -o /proc/x/a.onnx',
      'init /proc/x/a',
      'init b --data /proc/x/data',
    ]) {
      const { status, stderr } = shell(`timeout 60 "${process.execPath}" "${launcher}" ${argv}`);
      expect(status, `${argv}: ${stderr}`).toBe(1);
      expect(stderr).toContain("error: can't");
    }
  });

  it.skipIf(process.platform === 'win32')('says of too many open files what to do', () => {
    let refused = 0;
    for (const limit of [22, 24, 26, 28, 30, 34, 40]) {
      const { status, stderr } = shell(`ulimit -n ${limit}; UNETC predict piped data/images/*.png -o masks-${limit}`);
      // Below some number Node itself does not start.
      if (status === 0 || /^node|FATAL|Assertion/m.test(stderr)) continue;
      refused++;
      expect(stderr, String(limit)).toContain('too many files are open');
      expect(stderr).toContain('ulimit -n');
    }
    expect(refused).toBeGreaterThan(0);
  });
});
