// Runs a network on the toy engine and on ONNX Runtime, and prints how far they are apart: node examples/toy-engine/main.mjs [spec.unet]
import { readFileSync } from 'node:fs';
import { deploy, initialWeights, load } from 'unetc';
import { openEngine } from 'unetc/runtime';
import { toyEngine } from './engine.mjs';

const [spec = new URL('../../specs/starter.unet', import.meta.url)] = process.argv.slice(2);
const { network } = load(readFileSync(spec, 'utf8'));
const graph = deploy(network, { level: 1 });
const weights = initialWeights(graph.params, 0);
const channels = graph.inputs[0].value.type.shape[1].offset;
const image = {
  shape: [1, channels, 32, 32],
  data: Float32Array.from({ length: channels * 32 * 32 }, (_, k) => ((k * 37) % 101) / 101),
};

const answers = [];
for (const engine of [toyEngine, await openEngine('ort')]) {
  const predictor = await engine.predictor(graph, weights);
  answers.push((await predictor.run(image)).get(network.outputName).data);
  await predictor.dispose();
}
const [ours, theirs] = answers;
const difference = ours.reduce((most, v, k) => Math.max(most, Math.abs(v - theirs[k])), 0);
console.log(JSON.stringify({ network: network.name, pixels: ours.length, difference }));
