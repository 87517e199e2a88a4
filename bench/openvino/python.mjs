// The side that is Python: bench/openvino/side.py, a process of its own, which answers line by line.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('side.py', import.meta.url));

/** Starts it: `about` says what it has. Throws with its own words if it can't. */
export async function startPython(python, args) {
  const child = spawn(python, [script, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  const failed = new Promise((_, reject) => child.once('error', reject));
  failed.catch(() => {});
  // A child that is gone answers no more, which `next` says; writing to it is no mistake of its own.
  child.stdin.on('error', () => {});
  let complaints = '';
  child.stderr.on('data', (text) => {
    complaints = `${complaints}${text}`.slice(-2000);
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await Promise.race([lines.next(), failed]);
    if (done) throw new Error(`${python} ended early:\n${complaints.trim()}`);
    return JSON.parse(value);
  };
  const ask = (question) => {
    child.stdin.write(`${JSON.stringify(question)}\n`);
    return next();
  };
  return {
    about: await next(),
    /** Seconds of one run. */
    run: async (name) => (await ask({ run: name })).seconds,
    quantize: (from, to) => ask({ quantize: from, to }),
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.once('exit', () => resolve());
        child.stdin.end();
      }),
  };
}
