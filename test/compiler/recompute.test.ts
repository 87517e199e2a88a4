import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { initialState } from '../../compiler/6-build/initialize.js';
import { executionPlan, type Graph, load, type Optimizer, recompute, trainingPlan } from '../../compiler/index.js';
import { stream } from '../../compiler/random.js';
import { optimizerOf } from '../../compiler/recipe.js';
import type { TrainingEngine } from '../../runtime/engines/engine.js';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import { tensorflow } from '../../runtime/engines/tensorflow/index.js';
import { networkSpecs, nthSizes } from '../../testing/index.js';
import { referenceEngine } from '../../testing/reference-engine.js';
import { cases } from '../cases.js';

const { available: hasTensorFlow } = await tensorflow().status();

const dropping = `network Dropping {
  input image: f32[N, 2, H, W]
  block Unit(x, c) { x |> conv(c, kernel: 3, bias: false) |> batchnorm |> leaky_relu |> dropout(0.3) }
  grid X[i in 0..2, j in 0..2 - i] {
    X[0, 0] = image |> Unit(3)
    X[i, 0] = X[i-1, 0] |> maxpool(2) |> Unit(4)
    X[i, j] = concat(X[i, 0..j-1], X[i+1, j-1] |> upsample(2)) |> Unit(3)
  }
  head S[j in 1..2] = X[0, j] |> conv(1, kernel: 1) |> sigmoid
  output mask = mean(S)
}`;

/** @param edge absent: the smallest that the network takes */
function planOf(text: string, edge?: number, optimizer?: Optimizer['name']) {
  const { network, recipe, diagnostics } = load(text);
  if (!network) throw new Error(diagnostics.map((d) => d.message).join('\n'));
  const sizes = nthSizes(network, 1, []);
  const shape = network.graph.inputs[0]?.value.type.shape ?? [];
  const size = shape.slice(2).map((d) => (d.symbol === null ? d.offset : (edge ?? sizes[d.symbol] ?? 1)));
  const chosen = optimizer ? optimizerOf(optimizer, recipe.optimizer) : recipe.optimizer;
  return trainingPlan(network, { ...recipe, optimizer: chosen, weights: undefined }, { batch: 2, size });
}

/** All that it would do at most: nothing ever fits, and every step that was tried is looked at. */
function attempts(graph: Graph): Graph[] {
  const seen: Graph[] = [];
  recompute(graph, (tried) => {
    seen.push(tried);
    return false;
  });
  return seen;
}

async function stateAfter(engine: TrainingEngine, plan: ReturnType<typeof planOf>, steps: number) {
  const trainer = await engine.trainer(plan, initialState(plan, 3));
  const random = stream(5, 'recompute');
  const floats = (shape: readonly number[]) =>
    Float32Array.from({ length: shape.reduce((n, d) => n * d, 1) }, () => random.uniform());
  const losses: number[] = [];
  for (let step = 1; step <= steps; step++) {
    const target = floats(plan.targetShape).map((v) => (v > 0.5 ? 1 : 0));
    const { loss } = await trainer.step({ image: floats(plan.imageShape), target, lr: 1e-3, step, seed: 11 });
    losses.push(loss);
  }
  const { parameters } = await trainer.snapshot();
  await trainer.dispose();
  return [...losses, ...parameters];
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const [k, x] of actual.entries()) {
    const y = expected[k] as number;
    if (!(Math.abs(x - y) <= 1e-6 * Math.max(1, Math.abs(y)))) throw new Error(`number ${k} is ${x}, plainly ${y}`);
  }
}

describe.each([referenceEngine, ort, ...(hasTensorFlow ? [tensorflow()] : [])])('in $name', (engine) => {
  it('a step with dropout learns the same, however much is computed twice', { timeout: 120_000 }, async () => {
    const plan = planOf(dropping, 32);
    const expected = await stateAfter(engine, plan, 3);
    const tried = attempts(plan.graph);
    expect(tried.length).toBeGreaterThan(1);
    for (const graph of [tried[0], tried.at(-1)]) {
      expectClose(await stateAfter(engine, { ...plan, graph: graph as Graph }, 3), expected);
    }
  });
});

/** Of random networks, the plain step and the one that computes the most twice. */
const both = networkSpecs({ depth: 3, channels: 3 }).map((text) => {
  // Adam divides a gradient by its own size, and so learns from the sign of what rounding leaves of a zero.
  const plan = planOf(text, undefined, 'sgd');
  return { plan, graph: attempts(plan.graph).at(-1) };
});

it('random networks learn the same, to the last bit of double precision', { timeout: 400_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(both, async ({ plan, graph }) => {
      if (!graph) return;
      const plainly = await stateAfter(referenceEngine, plan, 2);
      expect(await stateAfter(referenceEngine, { ...plan, graph }, 2)).toEqual(plainly);
    }),
    cases(8),
  );
});

it('random networks learn the same in ONNX Runtime', { timeout: 400_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(both, async ({ plan, graph }) => {
      if (!graph) return;
      expectClose(await stateAfter(ort, { ...plan, graph }, 2), await stateAfter(ort, plan, 2));
    }),
    cases(15),
  );
});

it('holds less where norms and activations are computed twice, for no multiplication', () => {
  const plan = planOf(dropping, 32);
  const plain = executionPlan(plan.graph).peakBytes;
  const found = recompute(plan.graph, (graph) => executionPlan(graph).peakBytes < 0.9 * plain);
  expect(found).toMatchObject({ extraMacs: 0 });
  expect(found?.nodes).toBeGreaterThan(0);
});

it('says so where nothing is enough', () => {
  expect(recompute(planOf(dropping, 32).graph, () => false)).toBeUndefined();
});
