import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { safeEnvironment } from './environment.js';
import type { Located } from './library.js';

export type Probe =
  | { readonly ok: true; readonly version: string; readonly devices: readonly string[]; readonly milliseconds: number }
  | { readonly ok: false; readonly reason: string };

export interface Question {
  /**
   * JavaScript that asks the loaded `library` of `koffi` what it can do, and answers an object of `version` and `devices`.
   * Text, so that it runs the same from TypeScript, from dist/ and from the gathered command line.
   */
  readonly script: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Whether the library is loaded with its symbols visible to those that follow. */
  readonly global?: boolean;
  /** What it prints that says nothing of why it ended. */
  readonly noise?: RegExp;
  /** Milliseconds that it may take. */
  readonly timeout?: number;
}

/**
 * Loads a library in a process of its own and asks it: so a library that ends its process, because the CPU lacks an
 * instruction, say, is a finding and not our end.
 */
export async function probe(found: Located, question: Question): Promise<Probe> {
  const { answered, answer } = await attempt(found, question);
  // On a busy machine a thread that is still starting when the process ends may crash it; a library that always does, does again.
  return answer.ok || !answered ? answer : (await attempt(found, question)).answer;
}

interface Attempt {
  readonly answered: boolean;
  readonly answer: Probe;
}

function attempt({ library, preload }: Located, question: Question): Promise<Attempt> {
  const { script, env, global = false, timeout = 60_000 } = question;
  const koffi = createRequire(import.meta.url).resolve('koffi');
  return new Promise((resolve) => {
    const told = JSON.stringify({ koffi, library, preload, global });
    const child = spawn(process.execPath, ['-e', around(script), told], {
      // Not the user's folder: a library that looks for others by a relative path finds its own.
      cwd: dirname(library),
      env: { ...safeEnvironment(process.env), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout,
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err = (err + chunk).slice(-4000);
    });
    const say = (answered: boolean, answer: Probe): void => resolve({ answered, answer });
    child.on('error', (error) => say(false, { ok: false, reason: error.message }));
    child.on('close', (code, signal) => {
      const answer = parse(out);
      // An answer is no good of a library that crashes afterwards: so would a training that is done.
      const { ok } = answer;
      const failed = signal || code !== 0;
      say(ok, failed ? { ok: false, reason: ended(ok, code, signal, lastWords(err, question)) } : answer);
    });
  });
}

const lastWords = (stderr: string, { noise }: Question): string | undefined =>
  stderr.split('\n').findLast((line) => line.trim() !== '' && !noise?.test(line));

function ended(answered: boolean, code: number | null, signal: NodeJS.Signals | null, last?: string): string {
  const end = signal ?? `exit ${code}`;
  const how =
    signal === 'SIGTERM'
      ? 'it did not answer in time'
      : answered
        ? `it works, but a process that has loaded it crashes when it ends (${end})`
        : `loading it ended the process (${end})`;
  return last ? `${how}: ${last.trim()}` : how;
}

function parse(out: string): Probe {
  try {
    return JSON.parse(out.slice(out.lastIndexOf('\n{') + 1)) as Probe;
  } catch {
    return { ok: false, reason: 'it gave no answer' };
  }
}

const around = (script: string): string => `
const told = JSON.parse(process.argv[1]);
const answer = (value) => require('node:fs').writeSync(1, '\\n' + JSON.stringify(value));
try {
  const koffi = require(told.koffi);
  const start = performance.now();
  for (const file of told.preload) koffi.load(file, { global: told.global });
  const library = koffi.load(told.library, { global: told.global });
  const ask = () => {${script}};
  answer({ ok: true, ...ask(), milliseconds: performance.now() - start });
  setTimeout(() => {}, 100);
} catch (error) {
  answer({ ok: false, reason: 'it does not load: ' + error.message.split('\\n')[0] });
}
`;
