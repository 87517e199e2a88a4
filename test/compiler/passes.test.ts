import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldBatchNorm } from '../../compiler/3-transform/fold.js';
import { prune } from '../../compiler/3-transform/prune.js';
import { simplify } from '../../compiler/3-transform/simplify.js';
import { trainingPlan } from '../../compiler/3-transform/train/index.js';
import { knownShape } from '../../compiler/ir/dim.js';
import type { Network } from '../../compiler/ir/graph.js';
import { verifyGraph } from '../../compiler/ir/verify.js';
import { defaultRecipe, type LossName, lossNames, lossTerm, optimizerOf, type Recipe } from '../../compiler/recipe.js';
import { evaluate, type Float64Tensor, tensor } from '../../testing/reference/index.js';
import { cases } from '../cases.js';
import { Handmade, nestedNetwork } from './handmade.js';

/** Reproducible numbers in [-1, 1). */
const noise = (seed: number, length: number): Float64Array => {
  let s = seed * 2654435761 + 1;
  return Float64Array.from({ length }, () => {
    s = (Math.imul(s ^ (s >>> 15), 2246822519) + 374761393) | 0;
    return s / 2 ** 31;
  });
};

const product = (shape: readonly number[]) => shape.reduce((a, n) => a * n, 1);

function weightsOf(network: Network, seed: number): Map<string, Float64Tensor> {
  return new Map(
    network.graph.params.map((p, k) => {
      const shape = knownShape(p.type.shape);
      const positive = p.origin.path.endsWith('running_var');
      const data = noise(seed + k, product(shape)).map((x) => Math.fround(positive ? 1 + Math.abs(x) : x));
      return [p.origin.path, tensor(shape, data)];
    }),
  );
}

const close = (a: Float64Tensor | undefined, b: Float64Tensor | undefined): number =>
  Math.max(...Array.from(a?.data ?? [Number.NaN], (x, k) => Math.abs(x - (b?.data[k] ?? Number.NaN))));

describe('inference passes', () => {
  it('prunes exactly, simplifies exactly and folds batch norm within rounding, at every level and mode', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 }),
        fc.integer({ min: 1, max: 2 ** 20 }),
        (widths, seed) => {
          const network = nestedNetwork(widths, 2);
          const weights = weightsOf(network, seed);
          const side = 2 ** (widths.length - 1);
          const image = tensor([1, 2, side, 2 * side], noise(seed, 4 * side * side));
          const feeds = new Map([...weights, ['image', image]]);
          const full = evaluate(network.graph, feeds);
          for (const level of network.levels) {
            const graph = simplify(prune(network, { level, mode: 'fast' }));
            expect(evaluate(graph, feeds).get('mask')?.data).toEqual(full.get(`S[${level}]`)?.data);
            const folded = foldBatchNorm(graph, new Map([...weights].map(([k, t]) => [k, Float32Array.from(t.data)])));
            expect(verifyGraph(folded.graph)).toBeNull();
            expect(folded.graph.nodes.some((n) => n.op === 'batchnorm')).toBe(false);
            const refeeds = new Map<string, Float64Tensor>([['image', image]]);
            for (const p of folded.graph.params) {
              refeeds.set(p.origin.path, tensor(knownShape(p.type.shape), folded.weights.get(p.origin.path) ?? []));
            }
            expect(close(evaluate(folded.graph, refeeds).get('mask'), full.get(`S[${level}]`))).toBeLessThan(1e-4);
          }
        },
      ),
      cases(25),
    );
  });

  it('folds batch norm into grouped and transposed convolutions', () => {
    const h = new Handmade();
    const x = h.input('image', ['N', 4, 'H', 'W']);
    const grouped = h.apply('conv', 'a', [x], {
      channels: 6,
      kernel: 3,
      stride: 1,
      padding: 'same',
      dilation: 1,
      groups: 2,
      bias: false,
    });
    const a = h.apply('batchnorm', 'a_bn', [grouped], { eps: 1e-5, momentum: 0.1 });
    const up = h.apply('conv_transpose', 'b', [a], { channels: 3, kernel: 2, stride: 2, padding: 'same', bias: true });
    const b = h.apply('batchnorm', 'b_bn', [up], { eps: 1e-5, momentum: 0.1 });
    const network = h.network([b]);
    const weights = weightsOf(network, 7);
    const image = tensor([2, 4, 4, 4], noise(3, 128));
    const graph = simplify(prune(network));
    const folded = foldBatchNorm(graph, new Map([...weights].map(([k, t]) => [k, Float32Array.from(t.data)])));
    expect(folded.graph.nodes.map((n) => n.op)).toEqual(['conv', 'conv_transpose']);
    const refeeds = new Map<string, Float64Tensor>([['image', image]]);
    for (const p of folded.graph.params) {
      refeeds.set(p.origin.path, tensor(knownShape(p.type.shape), folded.weights.get(p.origin.path) ?? []));
    }
    const before = evaluate(graph, new Map([...weights, ['image', image]])).get('mask');
    expect(close(evaluate(folded.graph, refeeds).get('mask'), before)).toBeLessThan(1e-4);
  });
});

