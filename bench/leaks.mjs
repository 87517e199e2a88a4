#!/usr/bin/env node
// Whether training and prediction in TensorFlow keep memory that they should give back:
//
//   npm run build && node bench/leaks.mjs [--steps 1000] [--precision fp32|bf16] [--epochs] [--json]
//
// A small UNet++ takes the steps. With --epochs every hundredth is followed by a snapshot, a restore and a prediction in a
// session of its own. After each step the tensors that are alive are counted (made by us or answered by a session, less those deleted), and every
// tenth, after a collection of garbage, the process's resident memory. A line is fitted to the last four fifths; the
// exit code is 1 if it climbs by more than 1 % of the memory over them, by more than its own uncertainty, or a tensor stays.
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { initialState, initialWeights } from '../dist/compiler/6-build/initialize.js';
import { deploy, load, trainingPlan } from '../dist/compiler/index.js';
import { tensorFlow } from '../dist/runtime/engines/tensorflow/library.js';
import { createPredictor } from '../dist/runtime/engines/tensorflow/predictor.js';
import { createTrainer } from '../dist/runtime/engines/tensorflow/trainer.js';
import { specOf } from './step/networks.mjs';

const { values: options } = parseArgs({
  options: {
    steps: { type: 'string', default: '1000' },
    precision: { type: 'string', default: 'fp32' },
    epochs: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const steps = Number(options.steps);
const [batch, size] = [2, 32];
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

/** The C API with a count of the tensors that somebody has to delete. */
function counted(api) {
  const live = { tensors: 0 };
  return {
    live,
    api: {
      ...api,
      newTensor: (...args) => {
        live.tensors++;
        return api.newTensor(...args);
      },
      run: async (session, inputs, given, outputs, found, status) => {
        await api.run(session, inputs, given, outputs, found, status);
        live.tensors += found.reduce((n, tensor) => n + Number(tensor !== 0n), 0);
      },
      deleteTensor: (tensor) => {
        live.tensors--;
        api.deleteTensor(tensor);
      },
    },
  };
}

/** y = a + slope x by least squares, and how uncertain the slope is (its standard error). */
function fitted(points) {
  const mean = (of) => points.reduce((sum, p) => sum + of(p), 0) / points.length;
  const [x0, y0] = [mean((p) => p.x), mean((p) => p.y)];
  const spread = points.reduce((sum, { x }) => sum + (x - x0) ** 2, 0);
  const slope = points.reduce((sum, { x, y }) => sum + (x - x0) * (y - y0), 0) / spread;
  const rest = points.reduce((sum, { x, y }) => sum + (y - y0 - slope * (x - x0)) ** 2, 0);
  return { slope, error: Math.sqrt(rest / (points.length - 2) / spread), mean: y0 };
}

const network = { family: 'unetpp', width: [4, 8, 12], up: 'deconv', size, batch };
const compiled = load(...specOf(network));
const plan = trainingPlan(compiled.network, compiled.recipe, { batch, size: [size, size] });
const state = initialState(plan, 0);
const { api, live } = counted(await tensorFlow());
const engine = { device: 'cpu', precision: options.precision };
const trainer = await createTrainer(api, engine, plan, state);
const graph = deploy(compiled.network);
const weights = initialWeights(graph.params, 0);
const image = Float32Array.from({ length: batch * 3 * size * size }, (_, k) => Math.sin(k * 12.9898) * 1.5);
const target = Float32Array.from({ length: batch * size * size }, (_, k) => Number(Math.sin(k * 78.233) > 0));

const memory = [];
const tensors = [];
for (let step = 1; step <= steps; step++) {
  await trainer.step({ image, target, lr: 1e-3, step, seed: step });
  if (options.epochs && step % 100 === 0) {
    await trainer.restore(await trainer.snapshot());
    const predictor = await createPredictor(api, engine, graph, weights);
    await predictor.run({ data: image, shape: [batch, 3, size, size] });
    await predictor.dispose();
  }
  tensors.push(live.tensors);
  if (step % 10 === 0) {
    collect();
    memory.push({ x: step, y: process.memoryUsage().rss });
  }
}
await trainer.dispose();

const settled = memory.filter(({ x }) => x > steps / 5);
const { slope, error, mean } = fitted(settled);
const growth = slope * (steps * 0.8);
const result = {
  steps,
  precision: options.precision,
  residentMb: mean / 1e6,
  firstMb: memory[0].y / 1e6,
  bytesAStep: slope,
  uncertainty: error,
  growthShare: growth / mean,
  liveTensors: Math.max(...tensors) - tensors[0],
};
const leaks = result.liveTensors > 0 || (result.growthShare > 0.01 && slope > 3 * error);
if (options.json) console.log(JSON.stringify({ ...result, leaks }));
else {
  const share = `${(100 * result.growthShare).toFixed(2)} %`;
  console.log(
    `${steps} steps (${options.precision}): ${result.firstMb.toFixed(0)} MB after the first ten, ${result.residentMb.toFixed(0)} MB on ` +
      `average later; ${slope.toFixed(0)} +- ${error.toFixed(0)} bytes a step, ${share} in all; ` +
      `tensors alive between steps: ${tensors[0]}, ${result.liveTensors} more at most. ${leaks ? 'It leaks.' : 'Flat.'}`,
  );
}
if (leaks) process.exitCode = 1;
