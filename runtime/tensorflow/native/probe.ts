import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import type { TensorFlowLibrary } from './locate.js';

export type Probe =
  | { readonly ok: true; readonly version: string; readonly devices: readonly string[]; readonly milliseconds: number }
  | { readonly ok: false; readonly reason: string };

/**
 * Loads the library in a process of its own, asks its version and opens a session for the list of devices: so a library
 * that ends its process, because the CPU lacks an instruction, say, is a finding and not our end.
 */
export async function probeTensorFlow(found: TensorFlowLibrary, timeout = 60_000): Promise<Probe> {
  const { answered, probe } = await attempt(found, timeout);
  // On a busy machine a thread that is still starting when the process ends may crash it; a library that always does, does again.
  return probe.ok || !answered ? probe : (await attempt(found, timeout)).probe;
}

function attempt(
  { library, preload }: TensorFlowLibrary,
  timeout: number,
): Promise<{ readonly answered: boolean; readonly probe: Probe }> {
  const koffi = createRequire(import.meta.url).resolve('koffi');
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['-e', script, JSON.stringify({ koffi, library, preload })], {
      env: { ...process.env, NODE_OPTIONS: '', TF_CPP_MIN_LOG_LEVEL: '3' },
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
    const say = (answered: boolean, probe: Probe): void => resolve({ answered, probe });
    child.on('error', (error) => say(false, { ok: false, reason: error.message }));
    child.on('close', (code, signal) => {
      const answer = parse(out);
      // An answer is no good of a library that crashes afterwards: so would a training that is done.
      const { ok } = answer;
      say(ok, signal || code !== 0 ? { ok: false, reason: ended(ok, code, signal, err) } : answer);
    });
  });
}

function ended(answered: boolean, code: number | null, signal: NodeJS.Signals | null, stderr: string): string {
  // TensorFlow's information and warnings: `I0000 00:00:…` and `2026-01-31 12:00:00.000000: I …`.
  const isNoise = (line: string): boolean =>
    line.trim() === '' || /^[IW]\d{4} |^[\d-]+ [\d:.]+: [IW] |^WARNING/.test(line);
  const last = stderr.split('\n').findLast((line) => !isNoise(line));
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

// Text, so that it runs the same from TypeScript, from dist/ and from the gathered command line.
const script = `
const { koffi: path, library, preload } = JSON.parse(process.argv[1]);
const answer = (value) => require('node:fs').writeSync(1, '\\n' + JSON.stringify(value));
try {
  const koffi = require(path);
  const start = performance.now();
  for (const file of preload) koffi.load(file, { global: true });
  const tf = koffi.load(library, { global: true });
  const version = tf.func('const char *TF_Version()')();
  const milliseconds = performance.now() - start;
  const status = tf.func('void *TF_NewStatus()')();
  const session = tf.func('void *TF_NewSession(void *, void *, void *)')(
    tf.func('void *TF_NewGraph()')(), tf.func('void *TF_NewSessionOptions()')(), status);
  if (tf.func('int TF_GetCode(void *)')(status) !== 0) throw new Error(tf.func('const char *TF_Message(void *)')(status));
  const list = tf.func('void *TF_SessionListDevices(void *, void *)')(session, status);
  const type = tf.func('const char *TF_DeviceListType(void *, int, void *)');
  const devices = [];
  for (let k = 0; k < tf.func('int TF_DeviceListCount(void *)')(list); k++) devices.push(type(list, k, status).toLowerCase());
  answer({ ok: true, version, devices, milliseconds });
  setTimeout(() => {}, 100);
} catch (error) {
  answer({ ok: false, reason: 'it does not load: ' + error.message.split('\\n')[0] });
}
`;
