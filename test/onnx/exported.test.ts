import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { emitOnnx } from '../../compiler/5-emit/onnx/index.js';
import { initialState } from '../../compiler/6-build/initialize.js';
import { deploy, foldBatchNorm, load, trainingPlan } from '../../compiler/index.js';
import { stream } from '../../compiler/random.js';
import type { Tensor, Weights } from '../../runtime/engines/engine.js';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import { weightsOfState } from '../../runtime/run/checkpoint.js';

const presets: [string, number][] = [
  ['unetpp-nuclei', 3],
  ['unetpp-bn', 3],
  ['unetpp', 1],
  ['unet-nuclei', 3],
];

/** Batch, height, width: one file has to be right at all of them. */
const sizes = [
  [1, 16, 16],
  [1, 48, 32],
  [3, 32, 64],
  [3, 16, 16],
] as const;

function picture(channels: number, [batch, height, width]: readonly [number, number, number], seed: number): Tensor {
  const random = stream(seed, 'picture');
  const length = batch * channels * height * width;
  return {
    data: Float32Array.from({ length }, () => random.uniform(0, 1)),
    shape: [batch, channels, height, width],
  };
}

/** A few steps of training, so that running statistics and biases are not what they started as. */
async function trained(text: string, channels: number) {
  const loaded = load(text, { set: { width: '[4, 6, 8, 10, 12]' } });
  const network = loaded.network!;
  const plan = trainingPlan(network, loaded.recipe, { batch: 4, size: [32, 32] });
  const trainer = await ort.trainer(plan, initialState(plan, 1));
  for (let step = 1; step <= 12; step++) {
    const image = picture(channels, [4, 32, 32], step).data;
    const target = Float32Array.from({ length: 4 * 32 * 32 }, (_, k) => (image[k % image.length]! > 0.5 ? 1 : 0));
    await trainer.step({ image, target, lr: 1e-2, step, seed: step });
  }
  const weights = weightsOfState(plan, await trainer.snapshot());
  await trainer.dispose();
  return { network, weights };
}

const distance = (a: Tensor, b: Tensor): number =>
  a.data.reduce((worst, v, k) => Math.max(worst, Math.abs(v - (b.data[k] ?? Number.NaN))), 0);

const arrays = (weights: Weights) => new Map([...weights].map(([path, t]) => [path, t.data]));

describe('an exported model', () => {
  it.each(presets)('of %s answers what the network in training does, at every size', async (name, channels) => {
    const { network, weights } = await trained(readFileSync(`specs/${name}.unet`, 'utf8'), channels);
    for (const level of network.levels) {
      for (const mode of [...network.modes, 'all']) {
        const graph = deploy(network, { level, mode });
        const folded = foldBatchNorm(graph, arrays(weights));
        const file = emitOnnx(folded.graph, { weights: folded.weights, name: network.name, metadata: {} });
        const [exported, training] = [await ort.open(file), await ort.predictor(graph, weights)];
        for (const size of sizes) {
          const image = picture(channels, size, 99);
          const [answer, due] = [await exported.run(image), await training.run(image)];
          expect([...answer.keys()]).toEqual(graph.outputs.map((o) => o.name));
          for (const [output, tensor] of due) {
            expect(answer.get(output)?.shape).toEqual([size[0], 1, size[1], size[2]]);
            expect(distance(tensor, answer.get(output)!)).toBeLessThan(1e-5);
          }
        }
        await exported.dispose();
        await training.dispose();
      }
    }
  });
});
