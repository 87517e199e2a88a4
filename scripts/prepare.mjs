// Makes a checkout ready to run, whatever was or was not done in it: packages, then the build. Needs Node and npm only.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs a command in the checkout with its output shown; ends this process if it fails. */
export function run(command, args, options = {}) {
  const shell = process.platform === 'win32' && command === 'npm';
  const { status, error, signal } = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell, ...options });
  if (error || status !== 0) {
    const reason = error ? error.message : signal ? `stopped by ${signal}` : `exit ${status}`;
    console.error(`\n'${[command === process.execPath ? 'node' : command, ...args].join(' ')}' failed: ${reason}`);
    process.exit(signal === 'SIGINT' ? 130 : status || 1);
  }
}

/** Whether `npm ci` has to run: nothing installed, or a lock file newer than what was installed. */
function needsInstall() {
  const installed = new URL('../node_modules/.package-lock.json', import.meta.url);
  if (!existsSync(installed)) return true;
  return statSync(new URL('../package-lock.json', import.meta.url)).mtimeMs > statSync(installed).mtimeMs;
}

function checkNode() {
  const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const [major, minor] = engines.node.match(/\d+/g).map(Number);
  const [haveMajor, haveMinor] = process.versions.node.split('.').map(Number);
  if (haveMajor < major || (haveMajor === major && haveMinor < minor)) {
    console.error(
      `unetc needs Node ${major}.${minor} or later, and this is Node ${process.versions.node}: https://nodejs.org`,
    );
    process.exit(1);
  }
}

/** Installs what is missing. */
export function install() {
  checkNode();
  if (needsInstall()) run('npm', ['ci']);
}

/** Installs what is missing and compiles to dist/. */
export async function prepare() {
  install();
  const { build } = await import('./build.mjs');
  await build();
}

/** The path of a package's command, run with node itself: no shell, no PATH. */
export function binary(packageName, name = packageName) {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve(`${packageName}/package.json`);
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8'));
  return fileURLToPath(new URL(typeof bin === 'string' ? bin : bin[name], `file://${manifest}`));
}
