// Is training the same to the last bit from run to run? Trains a small UNet++ from one state over the same batches again and again, with
// other trainings beside it (what an engine leaves to chance shows under load), and counts the different states that it ends in.
//   npm run build && node bench/repeat.mjs [--trials 60] [--steps 2] [--beside 1] [--engine ort|tfjs] [--precision fp32|bf16]
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { initialState } from '../dist/compiler/6-build/initialize.js';
import { load, trainingPlan } from '../dist/compiler/index.js';
import { ort } from '../dist/runtime/engines/onnxruntime/index.js';
import { tensorflow } from '../dist/runtime/engines/tensorflow/index.js';
import { networkOf, specOf } from './step/networks.mjs';

const { values: options } = parseArgs({
  options: {
    trials: { type: 'string', default: '60' },
    steps: { type: 'string', default: '2' },
    beside: { type: 'string', default: '1' },
    engine: { type: 'string', default: 'tfjs' },
    precision: { type: 'string', default: 'fp32' },
  },
});
const [trials, steps, beside] = [options.trials, options.steps, options.beside].map(Number);
const engine = options.engine === 'ort' ? ort : tensorflow({ precision: options.precision });
const network = networkOf('unetpp-96', { batch: 4, size: 64 });
const { size, batch } = network;
const compiled = load(...specOf(network));
const plan = trainingPlan(compiled.network, compiled.recipe, { batch, size: [size, size] });

async function finalState() {
  const trainer = await engine.trainer(plan, initialState(plan, 0));
  const image = Float32Array.from({ length: batch * 3 * size * size }, (_, k) => Math.sin(k * 12.9898) * 1.5);
  const target = Float32Array.from({ length: batch * size * size }, (_, k) => Number(Math.sin(k * 78.233) > 0));
  for (let step = 1; step <= steps; step++) await trainer.step({ image, target, lr: 1e-3, step, seed: step });
  const { parameters, statistics } = await trainer.snapshot();
  await trainer.dispose();
  return createHash('sha256').update(parameters).update(statistics).digest('hex').slice(0, 12);
}

const forever = String(Number.MAX_SAFE_INTEGER);
const same = ['--engine', options.engine, '--precision', options.precision, '--beside', '0', '--trials', forever];
const others = Array.from({ length: beside }, () =>
  spawn(process.execPath, [fileURLToPath(import.meta.url), ...same], { stdio: 'ignore' }),
);
const seen = new Map();
for (let trial = 0; trial < trials; trial++) {
  const state = await finalState();
  seen.set(state, (seen.get(state) ?? 0) + 1);
}
for (const other of others) other.kill();
const counts = [...seen.values()].sort((a, b) => b - a);
console.log(
  `${options.engine} ${options.precision}, ${steps} steps, ${beside} beside: ${trials} trials end in ${counts.length === 1 ? 'one state' : `${counts.length} states (${counts.join(', ')})`}`,
);
process.exit(counts.length === 1 ? 0 : 1);
