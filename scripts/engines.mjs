// Brings the native libraries for the tests of the engines tensorflow and openvino, as `unetc engine install` does, once a machine.
// Always ends well: where one can't be had, one line says why, and those tests are skipped.
//
// pip fetches the wheels where there is a pip: it knows this machine's proxies, mirrors and certificates. unetc fetches them
// itself where there is none.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './prepare.mjs';

const answer = (command, args, options = {}) => spawnSync(command, args, { encoding: 'utf8', cwd: root, ...options });

function unetc(...args) {
  const { stdout, stderr } = answer(process.execPath, ['cli/unetc.mjs', 'engine', ...args, '--json']);
  try {
    return JSON.parse(stdout);
  } catch {
    return { error: { message: lastLine(stderr) || 'unetc gave no answer' } };
  }
}

const lastLine = (text) => text?.trim().split('\n').at(-1)?.trim() ?? '';

function install(name) {
  const { engines, installable, error } = unetc('list');
  if (error) return { error };
  if (engines.some((engine) => engine.name === name && engine.available)) return {};
  const wheels = installable.find((build) => build.engine === name && build.kind === 'cpu')?.wheels;
  const hasPip = answer('pip', ['--version']).status === 0;
  if (!wheels || !hasPip) return unetc('install', name);
  const folder = mkdtempSync(join(tmpdir(), 'unetc-wheels-'));
  try {
    for (const { pip } of wheels) {
      const [command, ...args] = pip.split(' ');
      const { status, stderr } = answer(command, [...args, '--quiet', '--dest', folder]);
      if (status !== 0) return { error: { message: lastLine(stderr) || 'pip download failed' } };
    }
    return unetc('install', name, '--wheel', folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const [name, title] of [
  ['tensorflow', 'TensorFlow'],
  ['openvino', 'OpenVINO'],
]) {
  const { error } = install(name);
  console.log(error ? `no ${title}, so tests that need it are skipped: ${error.message}` : `${title} is there`);
}
