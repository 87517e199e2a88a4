import { describe, expect, test } from 'vitest';
import { prune } from '../../compiler/3-transform/prune.js';
import { simplify } from '../../compiler/3-transform/simplify.js';
import { trainingPlan } from '../../compiler/3-transform/train/index.js';
import type { TrainingPlan } from '../../compiler/3-transform/training-plan.js';
import { initialState, initialWeights } from '../../compiler/6-build/initialize.js';
import { defaultRecipe, optimizerOf, type Recipe } from '../../compiler/recipe.js';
import type { TrainingState } from '../../runtime/engines/engine.js';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import { evaluate, type Float64Tensor, tensor } from '../../testing/reference/index.js';
import { nestedNetwork } from '../compiler/handmade.js';
import { expectClose } from './run.js';

const network = nestedNetwork([3, 4, 5]);

const batchOf = (plan: TrainingPlan) => {
  const length = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
  return {
    image: Float32Array.from({ length: length(plan.imageShape) }, (_, i) => Math.sin(i * 1.7)),
    target: Float32Array.from({ length: length(plan.targetShape) }, (_, i) => (Math.sin(i * 0.37) > 0.2 ? 1 : 0)),
  };
};

/** The same step in double precision. */
function referenceStep(plan: TrainingPlan, state: TrainingState, lr: number, step: number) {
  const { image, target } = batchOf(plan);
  const vector = (data: ArrayLike<number>) => tensor([data.length], data);
  const feeds = new Map<string, Float64Tensor>([
    ['image', tensor(plan.imageShape, image)],
    ['target', tensor(plan.targetShape, target)],
    ['parameters', vector(state.parameters)],
    ['statistics', vector(state.statistics)],
    ['lr', tensor([], [lr])],
    ['step', tensor([], [step])],
    ['seed', tensor([], [0])],
  ]);
  for (const name of plan.slots) feeds.set(name, vector(state.slots[name]!));
  return evaluate(plan.graph, feeds);
}

const recipes: Recipe[] = [
  { ...defaultRecipe, clip: 0.5 },
  { ...defaultRecipe, optimizer: optimizerOf('sgd', { nesterov: true }) },
];

describe('a trainer', () => {
  test.each(recipes)('takes the reference’s step ($optimizer.name)', async (recipe) => {
    const plan = trainingPlan(network, recipe, { batch: 2, size: [8, 8] });
    const trainer = await ort.trainer(plan, initialState(plan, 3));
    for (let step = 1; step <= 3; step++) {
      const before = await trainer.snapshot();
      const result = await trainer.step({ ...batchOf(plan), lr: 1e-2, step, seed: 0 });
      const due = referenceStep(plan, before, 1e-2, step);
      expect(result.loss).toBeCloseTo(due.get('loss')!.data[0]!, 5);
      expect(result.gradientNorm / due.get('gradient_norm')!.data[0]!).toBeCloseTo(1, 3);
      expectClose(tensor([2], result.headLosses), due.get('head_losses')!, 'head losses');
      const after = await trainer.snapshot();
      expectClose(tensor([after.statistics.length], after.statistics), due.get('statistics_next')!, 'statistics');
      for (const name of plan.slots) {
        expectClose(tensor([after.parameters.length], after.slots[name]!), due.get(`${name}_next`)!, name, 1e-4);
      }
    }
    await trainer.dispose();
  });

  test('is deterministic, keeps its own state, and goes on from a snapshot', async () => {
    const plan = trainingPlan(network, defaultRecipe, { batch: 2, size: [16, 16] });
    const start = initialState(plan, 5);
    const untouched = start.parameters.slice();
    const run = async (state: TrainingState, from: number, to: number): Promise<TrainingState> => {
      const trainer = await ort.trainer(plan, state);
      for (let step = from; step <= to; step++) await trainer.step({ ...batchOf(plan), lr: 1e-3, step, seed: step });
      const end = await trainer.snapshot();
      await trainer.dispose();
      return end;
    };
    const whole = await run(start, 1, 6);
    expect(start.parameters).toEqual(untouched);
    expect(whole.parameters).not.toEqual(untouched);
    expect(await run(start, 1, 6)).toEqual(whole);
    expect(await run(await run(start, 1, 3), 4, 6)).toEqual(whole);
  });
});

describe('a predictor', () => {
  test('answers by name, at any valid size, the same every time', async () => {
    const graph = simplify(prune(network));
    const weights = initialWeights(network.graph.params, 1);
    const predictor = await ort.predictor(graph, weights);
    for (const [n, size] of [
      [1, 8],
      [3, 16],
    ] as const) {
      const shape = [n, 3, size, size];
      const data = Float32Array.from({ length: n * 3 * size * size }, (_, i) => Math.cos(i));
      const [first, second] = [await predictor.run({ data, shape }), await predictor.run({ data, shape })];
      expect(first.get('mask')?.shape).toEqual([n, 1, size, size]);
      expect(first).toEqual(second);
    }
    await predictor.dispose();
  });

  test('opening what is not a model fails in words', async () => {
    await expect(ort.open(new Uint8Array([1, 2, 3]))).rejects.toThrow();
  });
});

test('the engine says what it can run on', async () => {
  expect(await ort.status()).toEqual({ available: true, devices: ['cpu'] });
});
