import { initialState, initialWeights } from '../compiler/6-build/initialize.js';
import {
  deploy,
  type Graph,
  type Network,
  type Recipe,
  type Sizes,
  simplify,
  specializeGraph,
  topLevel,
  trainingPlan,
} from '../compiler/index.js';
import { knownShape, printShape } from '../compiler/ir/dim.js';
import type { Value } from '../compiler/ir/graph.js';
import { stream } from '../compiler/random.js';
import type { Tensor, TrainingEngine, Weights } from '../runtime/engines/engine.js';

/** One thing to try a network with. */
export interface Case {
  readonly network: Network;
  readonly recipe: Recipe;
  readonly level: number;
  readonly mode: string;
  /** Values of the network's symbols; N is the batch. */
  readonly sizes: Sizes;
  /** Of weights and inputs. */
  readonly seed: number;
}

/** A property of every network: resolves where it holds, rejects with what was found where it does not. */
export interface Property {
  readonly name: string;
  /** One sentence. */
  readonly claim: string;
  check(engine: TrainingEngine, tried: Case): Promise<void>;
}

/** Largest difference between an image alone and in a batch, as a share of max(1, |value|): engines may order sums differently. */
export const batchTolerance = 1e-4;

/** Every value of the deployed graph has, on the engine, the shape that was inferred for it. */
export const shapesAgree: Property = {
  name: 'shapes',
  claim: 'inferred shapes are the engine’s',
  async check(engine, { network, level, mode, sizes, seed }) {
    const graph = deploy(network, { level, mode });
    const watched = everyValue(graph);
    const answers = await runOnce(engine, watched.graph, network, sizes, seed);
    const bound = new Map(everyValue(specializeGraph(graph, sizes)).graph.outputs.map((o) => [o.name, o.value]));
    for (const [name, value] of bound) {
      const due = knownShape(value.type.shape);
      const found = answers.get(name);
      if (found && sameNumbers(found.shape, due)) continue;
      const symbolic = watched.graph.outputs.find((o) => o.name === name)?.value ?? value;
      const engineShape = found ? `[${found.shape.join(', ')}]` : 'missing';
      throw new Error(
        `${value.origin.path} is ${printShape(symbolic.type.shape)} = [${due.join(', ')}], on ${engine.name} ${engineShape}`,
      );
    }
  },
};

/** A pruned network returns what the full one does, to the last bit. */
export const pruningIsExact: Property = {
  name: 'pruning',
  claim: 'pruned outputs are those of the full network, bit for bit',
  async check(engine, { network, level, mode, sizes, seed }) {
    const image = randomImage(network, sizes, seed);
    const weights = initialWeights(network.graph.params, seed);
    const whole = await run(engine, simplify(network.graph), weights, image);
    const pruned = await run(engine, deploy(network, { level, mode }), weights, image);
    const heads = await run(engine, deploy(network, { level, mode: 'all' }), weights, image);
    expectBits(
      `${mode} at L${level}`,
      pruned.get(network.outputName),
      whole.get(`${network.outputName}.${mode}@L${level}`),
    );
    for (const head of network.heads) {
      if (head.level <= level) expectBits(`${head.name} of L${level}`, heads.get(head.name), whole.get(head.name));
    }
  },
};

/** The output for an image does not depend on the others of its batch. */
export const batchIndependent: Property = {
  name: 'batch',
  claim: 'an image alone is answered as in a batch',
  async check(engine, { network, level, mode, sizes, seed }) {
    const batch = Math.max(2, sizes.N ?? 1);
    const all = randomImage(network, { ...sizes, N: batch }, seed);
    const weights = initialWeights(network.graph.params, seed);
    const predictor = await engine.predictor(deploy(network, { level, mode }), weights);
    try {
      const together = answerOf(await predictor.run(all), network.outputName);
      const length = all.data.length / batch;
      const answer = together.data.length / batch;
      for (let k = 0; k < batch; k++) {
        const one = { data: all.data.slice(k * length, (k + 1) * length), shape: [1, ...all.shape.slice(1)] };
        const alone = answerOf(await predictor.run(one), network.outputName);
        expectNear(`image ${k + 1} of ${batch}`, alone.data, together.data.subarray(k * answer, (k + 1) * answer));
      }
    } finally {
      await predictor.dispose();
    }
  },
};

