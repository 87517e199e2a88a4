import { initialState, initialWeights } from '../../../compiler/6-build/initialize.js';
import {
  deploy,
  load,
  lowerPrecision,
  optimizeForRuntime,
  specializeGraph,
  type TrainingPlan,
  trainingPlan,
} from '../../../compiler/index.js';
import { knownShape } from '../../../compiler/ir/dim.js';
import type { Graph, Network } from '../../../compiler/ir/graph.js';
import { stream } from '../../../compiler/random.js';
import type { Recipe } from '../../../compiler/recipe.js';
import type { Engine, TrainingEngine } from '../../engines/engine.js';

/** A graph on an engine, ready to be run again and again. */
export interface Runnable {
  /** As the engine computes it: what a prediction is made of. */
  readonly graph: Graph;
  run(): Promise<unknown>;
  dispose(): Promise<void>;
}

/** A level and mode, as `predict` runs it. */
export async function runnablePrediction(
  network: Network,
  engine: Engine,
  sizes: Readonly<Record<string, number>>,
  selection: { readonly level?: number; readonly mode?: string } = {},
): Promise<Runnable> {
  const bound = specializeGraph(deploy(network, selection), sizes);
  const image = noise(knownShape(bound.inputs[0]?.value.type.shape ?? []));
  const predictor = await engine.predictor(bound, initialWeights(network.graph.params, 0));
  const executed = optimizeForRuntime(bound, null, engine.deployRuntime).graph;
  const graph = engine.precision === 'bf16' ? lowerPrecision(executed) : executed;
  return { graph, run: () => predictor.run(image), dispose: () => predictor.dispose() };
}

/** A training step of the whole network; `replan` may put another in place of its plan. */
export async function runnableStep(
  network: Network,
  recipe: Recipe,
  engine: TrainingEngine,
  batch: number,
  size: readonly number[],
  replan: (plan: TrainingPlan) => TrainingPlan = (plan) => plan,
): Promise<Runnable> {
  const plan = replan(trainingPlan(network, recipe, { batch, size: [...size] }));
  const trainer = await engine.trainer(plan, initialState(plan, 0));
  const image = noise(plan.imageShape).data;
  const target = noise(plan.targetShape).data.map((v) => (v > 0.5 ? 1 : 0));
  let step = 1;
  return {
    graph: engine.precision === 'bf16' ? lowerPrecision(plan.graph) : plan.graph,
    run: () => trainer.step({ image, target, lr: 1e-4, step: step++, seed: 1 }),
    dispose: () => trainer.dispose(),
  };
}

/** A network of the suite. Throws if its text is wrong: that is our mistake. */
export function probe(spec: string): { network: Network; recipe: Recipe } {
  const { network, recipe, diagnostics } = load(spec);
  if (!network) throw new Error(`calibration: ${diagnostics[0]?.message}\n${spec}`);
  return { network, recipe };
}

/** Milliseconds since some moment. */
export type Clock = () => number;

export const wallClock: Clock = () => performance.now();

/** What ran before has left other things in the caches, and threads of its own that wait awhile before they sleep: it is run past. */
const settlingMs = 5;

/**
 * Seconds of one run: the lower quartile over rounds, which a machine that is busy now and then does not move. All take
 * turns within a round, each running once, or longer than `settlingMs`, before the run that counts.
 */
export async function timed(
  runnables: readonly Runnable[],
  options: {
    readonly rounds: number;
    readonly clock?: Clock;
    readonly signal?: AbortSignal;
    readonly onProgress?: (done: number, total: number) => void;
  },
): Promise<number[]> {
  const { rounds, clock = wallClock, signal } = options;
  const times = runnables.map((): number[] => []);
  for (const r of runnables) await r.run();
  for (let round = 0; round < rounds; round++) {
    for (const [k, runnable] of runnables.entries()) {
      signal?.throwIfAborted();
      const settled = clock() + settlingMs;
      do await runnable.run();
      while (clock() < settled);
      const started = clock();
      await runnable.run();
      times[k]?.push((clock() - started) / 1000);
    }
    options.onProgress?.(round + 1, rounds);
  }
  return times.map((t) => t.sort((a, b) => a - b)[Math.floor((t.length - 1) / 4)] as number);
}

function noise(shape: readonly number[]): { data: Float32Array; shape: readonly number[] } {
  const random = stream(0, 'calibrate');
  const data = Float32Array.from({ length: shape.reduce((n, d) => n * d, 1) }, () => random.uniform());
  return { data, shape };
}
