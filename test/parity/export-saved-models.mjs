// Writes what `unetc build` makes of every preset for check_saved_models.py and tfjs-node.mjs to open elsewhere: each level
// and mode as a SavedModel and as ONNX with the same weights, and a training step as a SavedModel with ten losses of ours:
//   npm run build && node test/parity/export-saved-models.mjs DIR [PRESET ...]
//   pip install -r test/parity/gradients/requirements-tensorflow.txt onnxruntime==1.32.0
//   python test/parity/check_saved_models.py DIR
//   node test/parity/tfjs-node.mjs DIR FOLDER_WITH_TFJS_NODE
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from '../../dist/cli/commands/build.js';
import { initialState } from '../../dist/compiler/6-build/initialize.js';
import { load, trainingPlan } from '../../dist/compiler/index.js';
import { stream } from '../../dist/compiler/random.js';
import { tensorflow } from '../../dist/runtime/engines/tensorflow/index.js';

const [out, ...named] = process.argv.slice(2);
if (!out) throw new Error('name a folder to write to');
mkdirSync(out, { recursive: true });
const specs = fileURLToPath(new URL('../../specs/', import.meta.url));
const all = readdirSync(specs).flatMap((name) => (name.endsWith('.unet') ? [name.replace('.unet', '')] : []));
const recordings = fileURLToPath(new URL('recorded/gradients/', import.meta.url));

/** The small widths that gradients are recorded at, and the shape of the batch there. */
function smallOf(preset) {
  const bytes = readFileSync(join(recordings, `${preset}.torch.safetensors`));
  const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE())).toString());
  const { settings, image } = header.__metadata__;
  return { set: JSON.parse(settings), image: JSON.parse(image) };
}

const quiet = {
  out: () => {},
  err: () => {},
  terminal: false,
  color: false,
  interruption: () => new AbortController().signal,
};
const bytes = (data) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
const numbers = (seed, length, of) => {
  const random = stream(seed, 'check');
  return Float32Array.from({ length }, () => of(random.uniform(0, 1)));
};
const count = (shape) => shape.reduce((a, b) => a * b, 1);

const models = [];
const steps = [];
for (const preset of named.length > 0 ? named : all) {
  const file = `${specs}${preset}.unet`;
  const { set, image } = smallOf(preset);
  const given = { set: Object.entries(set).map(([name, value]) => `${name}=${value}`), seed: '7' };
  const { network, recipe, diagnostics } = load(readFileSync(file, 'utf8'), { set });
  if (!network) throw new Error(diagnostics.map((d) => d.message).join('\n'));
  for (const level of network.levels) {
    for (const mode of [...network.modes, 'all']) {
      const name = `${preset}-L${level}-${mode}`;
      const options = { ...given, prune: `L${level}`, mode };
      await build(file, { ...options, target: 'tf', out: join(out, name) }, quiet);
      await build(file, { ...options, target: 'onnx', out: join(out, `${name}.onnx`) }, quiet);
      models.push({ name, channels: image[1], space: image.slice(2) });
    }
  }

  const name = `${preset}-train`;
  const [batch, , ...space] = image;
  const at = { size: space.join('x'), batch: `${batch}` };
  await build(file, { set: given.set, ...at, target: 'tf-train', out: join(out, name) }, quiet);
  const plan = trainingPlan(network, recipe, { batch, size: space });
  const state = initialState(plan, 0);
  const x = numbers(1, count(plan.imageShape), (u) => u);
  const y = numbers(2, count(plan.targetShape), (u) => Number(u > 0.5));
  const trainer = await tensorflow().trainer(plan, state);
  const losses = [];
  for (let step = 1; step <= 10; step++) {
    losses.push((await trainer.step({ image: x, target: y, lr: 1e-3, step, seed: step })).loss);
  }
  const after = await trainer.snapshot();
  await trainer.dispose();
  // All in our own order, [N, C, ...space] and [O, I, ...kernel]: the reader has to bring it into that of the model.
  const vectors = { ...state.slots, parameters: state.parameters, statistics: state.statistics };
  for (const [key, data] of Object.entries({ image: x, target: y, ...vectors, after: after.parameters })) {
    writeFileSync(join(out, `${name}.${key}.bin`), bytes(data));
  }
  steps.push({
    name,
    image: plan.imageShape,
    target: plan.targetShape,
    lr: 1e-3,
    vectors: Object.keys(vectors),
    losses,
  });
}
writeFileSync(join(out, 'cases.json'), JSON.stringify({ models, steps }));
console.log(`${models.length} models and ${steps.length} training steps in ${out}`);
