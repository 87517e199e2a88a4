import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { main } from '../../cli/main.js';

// `auto` takes a TensorFlow or an OpenVINO where one is installed. What these tests are about holds for any engine, and is quickest with the
// one that is always there.
process.env.UNETC_CACHE = join(tmpdir(), 'unetc-no-engines');
delete process.env.UNETC_TENSORFLOW;
delete process.env.UNETC_OPENVINO;

export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line in this process, as a pipe would see it: no terminal, no colour, nothing on stdin. */
export const unetc = (...argv: readonly string[]): Promise<Ran> => unetcReading('', ...argv);

/** The same with a text on stdin. */
export async function unetcReading(input: string, ...argv: readonly string[]): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  const exit = await main(argv, {
    out: (text) => {
      stdout += text;
    },
    err: (text) => {
      stderr += text;
    },
    terminal: false,
    color: false,
    links: false,
    input: async () => input,
    interruption: () => new AbortController().signal,
  });
  return { exit, stdout, stderr };
}

/** Runs a command with --json, which must answer one document and exit 0. */
export async function json<T = Record<string, unknown>>(...argv: readonly string[]): Promise<T> {
  const { exit, stdout, stderr } = await unetc(...argv, '--json');
  expect(exit, stderr).toBe(0);
  return JSON.parse(stdout) as T;
}

/** The tests of a file run in a folder of their own, which `fill` fills; it is removed after them. */
export function inFolder(name: string, fill: () => Promise<void>): void {
  const home = process.cwd();
  let folder = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), `unetc-${name}-`));
    process.chdir(folder);
    await fill();
  });
  afterAll(() => {
    process.chdir(home);
    rmSync(folder, { recursive: true, force: true });
  });
}
