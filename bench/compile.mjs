// How long the compiler takes from a spec's text to the bytes of an ONNX file, inside the process.
//   npm run build && node bench/compile.mjs [spec] [rounds]
// Parse, elaborate, infer, check the spec's facts, prune to the highest level, simplify, fold batch norm, emit and encode.
// Random weights are drawn before the clock starts. `first` is the first compilation of the process, code cold.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { emitOnnx } from '../dist/compiler/5-emit/onnx/index.js';
import { deploy, foldBatchNorm, load } from '../dist/compiler/index.js';
import { initialWeights } from '../dist/runtime/initialize.js';

const spec = process.argv[2] ?? fileURLToPath(new URL('../specs/unetpp-nuclei.unet', import.meta.url));
const rounds = Number(process.argv[3] ?? 20);
const text = readFileSync(spec, 'utf8');
const stages = ['load', 'deploy', 'fold', 'emit'];
const times = [];
let weights;
let size = 0;
for (let round = 0; round <= rounds; round++) {
  const marks = [performance.now()];
  const mark = () => marks.push(performance.now());
  const { network } = load(text);
  mark();
  const graph = deploy(network);
  mark();
  if (weights === undefined) {
    const drawing = performance.now();
    weights = new Map([...initialWeights(graph.params, 0)].map(([path, t]) => [path, t.data]));
    const pause = performance.now() - drawing;
    for (let k = 0; k < marks.length; k++) marks[k] += pause;
  }
  const folded = foldBatchNorm(graph, weights);
  mark();
  size = emitOnnx(folded.graph, { weights: folded.weights, name: network.name, metadata: {} }).length;
  mark();
  times.push(marks.slice(1).map((t, k) => t - marks[k]));
}
const sum = (list) => list.reduce((a, b) => a + b, 0);
const show = (list) => `${sum(list).toFixed(1)} ms (${list.map((t, k) => `${stages[k]} ${t.toFixed(1)}`).join(', ')})`;
const [first, ...rest] = times;
const middle = rest.sort((a, b) => sum(a) - sum(b))[Math.floor(rest.length / 2)];
console.log(`${spec}: ${(size / 2 ** 20).toFixed(1)} MiB`);
console.log(`first   ${show(first)}`);
console.log(`median  ${show(middle)} of ${rounds}`);
