// What a visitor of a page waits for: bytes, and the time of a picture in WebAssembly on one thread, of every level of a network, as
// onnxruntime-web runs it in fp32, fp16 and int8, and as TensorFlow.js' WebAssembly runs the graph model. In turns, medians:
//   npm run build && node bench/web.mjs [--spec specs/unetpp-nuclei.unet] [--size 256] [--rounds 9]
// The same WebAssembly as in Chrome, in Node. Weights and pictures are drawn: neither decides a time.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { env, InferenceSession, Tensor } from 'onnxruntime-web';
import { emitOnnx } from '../dist/compiler/5-emit/onnx/index.js';
import { emitGraphModel } from '../dist/compiler/5-emit/tensorflow/index.js';
import { initialWeights } from '../dist/compiler/6-build/initialize.js';
import {
  calibrationValues,
  deploy,
  foldBatchNorm,
  load,
  planQuantization,
  quantize,
  specializeGraph,
  toHalf,
} from '../dist/compiler/index.js';
import { stream } from '../dist/compiler/random.js';
import { evaluateValues, tensor } from '../dist/testing/reference/index.js';

const { values: flags } = parseArgs({
  options: {
    spec: { type: 'string', default: 'specs/unetpp-nuclei.unet' },
    size: { type: 'string', default: '256' },
    rounds: { type: 'string', default: '9' },
  },
});
const [size, rounds] = [Number(flags.size), Number(flags.rounds)];
env.wasm.numThreads = 1;
env.logLevel = 'error';

const { network } = load(readFileSync(flags.spec, 'utf8'));
const channels = network.graph.inputs[0].value.type.shape[1].offset;
const weights = new Map(Array.from(initialWeights(network.graph.params, 1), ([path, t]) => [path, t.data]));
const random = stream(1, 'picture');
const pictureOf = (side) => Float32Array.from({ length: channels * side * side }, () => random.uniform(0, 1));
const picture = pictureOf(size);
const mode = network.modes.includes('fast') ? 'fast' : network.modes[0];

async function onnx(file) {
  const session = await InferenceSession.create(file, { executionProviders: ['wasm'] });
  const image = new Tensor('float32', picture, [1, channels, size, size]);
  return {
    bytes: file,
    run: async () => (await session.run({ [session.inputNames[0]]: image }))[session.outputNames[0]].data,
  };
}

/** Ranges of a small picture's numbers. */
function int8(selection) {
  const side = 32;
  const open = foldBatchNorm(deploy(network, selection), weights);
  const { graph, weights: folded } = foldBatchNorm(
    specializeGraph(deploy(network, selection), { N: 1, H: side, W: side }),
    weights,
  );
  const feeds = new Map([[graph.inputs[0].name, tensor([1, channels, side, side], pictureOf(side))]]);
  for (const p of graph.params)
    feeds.set(
      p.origin.path,
      tensor(
        p.type.shape.map((d) => d.offset),
        folded.get(p.origin.path),
      ),
    );
  const found = evaluateValues(graph, feeds);
  const ranges = new Map(
    Array.from(calibrationValues(planQuantization(graph, new Set())), (id) => {
      const { data } = found.get(id);
      return [id, { low: data.reduce((a, b) => Math.min(a, b)), high: data.reduce((a, b) => Math.max(a, b)) }];
    }),
  );
  const whole = quantize(open.graph, open.weights, { ranges, floats: new Set(), runtime: 'ort' });
  return onnx(emitOnnx(whole.graph, { weights: whole.weights, name: 'bench', metadata: {} }));
}

const folderOf = (name) => dirname(createRequire(import.meta.url).resolve(`@tensorflow/tfjs-${name}/package.json`));

async function tfjs(selection) {
  const [tf, { loadGraphModel }, wasm] = await Promise.all([
    import('@tensorflow/tfjs-core'),
    import('@tensorflow/tfjs-converter'),
    import('@tensorflow/tfjs-backend-wasm'),
  ]);
  wasm.setWasmPaths(`${folderOf('backend-wasm')}/dist/`);
  wasm.setThreadsCount(1);
  await tf.setBackend('wasm');
  const folded = foldBatchNorm(deploy(network, selection), weights);
  const { files } = emitGraphModel(folded.graph, { weights: folded.weights, generatedBy: 'bench', metadata: {} });
  const [json, ...shards] = [...files.values()];
  const model = JSON.parse(new TextDecoder().decode(json));
  const data = Buffer.concat(shards);
  const handle = await loadGraphModel({
    load: async () => ({
      ...model,
      weightSpecs: model.weightsManifest[0].weights,
      weightData: data.buffer.slice(data.byteOffset, data.byteOffset + data.length),
    }),
  });
  const channelsLast = new Float32Array(picture.length);
  const area = size * size;
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < area; i++) channelsLast[i * channels + c] = picture[c * area + i];
  const image = tf.tensor(channelsLast, [1, size, size, channels]);
  return {
    bytes: Buffer.concat([json, ...shards]),
    run: async () => {
      const answer = handle.execute(image);
      const data = await answer.data();
      answer.dispose();
      return data;
    },
  };
}

const rows = [];
for (const level of network.levels) {
  const selection = { level, mode };
  const folded = foldBatchNorm(deploy(network, selection), weights);
  const file = emitOnnx(folded.graph, { weights: folded.weights, name: 'bench', metadata: {} });
  rows.push({ level, what: 'onnxruntime-web', ...(await onnx(file)) });
  const half = emitOnnx(toHalf(folded.graph), { weights: folded.weights, name: 'bench', metadata: {} });
  rows.push({ level, what: 'onnxruntime-web, fp16', ...(await onnx(half)) });
  rows.push({ level, what: 'onnxruntime-web, int8', ...(await int8(selection)) });
  rows.push({ level, what: 'TensorFlow.js wasm', ...(await tfjs(selection)) });
}
const times = rows.map(() => []);
for (let round = -1; round < rounds; round++) {
  for (const [k, { run }] of rows.entries()) {
    const started = performance.now();
    await run();
    // The first is for compilers.
    if (round >= 0) times[k].push(performance.now() - started);
  }
}
const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];
const medians = times.map(median);
console.log(`${flags.spec}, mode ${mode}, ${size}x${size}, one thread, ${rounds} rounds`);
console.log('| level | | bytes | gzip | ms | to onnxruntime-web |\n| --- | --- | ---: | ---: | ---: | ---: |');
for (const [k, { level, what, bytes }] of rows.entries()) {
  const own = medians[rows.findIndex((r) => r.level === level)];
  const kilo = (n) => `${(n / 1000).toFixed(0)} KB`;
  console.log(
    `| L${level} | ${what} | ${kilo(bytes.length)} | ${kilo(gzipSync(bytes).length)} | ${medians[k].toFixed(1)} | ${(medians[k] / own).toFixed(2)} |`,
  );
}
