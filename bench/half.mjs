// What `unetc build --precision fp16` costs in IoU and gains in bytes, on the images that a run held out:
//   npm run build && node bench/half.mjs --run RUN --data DIR [--rounds 15] [--size 256]
// Three files of each level: fp32; fp16, in which ONNX Runtime's CPU rounds the weights and computes in fp32; and one that stores every
// number between operators as fp16, as a GPU does, which says what a GPU's answers lose. Then the time of the first two, in turns.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { emitOnnx } from '../dist/compiler/5-emit/onnx/index.js';
import { deploy, foldBatchNorm, knownShape, specializeGraph, toHalf } from '../dist/compiler/index.js';
import { stream } from '../dist/compiler/random.js';
import { openFolder, split } from '../dist/runtime/data/index.js';
import { ort } from '../dist/runtime/engines/onnxruntime/index.js';
import { HeldOut } from '../dist/runtime/evaluation/held-out.js';
import { readMetadataProps } from '../dist/runtime/run/metadata.js';
import { openRun, runWeights } from '../dist/runtime/run/run-folder.js';
import { dataFormat } from '../dist/runtime/run/task.js';
import { float16 } from '../dist/testing/reference/elementwise.js';
import { evaluate, kernels, tensor } from '../dist/testing/reference/index.js';
import { emulated } from './half/emulated.mjs';

const { values: flags } = parseArgs({
  options: {
    run: { type: 'string' },
    data: { type: 'string' },
    rounds: { type: 'string', default: '15' },
    size: { type: 'string', default: '256' },
  },
});
if (!flags.run || !flags.data) throw new Error('give --run RUN and --data DIR');
const [rounds, size] = [Number(flags.rounds), Number(flags.size)];
const unetc = (...args) => execFileSync(process.execPath, ['cli/unetc.mjs', ...args, '--json'], { encoding: 'utf8' });
const folder = mkdtempSync(join(tmpdir(), 'unetc-half-'));
const names = join(flags.run, 'split.txt');

const { network, record } = await openRun(flags.run);
const weights = new Map([...(await runWeights(flags.run))].map(([path, t]) => [path, t.data]));
const mode = network.modes.includes('fast') ? 'fast' : network.modes[0];
const held = split(await openFolder(flags.data, dataFormat(network, record.recipe)), { names: record.heldOut }).held;
const examples = [];
for await (const { input } of new HeldOut(held, record.task).examples()) examples.push(input);

const answersOf = async (file) => {
  const predictor = await ort.open(readFileSync(file));
  const found = [];
  for (const { data, channels, height, width } of examples) {
    const [answer] = (await predictor.run({ data, shape: [1, channels, height, width] })).values();
    found.push(answer.data);
  }
  await predictor.dispose();
  return found;
};

/** The emulation against the reference that rounds, on noise: two of them round on the same side but where a sum falls on a tie. */
async function checkEmulation(folded) {
  const channels = folded.graph.inputs[0].value.type.shape[1].offset;
  const side = 32;
  const random = stream(1, 'noise');
  const data = Float32Array.from({ length: channels * side * side }, () => random.uniform(0, 1));
  const bound = specializeGraph(toHalf(folded.graph), { N: 1, H: side, W: side });
  const feeds = new Map([[bound.inputs[0].name, tensor([1, channels, side, side], data)]]);
  for (const p of bound.params) {
    const numbers = Float64Array.from(folded.weights.get(p.origin.path), p.type.dtype === 'f16' ? float16 : (v) => v);
    feeds.set(p.origin.path, tensor(knownShape(p.type.shape), numbers));
  }
  const rounding = (node, inputs) =>
    kernels[node.op](node.attrs, inputs).map((t, k) =>
      node.outputs[k].type.dtype === 'f16' ? { shape: t.shape, data: t.data.map(float16) } : t,
    );
  const [due] = evaluate(bound, feeds, rounding).values();
  const predictor = await ort.open(
    emitOnnx(emulated(folded.graph), { weights: folded.weights, name: 'x', metadata: {} }),
  );
  const [got] = (await predictor.run({ data, shape: [1, channels, side, side] })).values();
  await predictor.dispose();
  return distance([got.data], [due.data]);
}

function distance(a, b) {
  let [most, sum, count, otherwise] = [0, 0, 0, 0];
  for (const [k, numbers] of a.entries()) {
    for (const [i, v] of numbers.entries()) {
      const off = Math.abs(v - b[k][i]);
      most = Math.max(most, off);
      sum += off;
      count++;
      if (v > 0.5 !== b[k][i] > 0.5) otherwise++;
    }
  }
  return { most, mean: sum / count, otherwise, count };
}

const said = ({ most, mean, otherwise, count }) =>
  `off by ${most.toExponential(1)} at most, ${mean.toExponential(1)} on average; ${otherwise} of ${count} pixels decided otherwise`;

try {
  for (const level of network.levels) {
    const built = (name, ...more) => {
      const out = join(folder, `L${level}-${name}.onnx`);
      unetc('build', flags.run, '--prune', `L${level}`, '--mode', mode, '-o', out, ...more);
      return out;
    };
    const full = built('fp32');
    const half = built('fp16', '--precision', 'fp16');
    const stored = join(folder, `L${level}-stored.onnx`);
    const folded = foldBatchNorm(deploy(network, { level, mode }), weights);
    const metadata = Object.fromEntries(readMetadataProps(full, readFileSync(full)));
    writeFileSync(stored, emitOnnx(emulated(folded.graph), { weights: folded.weights, name: network.name, metadata }));
    const iou = (file) =>
      JSON.parse(unetc('eval', file, '--data', flags.data, '--split', names, '--engine', 'ort')).rows[0].iou;
    const due = await answersOf(full);
    const percent = (file) => `${(100 * iou(file)).toFixed(2)} %`;
    console.log(
      `L${level} ${mode}: ${statSync(full).size} bytes in fp32, ${(statSync(half).size / statSync(full).size).toFixed(3)} of it in fp16`,
    );
    console.log(
      `  IoU: fp32 ${percent(full)}, fp16 on this CPU ${percent(half)}, stored as a GPU does ${percent(stored)}`,
    );
    console.log(`  fp16 on this CPU: ${said(distance(await answersOf(half), due))}`);
    console.log(`  stored as a GPU does: ${said(distance(await answersOf(stored), due))}`);
    console.log(`  the emulation from the reference: ${said(await checkEmulation(folded))}`);

    const channels = folded.graph.inputs[0].value.type.shape[1].offset;
    const image = { data: new Float32Array(channels * size * size).fill(0.5), shape: [1, channels, size, size] };
    const predictors = [await ort.open(readFileSync(full)), await ort.open(readFileSync(half))];
    const times = predictors.map(() => []);
    for (let round = -2; round < rounds; round++) {
      for (const [k, p] of predictors.entries()) {
        const started = performance.now();
        await p.run(image);
        if (round >= 0) times[k].push(performance.now() - started);
      }
    }
    for (const p of predictors) await p.dispose();
    const [a, b] = times.map((t) => t.sort((x, y) => x - y)[t.length >> 1]);
    console.log(`  ${size}x${size} on this CPU: ${a.toFixed(1)} ms in fp32, ${(b / a).toFixed(2)} of it in fp16`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