/** A small network whose heads have `classes` channels under `activation`. */
function smallNetwork(activation: 'sigmoid' | 'softmax', classes: number): Network {
  const h = new Handmade();
  const x = h.input('image', ['N', 2, 'H', 'W']);
  const a = h.apply('batchnorm', 'bn', [h.conv('a', x, 3)], { eps: 1e-5, momentum: 0.1 });
  const b = h.apply('tanh', 'tanh', [a], {});
  const heads = [
    h.conv('h1', b, classes, 1),
    h.conv('h2', h.apply('silu', 'silu', [h.conv('b', b, 3)], {}), classes, 1),
  ];
  return h.network(heads.map((z, k) => h.apply(activation, `s${k}`, [z], activation === 'softmax' ? { axis: 1 } : {})));
}

describe('the training step', () => {
  it('sums nothing for a bias before batch norm: its gradient is 0', () => {
    const { graph } = trainingPlan(smallNetwork('sigmoid', 2), defaultRecipe, { batch: 2, size: [4, 4] });
    const dx = graph.nodes.filter((n) => n.op === 'batchnorm_grad').map((n) => n.outputs[0]?.id);
    expect(dx.length).toBe(1);
    expect(graph.nodes.filter((n) => n.op === 'reduce_sum' && dx.includes(n.inputs[0]?.id))).toEqual([]);
  });

  const cases: [LossName, 'sigmoid' | 'softmax', number][] = [
    ...lossNames.filter((n) => n !== 'cross_entropy').map((n): [LossName, 'sigmoid', number] => [n, 'sigmoid', 2]),
    ['cross_entropy', 'softmax', 3],
    ['dice', 'softmax', 3],
    ['focal', 'softmax', 3],
    ['lovasz', 'softmax', 3],
  ];
  it.each(cases)('%s on %s: every gradient equals finite differences of the loss', (loss, activation, classes) => {
    const network = smallNetwork(activation, classes);
    const recipe: Recipe = {
      ...defaultRecipe,
      loss: [lossTerm(loss, 0.7, loss === 'tversky' ? { alpha: 0.3, beta: 0.6 } : {})],
      weights: [1, 3],
      optimizer: optimizerOf('sgd', { momentum: 0 }),
    };
    const plan = trainingPlan(network, recipe, { batch: 2, size: [4, 4] });
    const theta = noise(5, plan.parameters.length);
    const target = Float64Array.from({ length: product(plan.targetShape) }, (_, k) => {
      if (activation === 'sigmoid') return k % 3 === 0 ? 1 : 0;
      return Math.floor(k / 16) % classes === (k * 7) % classes ? 1 : 0;
    });
    const feeds = (parameters: Float64Array) =>
      new Map([
        ['image', tensor(plan.imageShape, noise(9, product(plan.imageShape)))],
        ['target', tensor(plan.targetShape, target)],
        ['parameters', tensor([parameters.length], parameters)],
        ['statistics', tensor([plan.statistics.length], new Float64Array(plan.statistics.length))],
        ['lr', tensor([], [1])],
        ['step', tensor([], [1])],
      ]);
    const answer = evaluate(plan.graph, feeds(theta));
    const lossAt = (k: number, by: number) =>
      evaluate(plan.graph, feeds(theta.map((v, at) => (at === k ? v + by : v)))).get('loss')?.data[0] ?? Number.NaN;
    const [first, second] = answer.get('head_losses')?.data ?? [];
    expect(answer.get('loss')?.data[0]).toBeCloseTo(0.25 * (first ?? 0) + 0.75 * (second ?? 0), 12);
    for (let k = 0; k < theta.length; k++) {
      const gradient = (theta[k] as number) - (answer.get('parameters_next')?.data[k] ?? Number.NaN);
      expect(gradient).toBeCloseTo((lossAt(k, 1e-5) - lossAt(k, -1e-5)) / 2e-5, 7);
    }
  });

  it('clips by the global norm and leaves a small gradient alone', () => {
    const step = (clip: number | undefined) => {
      const recipe: Recipe = {
        ...defaultRecipe,
        clip,
        optimizer: optimizerOf('sgd', { momentum: 0 }),
      };
      const plan = trainingPlan(smallNetwork('sigmoid', 1), recipe, { batch: 1, size: [4, 4] });
      const theta = noise(5, plan.parameters.length);
      const answer = evaluate(
        plan.graph,
        new Map([
          ['image', tensor(plan.imageShape, noise(9, product(plan.imageShape)))],
          ['target', tensor(plan.targetShape, new Float64Array(product(plan.targetShape)))],
          ['parameters', tensor([theta.length], theta)],
          ['statistics', tensor([plan.statistics.length], new Float64Array(plan.statistics.length))],
          ['lr', tensor([], [1])],
          ['step', tensor([], [1])],
        ]),
      );
      const moved = theta.map((v, k) => v - (answer.get('parameters_next')?.data[k] ?? Number.NaN));
      return { norm: answer.get('gradient_norm')?.data[0] ?? Number.NaN, moved: Math.hypot(...moved) };
    };
    const free = step(undefined);
    expect(free.moved).toBeCloseTo(free.norm, 10);
    expect(step(free.norm / 2).moved).toBeCloseTo(free.norm / 2, 4);
    expect(step(free.norm * 2).moved).toBeCloseTo(free.norm, 10);
  });
});
