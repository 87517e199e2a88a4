import { expect, test } from 'vitest';
import { initialState } from '../../compiler/6-build/initialize.js';
import { load, trainingPlan } from '../../compiler/index.js';
import { tensorflow } from '../../runtime/engines/tensorflow/index.js';
import { referenceEngine } from '../../testing/reference-engine.js';
import { installed } from './installed.js';

test.runIf(installed)('a step of Adam is as long as it says, to single precision', async () => {
  const { network, recipe } = load(`network Small {
  input image: f32[N, 2, 8, 8]
  head S = image |> conv(6, kernel: 3) |> relu |> conv(1, kernel: 1) |> sigmoid
  output mask = S
}
train { loss = bce  optimizer = adam(lr: 1e-2) }`);
  const plan = trainingPlan(network!, recipe, { batch: 2, size: [8, 8] });
  const numbers = (shape: readonly number[], f: (k: number) => number) =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => f(k));
  const image = numbers(plan.imageShape, (k) => Math.sin(k * 12.9898));
  const target = numbers(plan.targetShape, (k) => Number(Math.sin(k * 78.233) > 0));
  const after = [];
  for (const engine of [referenceEngine, tensorflow()]) {
    const trainer = await engine.trainer(plan, initialState(plan, 1));
    await trainer.step({ image, target, lr: 1e-2, step: 1, seed: 1 });
    after.push((await trainer.snapshot()).parameters);
    await trainer.dispose();
  }
  // Biases start at 0: what they are is how far the first step went, which is the learning rate but for epsilon.
  const biases = plan.parameters.slots.filter(({ path }) => path.endsWith('.bias'));
  expect(biases.length).toBe(2);
  for (const { offset, length, path } of biases)
    for (let k = offset; k < offset + length; k++) {
      const [due, got] = after.map((p) => p[k]) as [number, number];
      expect(Math.abs(due), path).toBeGreaterThan(9e-3);
      // 1 - 0.999 in single precision is off by 1.3e-5, its root by half of that.
      expect(Math.abs(got / due - 1), path).toBeLessThan(2e-6);
    }
});
