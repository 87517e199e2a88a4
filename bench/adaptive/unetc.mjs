// The command line, as a user runs it.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const launcher = fileURLToPath(new URL('../../cli/unetc.mjs', import.meta.url));

/** Runs a command with --json and answers its document. Throws what it says where it fails. */
export function unetc(...argv) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [launcher, ...argv, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (text) => (out += text));
    child.stderr.on('data', (text) => (err += text));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(JSON.parse(out)) : reject(new Error(`unetc ${argv.join(' ')}: ${err}`)),
    );
  });
}
