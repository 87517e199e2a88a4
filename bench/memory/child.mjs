// One engine, one graph, one process: what its resident memory grows by. Started by bench/memory.mjs --measure; answers a JSON line.
// Arguments: engine (ort, tfjs), purpose (predict, train), spec, edge, batch, share of the planned peak that training recomputes down to.
import { readFileSync, writeFileSync } from 'node:fs';
import { countMacs, executionPlan, recompute } from '../../dist/compiler/index.js';
import { ort } from '../../dist/runtime/engines/onnxruntime/index.js';
import { tensorflow } from '../../dist/runtime/engines/tensorflow/index.js';
import { runnablePrediction, runnableStep } from '../../dist/runtime/profiling/calibrate/measure.js';
import { loadPreset } from './networks.mjs';

const [name, purpose, spec, edge, batch, share = '1'] = process.argv.slice(2);
const engine = name === 'ort' ? ort : tensorflow();

/** Bytes resident now, and at the most since `forget`. */
function resident() {
  const status = readFileSync('/proc/self/status', 'utf8');
  const of = (key) => 1024 * Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)[1]);
  return { now: of('VmRSS'), peak: of('VmHWM') };
}
/** Linux forgets the peak so far. */
const forget = () => writeFileSync('/proc/self/clear_refs', '5');

/** Less than the share that the plain step needs. */
function smaller(plan) {
  if (share === '1') return plan;
  const most = Number(share) * executionPlan(plan.graph).peakBytes;
  const found = recompute(plan.graph, (graph) => executionPlan(graph).peakBytes <= most);
  if (!found) throw new Error(`no step needs ${share} of what the plain one does`);
  extraMacs = found.extraMacs / countMacs(plan.graph);
  planned = executionPlan(found.graph).peakBytes;
  return { ...plan, graph: found.graph };
}
let extraMacs = 0;
let planned = 0;

const runnable = ({ network, recipe, sizes, size }) =>
  purpose === 'train'
    ? runnableStep(network, recipe, engine, Number(batch), size, smaller)
    : runnablePrediction(network, engine, sizes);

// A network of a few kilobytes first: the library, its threads and its code are not what is asked for.
const first = loadPreset('starter', 16, 1);
const small = await (purpose === 'train'
  ? runnableStep(first.network, first.recipe, engine, 1, first.size)
  : runnablePrediction(first.network, engine, first.sizes));
for (let k = 0; k < 3; k++) await small.run();
await small.dispose();
globalThis.gc();
const before = resident().now;

const main = await runnable(loadPreset(spec, Number(edge), Number(batch)));
globalThis.gc();
const loaded = resident().now;
forget();
const steps = [];
const times = [];
for (let k = 0; k < 4; k++) {
  const started = performance.now();
  await main.run();
  times.push(performance.now() - started);
  globalThis.gc();
  steps.push(resident().peak - before);
}
console.log(
  JSON.stringify({ before, loaded: loaded - before, steps, peak: Math.max(...steps), times, extraMacs, planned }),
);
process.exit(0);
