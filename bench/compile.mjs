// How long the compiler takes from a spec's text to the bytes of a file, inside the process.
//   npm run build && node bench/compile.mjs [spec] [rounds] [--json]
// To an ONNX file: parse, elaborate, infer, check the spec's facts, prune to the highest level, simplify, fold batch norm,
// emit and encode; random weights are drawn before the clock starts. To a training step, ONNX and TensorFlow: parse to infer,
// then differentiate at 4x128x128, emit and encode. `first` is the first compilation of the process, code cold.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { emitOnnx } from '../dist/compiler/5-emit/onnx/index.js';
import { emitTraining, encodeSavedModel } from '../dist/compiler/5-emit/tensorflow/index.js';
import { initialWeights } from '../dist/compiler/6-build/initialize.js';
import { deploy, load, optimizeForRuntime, trainingPlan } from '../dist/compiler/index.js';

const { values: options, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const spec = positionals[0] ?? fileURLToPath(new URL('../specs/unetpp-nuclei.unet', import.meta.url));
const rounds = Number(positionals[1] ?? 20);
const text = readFileSync(spec, 'utf8');

const drawn = new Map(
  [...initialWeights(deploy(load(text).network).params, 0)].map(([path, tensor]) => [path, tensor.data]),
);

/** Each answers its bytes; a stage ends where `mark` is called. */
const targets = {
  onnx(mark) {
    const { network } = load(text);
    mark('load');
    const graph = deploy(network);
    mark('deploy');
    const folded = optimizeForRuntime(graph, drawn, 'ort');
    mark('fold');
    const bytes = emitOnnx(folded.graph, { weights: folded.weights, name: network.name, metadata: {} });
    mark('emit');
    return bytes;
  },
  'onnx-train'(mark) {
    const plan = planned(mark);
    const bytes = emitOnnx(plan.graph, { weights: new Map(), name: 'step', metadata: {} });
    mark('emit');
    return bytes;
  },
  'tf-train'(mark) {
    const { nodes, ...signatures } = emitTraining(planned(mark), 'channels-last');
    mark('emit');
    const bytes = encodeSavedModel(nodes, { ...signatures, snapshot: { inputs: [], ...signatures.snapshot } });
    mark('encode');
    return bytes;
  },
};

function planned(mark) {
  const { network, recipe } = load(text);
  mark('load');
  const plan = trainingPlan(network, recipe, { batch: 4, size: [128, 128] });
  mark('differentiate');
  return plan;
}

const sum = (list) => list.reduce((a, [, ms]) => a + ms, 0);
const show = (list) =>
  `${sum(list).toFixed(1)} ms (${list.map(([name, ms]) => `${name} ${ms.toFixed(1)}`).join(', ')})`;

const results = Object.entries(targets).map(([target, build]) => {
  const times = [];
  let size = 0;
  for (let round = 0; round <= rounds; round++) {
    const stages = [];
    let last = performance.now();
    size = build((name) => {
      const now = performance.now();
      stages.push([name, now - last]);
      last = now;
    }).length;
    times.push(stages);
  }
  const [first, ...rest] = times;
  const median = rest.sort((a, b) => sum(a) - sum(b))[Math.floor(rest.length / 2)];
  return { target, size, first, median };
});

if (options.json) {
  const told = results.map(({ target, first, median }) => ({ target, first: sum(first), median: sum(median) }));
  console.log(JSON.stringify({ spec, targets: told }));
} else {
  console.log(spec);
  for (const { target, size, first, median } of results) {
    console.log(`${target}, ${(size / 2 ** 20).toFixed(1)} MiB`);
    console.log(`  first   ${show(first)}`);
    console.log(`  median  ${show(median)} of ${rounds}`);
  }
}
