// Opens in tfjs-node what export-saved-models.mjs wrote: the serving signature of every model at two sizes against
// ONNX Runtime, and restore, ten steps and snapshot of every training step against our engine's losses.
//   node test/parity/tfjs-node.mjs DIR FOLDER
// FOLDER has @tensorflow/tfjs-node 4.22.0 under node_modules, with a native addon that loads there.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { stream } from '../../dist/compiler/random.js';
import { ort } from '../../dist/runtime/engines/onnxruntime/index.js';

const [folder, packages] = process.argv.slice(2);
if (!packages) throw new Error('name the folder of models, and one with tfjs-node');
const tf = createRequire(`${resolve(packages)}/`)('@tensorflow/tfjs-node');
const cases = JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8'));
const floats = (path) => {
  const bytes = readFileSync(join(folder, path));
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4).slice();
};
const channelsLast = (t) => tf.transpose(t, [0, ...t.shape.slice(2).map((_, k) => k + 2), 1]);
const product = (shape) => shape.reduce((a, b) => a * b, 1);
const memory = () => process.memoryUsage().rss / 1e6;

async function checkModel({ name, channels, space }) {
  const loading = performance.now();
  const model = await tf.node.loadSavedModel(join(folder, name));
  const loaded = performance.now() - loading;
  const onnx = await ort.open(readFileSync(join(folder, `${name}.onnx`)));
  const random = stream(5, 'tfjs');
  let worst = 0;
  for (const shape of [
    [1, channels, ...space],
    [3, channels, ...space.map((s, k) => (k === 0 ? 2 * s : s))],
  ]) {
    const data = Float32Array.from({ length: product(shape) }, () => random.uniform(0, 1));
    const due = await onnx.run({ data, shape });
    const answer = tf.tidy(() =>
      model.predict({ [Object.keys(model.signature.inputs)[0]]: channelsLast(tf.tensor(data, shape)) }),
    );
    // One output comes bare or named, several by name.
    const named = answer instanceof tf.Tensor ? { [[...due.keys()][0]]: answer } : answer;
    for (const [output, { data: expected }] of due) {
      const t = named[output];
      const found = tf.transpose(t, [0, t.rank - 1, ...Array.from({ length: t.rank - 2 }, (_, k) => k + 1)]);
      for (const [k, v] of (await found.data()).entries()) worst = Math.max(worst, Math.abs(v - expected[k]));
      tf.dispose([t, found]);
    }
  }
  await onnx.dispose();
  model.dispose();
  return { worst, loaded };
}

/** An arena as `unetc.filters` says: of a filter [O, I, ...kernel], [...kernel, I, O] lies there. */
function reordered(vector, slots) {
  const out = vector.slice();
  for (const { offset, length, shape } of slots) {
    if (shape.length < 3) continue;
    const order = [...shape.slice(2).map((_, k) => k + 2), 1, 0];
    out.set(
      tf.tidy(() => tf.transpose(tf.tensor(vector.slice(offset, offset + length), shape), order).dataSync()),
      offset,
    );
  }
  return out;
}

/** What check_saved_models.py compares, for its reason: all but biases, of which rounding may decide. */
const withoutBiases = (vector, slots) =>
  slots
    .filter(({ path, shape }) => shape.length > 1 || path.includes('norm'))
    .flatMap(({ offset, length }) => [...vector.subarray(offset, offset + length)]);

async function checkStep({ name, image, target, lr, vectors, losses }) {
  const { slots } = JSON.parse(JSON.parse(readFileSync(join(folder, name, 'unetc.json'), 'utf8'))['unetc.parameters']);
  const before = performance.now();
  const signature = (key) => tf.node.loadSavedModel(join(folder, name), ['serve'], key);
  const [restore, step, snapshot] = [await signature('restore'), await signature('step'), await signature('snapshot')];
  const loaded = performance.now() - before;
  const state = {};
  for (const key of vectors) {
    const vector = floats(`${name}.${key}.bin`);
    if (key in restore.signature.inputs)
      state[key] = tf.tensor(key === 'statistics' ? vector : reordered(vector, slots));
  }
  tf.dispose(restore.predict(state));
  tf.dispose(state);
  const batch = {
    image: tf.tidy(() => channelsLast(tf.tensor(floats(`${name}.image.bin`), image))),
    target: tf.tidy(() => channelsLast(tf.tensor(floats(`${name}.target.bin`), target))),
  };
  let worst = 0;
  const times = [];
  for (const [k, due] of losses.entries()) {
    const from = performance.now();
    const scalars = { lr: tf.scalar(lr), step: tf.scalar(k + 1) };
    if ('seed' in step.signature.inputs) scalars.seed = tf.scalar(k + 1, 'int32');
    const answer = step.predict({ ...batch, ...scalars });
    const [loss] = await answer.loss.data();
    times.push(performance.now() - from);
    worst = Math.max(worst, Math.abs(loss - due));
    tf.dispose([answer, scalars]);
  }
  const state10 = snapshot.predict({});
  const found = withoutBiases(await state10.parameters.data(), slots);
  const due = withoutBiases(reordered(floats(`${name}.after.bin`), slots), slots);
  const parameters = Math.hypot(...found.map((v, k) => v - due[k])) / Math.hypot(...due);
  tf.dispose([state10, batch]);
  for (const model of [restore, step, snapshot]) model.dispose();
  return { worst, parameters, loaded, first: times[0], median: times.slice(1).sort((a, b) => a - b)[4] };
}

let failed = false;
let worst = 0;
for (const entry of cases.models) {
  try {
    const result = await checkModel(entry);
    worst = Math.max(worst, result.worst);
    if (result.worst > 1e-5) throw new Error(`off by ${result.worst}`);
  } catch (error) {
    failed = true;
    console.log(`${entry.name}: ${error.message.split('\n')[0]}`);
  }
}
console.log(
  `tfjs-node ${tf.version['tfjs-node']}, ${cases.models.length} models: at most ${worst.toExponential(1)} off ONNX Runtime's`,
);
for (const entry of cases.steps) {
  try {
    const r = await checkStep(entry);
    const [loss, parameters] = [r.worst, r.parameters].map((v) => v.toExponential(1));
    const ms = [r.loaded, r.first, r.median].map((v) => Math.round(v));
    console.log(
      `${entry.name}: ten losses at most ${loss} off, parameters after them ${parameters}; loaded in ${ms[0]} ms, ` +
        `first step ${ms[1]} ms, then ${ms[2]} ms; RSS ${Math.round(memory())} MB, ${tf.memory().numTensors} tensors`,
    );
    if (r.worst > 1e-5 || r.parameters > 1e-5) throw new Error('too far off');
  } catch (error) {
    failed = true;
    console.log(`${entry.name}: ${error.message.split('\n')[0]}`);
  }
}
process.exitCode = failed ? 1 : 0;
