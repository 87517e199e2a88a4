// Writes models of every preset, level and mode, and what they answer here at three sizes and two batch sizes, for
// check_models.py to compare:
//   npm run build && node test/parity/export-models.mjs DIR && python test/parity/check_models.py DIR
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { emitOnnx } from '../../dist/compiler/5-emit/onnx/index.js';
import { emitStaged } from '../../dist/compiler/5-emit/onnx/staged.js';
import { initialWeights } from '../../dist/compiler/6-build/initialize.js';
import {
  deploy,
  deployLevels,
  foldBatchNorm,
  intoStages,
  levelMode,
  levelsOf,
  load,
  toHalf,
  trainingPlan,
} from '../../dist/compiler/index.js';
import { stream } from '../../dist/compiler/random.js';
import { ort } from '../../dist/runtime/engines/onnxruntime/index.js';

const out = process.argv[2];
if (!out) throw new Error('name a folder to write to');
mkdirSync(out, { recursive: true });
const bytes = (data) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
const cases = [];

/** Writes a model, images, and what it answers to them. */
async function write(model, file, channels) {
  writeFileSync(join(out, model), file);
  const predictor = await ort.open(file);
  for (const [k, [batch, height, width]] of [
    [1, 64, 64],
    [1, 32, 96],
    [1, 128, 48],
    [3, 64, 64],
    [3, 32, 96],
  ].entries()) {
    const random = stream(k, 'image');
    const shape = [batch, channels, height, width];
    const image = Float32Array.from({ length: shape.reduce((a, n) => a * n, 1) }, () => random.uniform(0, 1));
    const answers = await predictor.run({ data: image, shape });
    const name = `${model}.${k}`;
    writeFileSync(join(out, `${name}.in`), bytes(image));
    const outputs = [];
    for (const [output, tensor] of answers) {
      writeFileSync(join(out, `${name}.${outputs.length}.out`), bytes(tensor.data));
      outputs.push({ name: output, shape: tensor.shape, file: `${name}.${outputs.length}.out` });
    }
    cases.push({ model, input: { shape, file: `${name}.in` }, outputs });
  }
  await predictor.dispose();
}

for (const preset of ['unet', 'wide-unet', 'unetpp', 'unetpp-bn', 'unetpp-nuclei', 'unet-nuclei']) {
  const { network, recipe } = load(readFileSync(new URL(`../../specs/${preset}.unet`, import.meta.url), 'utf8'), {
    set: { width: '[8, 12, 16, 20, 24]' },
  });
  const channels = network.graph.inputs[0].value.type.shape[1].offset;
  for (const level of network.levels) {
    for (const mode of [...network.modes, 'all']) {
      const graph = deploy(network, { level, mode });
      const weights = initialWeights(graph.params, 7);
      const folded = foldBatchNorm(graph, new Map([...weights].map(([path, t]) => [path, t.data])));
      const model = `${preset}-L${level}-${mode}.onnx`;
      const file = emitOnnx(folded.graph, {
        weights: folded.weights,
        name: network.name,
        metadata: { level: `${level}` },
      });
      await write(model, file, channels);
      const half = emitOnnx(toHalf(folded.graph), { weights: folded.weights, name: network.name, metadata: {} });
      await write(`${preset}-L${level}-${mode}-fp16.onnx`, half, channels);
    }
  }
  // One file of all levels: always to the end, never beyond the first, and as an image needs.
  const levels = levelsOf(network, levelMode(network));
  for (const [k, threshold] of levels.length > 1 ? [0, 2, 0.5].entries() : []) {
    const graph = deployLevels(network, { levels, mode: levelMode(network) });
    const weights = initialWeights(graph.params, 7);
    const folded = foldBatchNorm(graph, new Map([...weights].map(([path, t]) => [path, t.data])));
    const file = emitStaged(intoStages(folded.graph, network, levels), {
      ...{ name: network.name, metadata: {}, weights: folded.weights },
      thresholds: levels.slice(1).map(() => threshold),
    });
    await write(`${preset}-adaptive-${k}.onnx`, file, channels);
  }
  const plan = trainingPlan(network, recipe, { batch: 2, size: [32, 32] });
  writeFileSync(join(out, `${preset}-train.onnx`), emitOnnx(plan.graph, { name: network.name, metadata: {} }));
  cases.push({ model: `${preset}-train.onnx`, outputs: [] });
}
writeFileSync(join(out, 'cases.json'), JSON.stringify(cases));
console.log(
  `${new Set(cases.map((c) => c.model)).size} models, ${cases.filter((c) => c.input).length} answers in ${out}`,
);