/** Two steps of training keep every number finite, and change the weights. */
export const gradientsFinite: Property = {
  name: 'gradients',
  claim: 'losses, gradients and weights stay finite over two training steps',
  async check(engine, { network, recipe, sizes, seed }) {
    const size = spatial(network).map((d) => (d.symbol === null ? d.offset : (sizes[d.symbol] ?? 1)));
    const weights = recipe.weights?.length === network.heads.length ? recipe.weights : undefined;
    const plan = trainingPlan(network, { ...recipe, weights }, { batch: sizes.N ?? 1, size });
    const before = initialState(plan, seed);
    const trainer = await engine.trainer(plan, { ...before, parameters: before.parameters.slice() });
    try {
      const image = randomImage(network, sizes, seed).data;
      const target = randomTarget(plan.targetShape, seed);
      for (let step = 1; step <= 2; step++) {
        const result = await trainer.step({ image, target, lr: 1e-4, step, seed: seed + step });
        expectFinite(`the loss of step ${step}`, [result.loss]);
        expectFinite(`a head's loss in step ${step}`, result.headLosses);
        expectFinite(`the gradient of step ${step}`, [result.gradientNorm]);
      }
      const after = await trainer.snapshot();
      for (const { path, offset, length } of plan.parameters.slots) {
        expectFinite(`${path} after training`, after.parameters.subarray(offset, offset + length));
      }
      for (const { path, offset, length } of plan.statistics.slots) {
        expectFinite(`${path} after training`, after.statistics.subarray(offset, offset + length));
      }
      if (after.parameters.every((v, k) => v === before.parameters[k])) throw new Error('no weight changed');
    } finally {
      await trainer.dispose();
    }
  },
};

export const properties: readonly Property[] = [shapesAgree, pruningIsExact, batchIndependent, gradientsFinite];

/** The same graph with every value that a node makes as an output, named by its id. */
function everyValue(graph: Graph): { graph: Graph } {
  const made = graph.nodes.flatMap((n) => n.outputs);
  return { graph: { ...graph, outputs: made.map((value: Value) => ({ name: `v${value.id}`, value })) } };
}

async function runOnce(
  engine: TrainingEngine,
  graph: Graph,
  network: Network,
  sizes: Sizes,
  seed: number,
): Promise<ReadonlyMap<string, Tensor>> {
  return run(engine, graph, initialWeights(network.graph.params, seed), randomImage(network, sizes, seed));
}

async function run(
  engine: TrainingEngine,
  graph: Graph,
  weights: Weights,
  image: Tensor,
): Promise<ReadonlyMap<string, Tensor>> {
  const predictor = await engine.predictor(graph, weights);
  try {
    return await predictor.run(image);
  } finally {
    await predictor.dispose();
  }
}

const spatial = (network: Network) => (network.graph.inputs[0]?.value.type.shape ?? []).slice(2);

/** Uniform in -1..1. */
function randomImage(network: Network, sizes: Sizes, seed: number): Tensor {
  const shape = (network.graph.inputs[0]?.value.type.shape ?? []).map((d) =>
    d.symbol === null ? d.offset : (sizes[d.symbol] ?? 1),
  );
  const random = stream(seed, 'image');
  return { shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.uniform(-1, 1)) };
}

/** [N, classes, ...]: one class a pixel, or none: a truth that any loss takes. */
export function randomTarget(shape: readonly number[], seed: number): Float32Array {
  const [batch = 1, classes = 1, ...space] = shape;
  const area = space.reduce((a, b) => a * b, 1);
  const random = stream(seed, 'target');
  const target = new Float32Array(batch * classes * area);
  for (let n = 0; n < batch; n++) {
    for (let p = 0; p < area; p++) {
      const label = random.int(Math.max(2, classes));
      if (label < classes) target[(n * classes + label) * area + p] = 1;
    }
  }
  return target;
}

function answerOf(answers: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const answer = answers.get(name);
  if (!answer) throw new Error(`there is no output ${name}`);
  return answer;
}

const sameNumbers = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((n, k) => n === b[k]);

function expectBits(what: string, found: Tensor | undefined, due: Tensor | undefined): void {
  if (!found || !due) throw new Error(`${what} is missing`);
  if (!sameNumbers(found.shape, due.shape))
    throw new Error(`${what} is [${found.shape.join(', ')}], in the full network [${due.shape.join(', ')}]`);
  for (let k = 0; k < due.data.length; k++) {
    if (Object.is(found.data[k], due.data[k])) continue;
    throw new Error(`${what} differs from the full network at element ${k}: ${found.data[k]} and ${due.data[k]}`);
  }
}

function expectNear(what: string, found: Float32Array, due: Float32Array): void {
  for (let k = 0; k < due.length; k++) {
    const a = found[k] as number;
    const b = due[k] as number;
    if (Math.abs(a - b) <= batchTolerance * Math.max(1, Math.abs(b))) continue;
    throw new Error(`${what} alone differs at element ${k}: ${a} and ${b}`);
  }
}

function expectFinite(what: string, values: ArrayLike<number>): void {
  for (let k = 0; k < values.length; k++) {
    if (!Number.isFinite(values[k])) throw new Error(`${what} is ${values[k]}`);
  }
}

/** The default selection of a network. */
export const defaultSelection = (network: Network): { level: number; mode: string } => ({
  level: topLevel(network),
  mode: network.modes[0] ?? 'default',
});
