// How closely the TensorFlow engine follows ONNX Runtime on real data: the same seed, the same batches, loss by loss.
//   npm run build && node bench/follow.mjs --data DIR [--spec specs/unetpp-nuclei.unet] [--steps 50] [--seeds 0,1,2]
// Prints the largest relative difference of a step's loss, for each precision, and that of the mean over the last ten steps; first
// how far ONNX Runtime parts from itself when every weight is moved by the last bit or not at all, which is what rounding alone does.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { initialState } from '../dist/compiler/6-build/initialize.js';
import { load, trainingPlan } from '../dist/compiler/index.js';
import { Batches, openFolder } from '../dist/runtime/data/index.js';
import { ort } from '../dist/runtime/engines/onnxruntime/index.js';
import { tensorflow } from '../dist/runtime/engines/tensorflow/index.js';
import { dataFormat } from '../dist/runtime/run/task.js';
import { learningRate } from '../dist/runtime/training/lr-schedule.js';

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    spec: { type: 'string', default: fileURLToPath(new URL('../specs/unetpp-nuclei.unet', import.meta.url)) },
    steps: { type: 'string', default: '50' },
    seeds: { type: 'string', default: '0,1,2' },
  },
});
const { network, recipe } = load(readFileSync(options.spec, 'utf8'));
const dataset = await openFolder(options.data, dataFormat(network, recipe));
const plan = trainingPlan(network, recipe, { batch: recipe.batch, size: recipe.resize });

/** The weights, those at odd places moved by about one unit in the last place. */
const nudged = (state) => ({
  ...state,
  parameters: state.parameters.map((w, k) => (k % 2 === 0 ? w : w * (1 + 2 ** -23))),
});

async function losses(engine, seed, change = (state) => state) {
  const batches = new Batches(dataset, { ...recipe, seed }, { size: recipe.resize });
  const trainer = await engine.trainer(plan, change(initialState(plan, seed)));
  const found = [];
  for (let epoch = 1; found.length < Number(options.steps); epoch++) {
    for await (const { image, target } of batches.epoch(epoch)) {
      const step = found.length + 1;
      const total = recipe.epochs * batches.perEpoch;
      const at = { step: step - 1, total, stepsPerEpoch: batches.perEpoch };
      const lr = learningRate(recipe.schedule, recipe.optimizer.lr, at);
      found.push((await trainer.step({ image, target, lr, step, seed: step })).loss);
      if (found.length === Number(options.steps)) break;
    }
  }
  await trainer.dispose();
  return found;
}

const apart = (a, b) => Math.max(...a.map((loss, k) => Math.abs(loss / b[k] - 1)));
const tail = (list) => list.slice(-10).reduce((a, b) => a + b, 0) / 10;
for (const seed of options.seeds.split(',').map(Number)) {
  const reference = await losses(ort, seed);
  const others = [
    ['the last bit', ort, nudged],
    ['fp32', tensorflow({ precision: 'fp32' })],
    ['bf16', tensorflow({ precision: 'bf16' })],
  ];
  for (const [what, engine, change] of others) {
    const found = await losses(engine, seed, change);
    const worst = apart(found, reference).toExponential(1);
    const mean = Math.abs(tail(found) / tail(reference) - 1).toExponential(1);
    console.log(
      `seed ${seed}, ${what}: ${found.length} steps, loss ${found[0].toFixed(4)} to ${found.at(-1).toFixed(4)}, at most ${worst} apart, the last ten's mean ${mean}`,
    );
  }
}
process.exit(0);
