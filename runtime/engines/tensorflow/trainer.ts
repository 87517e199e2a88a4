import { lowerPrecision } from '../../../compiler/3-transform/precision.js';
import type { TrainingPlan } from '../../../compiler/3-transform/training-plan.js';
import {
  emitTraining,
  encodeGraph,
  reorderedArena,
  type TfPort,
  type TfTrainingGraph,
} from '../../../compiler/5-emit/tensorflow/index.js';
import type { StepInput, StepResult, Tensor, Trainer, TrainingState } from '../engine.js';
import type { CApi } from './c-api.js';
import { type Fed, type TensorFlowOptions, TfSession } from './session.js';

/** Trains with one TensorFlow graph; the state stays in the session's variables. */
export async function createTrainer(
  api: CApi,
  { device, precision }: TensorFlowOptions,
  plan: TrainingPlan,
  state: TrainingState,
): Promise<Trainer> {
  const graph = emitTraining(
    precision === 'bf16' ? { ...plan, graph: lowerPrecision(plan.graph) } : plan,
    'channels-first',
  );
  const trainer = new TfTrainer(new TfSession(api, encodeGraph(graph.nodes), device), plan, graph);
  await trainer.restore(state);
  return trainer;
}

class TfTrainer implements Trainer {
  readonly #session: TfSession;
  readonly #plan: TrainingPlan;
  readonly #graph: Omit<TfTrainingGraph, 'nodes'>;
  /** Vectors by name that no variable holds, since no step changes them. */
  #rest: ReadonlyMap<string, Float32Array> = new Map();

  constructor(session: TfSession, plan: TrainingPlan, { step, restore, snapshot }: TfTrainingGraph) {
    this.#session = session;
    this.#plan = plan;
    this.#graph = { step, restore, snapshot };
  }

  async restore(state: TrainingState): Promise<void> {
    const { parameters, statistics, slots } = state;
    const vectors: Record<string, Float32Array> = { ...slots, parameters, statistics };
    const { inputs, each } = this.#graph.restore;
    // The state is not kept: what the variables hold need not be there twice.
    const held = new Set(inputs.map((i) => i.name));
    this.#rest = new Map(Object.entries(vectors).filter(([name]) => !held.has(name)));
    // One vector after the other: of a large network several at once would be the largest thing a run holds.
    for (const [k, { name, tensor, shape }] of inputs.entries()) {
      const vector = vectors[name];
      if (!vector) throw new Error(`the state has no slot ${name}`);
      const data = (into: Float32Array): void => this.#reorder(name, vector, 'to-tensorflow', into);
      await this.#session.run([[tensor, { data, shape }]], [(each[k] as TfPort).tensor]);
    }
  }

  async step(input: StepInput): Promise<StepResult> {
    const { inputs, outputs } = this.#graph.step;
    const scalar = (value: number): Fed => ({ data: Float32Array.of(value), shape: [] });
    const given: Record<string, Fed> = {
      image: { data: input.image, shape: this.#plan.imageShape },
      target: { data: input.target, shape: this.#plan.targetShape },
      lr: scalar(input.lr),
      step: scalar(input.step),
      seed: { data: BigInt64Array.of(BigInt(input.seed)), shape: [] },
    };
    const feeds = inputs.map(({ name, tensor }) => [tensor, given[name] as Fed] as const);
    const found = await this.#session.run(
      feeds,
      outputs.map((o) => o.tensor),
    );
    const answer = (name: string): Float32Array => (found[outputs.findIndex((o) => o.name === name)] as Tensor).data;
    return {
      loss: answer('loss')[0] as number,
      headLosses: answer('head_losses'),
      gradientNorm: answer('gradient_norm')[0] as number,
    };
  }

  async snapshot(): Promise<TrainingState> {
    const { outputs } = this.#graph.snapshot;
    const found = await this.#session.run(
      [],
      outputs.map((o) => o.tensor),
    );
    const vectors = new Map(
      outputs.map(({ name }, k) => {
        const { data } = found[k] as Tensor;
        const vector = new Float32Array(data.length);
        this.#reorder(name, data, 'from-tensorflow', vector);
        return [name, vector];
      }),
    );
    const vector = (name: string): Float32Array => vectors.get(name) ?? (this.#rest.get(name) as Float32Array).slice();
    return {
      parameters: vector('parameters'),
      statistics: vector('statistics'),
      slots: Object.fromEntries(this.#plan.slots.map((name) => [name, vector(name)])),
    };
  }

  async dispose(): Promise<void> {
    this.#session.dispose();
  }

  /** Statistics are vectors over channels, which have one order. */
  #reorder(name: string, from: Float32Array, direction: 'to-tensorflow' | 'from-tensorflow', into: Float32Array): void {
    if (name === 'statistics') into.set(from);
    else reorderedArena(from, this.#plan.parameters.slots, direction, into);
  }
}
