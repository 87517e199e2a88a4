// Kills a training run with SIGKILL at random moments, resumes it each time, and compares what is left with a run that was
// never touched: metrics.jsonl (without `seconds`) and the weights have to be identical.
//   npm run build && node bench/kill-resume.mjs [--kills 5] [--epochs 4] [--seed N] [--engine ort|tfjs] [--precision fp32|bf16]
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { stream } from '../dist/compiler/random.js';
import { generateNuclei } from '../dist/runtime/data/generate/nuclei.js';

const { values: options } = parseArgs({
  options: {
    kills: { type: 'string', default: '5' },
    epochs: { type: 'string', default: '4' },
    seed: { type: 'string', default: String(Date.now() % 1e6) },
    engine: { type: 'string', default: 'ort' },
    precision: { type: 'string', default: 'fp32' },
  },
});
const launcher = fileURLToPath(new URL('../cli/unetc.mjs', import.meta.url));
const spec = fileURLToPath(new URL('../specs/demo.unet', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'unetc-kill-'));
const data = join(folder, 'data');
const command = (run, ...more) => [
  launcher,
  'train',
  spec,
  '--data',
  data,
  '--out',
  join(folder, run),
  '--epochs',
  options.epochs,
  '--engine',
  options.engine,
  '--precision',
  options.precision,
  ...more,
];
const records = (run) => readFileSync(join(folder, run, 'metrics.jsonl'), 'utf8').replace(/"seconds":[0-9.e-]+/g, '');
/** The tensors of a checkpoint, behind its header. */
const tensors = (run) => {
  const bytes = readFileSync(join(folder, run, 'last.safetensors'));
  return createHash('sha256')
    .update(bytes.subarray(8 + Number(bytes.readBigUInt64LE())))
    .digest('hex');
};

await generateNuclei(data, { count: 48, size: 96, seed: 5 });
const started = performance.now();
const whole = spawnSync(process.execPath, command('whole'), { encoding: 'utf8' });
if (whole.status !== 0) throw new Error(whole.stderr);
const alone = performance.now() - started;

const random = stream(Number(options.seed), 'kills');
let kills = 0;
for (; kills < Number(options.kills); kills++) {
  const child = spawn(process.execPath, command('killed', ...(kills === 0 ? [] : ['--resume'])), { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ?? code)));
  const after = Math.round((random.uniform(0.4, 1.1) * alone) / Number(options.kills));
  await Promise.race([pause(after), ended]);
  child.kill('SIGKILL');
  const how = await ended;
  console.log(`kill ${kills + 1} after ${after} ms: ${how}`);
  if (how === 0) break;
}
const rest = spawnSync(process.execPath, command('killed', '--resume'), { encoding: 'utf8' });
if (rest.status !== 0) throw new Error(rest.stderr);
const same = records('whole') === records('killed') && tensors('whole') === tensors('killed');
console.log(
  `${options.engine} ${options.precision}, ${kills} kills, seed ${options.seed}: metrics.jsonl and weights ${same ? 'identical' : 'DIFFER'} (${tensors('killed').slice(0, 16)})`,
);
rmSync(folder, { recursive: true, force: true });
process.exitCode = same ? 0 : 1;
