// One training step of ours, driven line by line so that another process can take turns with it; torch/step.py speaks the
// same way. `node bench/step/ours.mjs ENGINE PRECISION NETWORK`, the network as JSON (networks.mjs). It writes one line of
// JSON when ready, or with its error; then for each line `step` the seconds, loss and peak memory in GB of one step.
import { createInterface } from 'node:readline';
import { initialState } from '../../dist/compiler/6-build/initialize.js';
import { load, trainingPlan } from '../../dist/compiler/index.js';
import { ort } from '../../dist/runtime/engines/onnxruntime/index.js';
import { tensorflow } from '../../dist/runtime/engines/tensorflow/index.js';
import { collectGarbage } from '../../dist/runtime/support/garbage.js';
import { specOf } from './networks.mjs';

const [name, precision, given] = process.argv.slice(2);
const say = (fields) => console.log(JSON.stringify(fields));

async function start() {
  const network = JSON.parse(given);
  const { size, batch } = network;
  const engine = name === 'ort' ? ort : tensorflow({ precision });
  const { available, reason } = await engine.status();
  if (!available) throw new Error(reason);
  const compiled = load(...specOf(network));
  if (!compiled.network) throw new Error(compiled.diagnostics.map((d) => d.message).join('\n'));
  const started = performance.now();
  const plan = trainingPlan(compiled.network, compiled.recipe, { batch, size: [size, size] });
  const trainer = await engine.trainer(plan, initialState(plan, 0));
  // As a run does.
  collectGarbage();
  const prepared = (performance.now() - started) / 1000;
  const image = Float32Array.from({ length: batch * 3 * size * size }, (_, k) => Math.sin(k * 12.9898) * 1.5);
  const target = Float32Array.from({ length: batch * size * size }, (_, k) => Number(Math.sin(k * 78.233) > 0));
  say({ ready: true, engine: engine.name, precision, parameters: plan.parameters.length, prepared });
  return (step) => trainer.step({ image, target, lr: 1e-3, step, seed: step });
}

try {
  const step = await start();
  let count = 0;
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'quit') break;
    if (line !== 'step') continue;
    const from = performance.now();
    const { loss } = await step(++count);
    const seconds = (performance.now() - from) / 1000;
    say({ seconds, loss, peak_gb: process.resourceUsage().maxRSS / 1e6 });
  }
  process.exit(0);
} catch (error) {
  say({ error: error instanceof Error ? error.message : String(error) });
  process.exit(1);
}
