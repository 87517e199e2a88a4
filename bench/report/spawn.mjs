// Runs another bench in a process of its own, for what it says with --json.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** @param path of its script, from bench/. Throws with the bench's own words if it says nothing. */
export function jsonOf(path, args) {
  const script = fileURLToPath(new URL(`../${path}`, import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, [script, ...args.map(String)], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  try {
    return JSON.parse(stdout);
  } catch {
    throw new Error(`${path}: ${stderr.trim().split('\n').slice(-3).join(' ')}`);
  }
}
