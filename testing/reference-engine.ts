import type { TrainingPlan } from '../compiler/3-transform/training-plan.js';
import type { Graph } from '../compiler/ir/graph.js';
import type {
  Predictor,
  StepInput,
  StepResult,
  Tensor,
  Trainer,
  TrainingEngine,
  TrainingState,
  Weights,
} from '../runtime/engines/engine.js';
import { evaluate, type Float64Tensor, tensor } from './reference/index.js';

/**
 * An engine that runs every graph node by node in double precision, straight from each operator's definition: slow, and
 * what other engines are measured against. State and outputs are rounded to float32, as an engine's are.
 */
export const referenceEngine: TrainingEngine = {
  name: 'reference',
  title: 'the float64 reference',
  deployRuntime: 'plain',
  device: 'cpu',
  precision: 'fp32',
  status: async () => ({ available: true, devices: ['float64'] }),
  trainer: async (plan, state) => new ReferenceTrainer(plan, state),
  predictor: async (graph, weights) => new ReferencePredictor(graph, weights),
};

class ReferencePredictor implements Predictor {
  private readonly weights: ReadonlyMap<string, Float64Tensor>;

  constructor(
    private readonly graph: Graph,
    weights: Weights,
  ) {
    this.weights = new Map([...weights].map(([path, w]) => [path, tensor(w.shape, w.data)]));
  }

  async run(image: Tensor): Promise<ReadonlyMap<string, Tensor>> {
    const name = this.graph.inputs[0]?.name ?? 'image';
    const feeds = new Map(this.weights).set(name, tensor(image.shape, image.data));
    return new Map([...evaluate(this.graph, feeds)].map(([output, value]) => [output, rounded(value)]));
  }

  async dispose(): Promise<void> {}
}

class ReferenceTrainer implements Trainer {
  constructor(
    private readonly plan: TrainingPlan,
    private state: TrainingState,
  ) {}

  async step({ image, target, lr, step, seed }: StepInput): Promise<StepResult> {
    const { plan, state } = this;
    const all: Record<string, Float64Tensor> = {
      image: tensor(plan.imageShape, image),
      target: tensor(plan.targetShape, target),
      parameters: tensor([plan.parameters.length], state.parameters),
      statistics: tensor([state.statistics.length], state.statistics),
      lr: tensor([], [lr]),
      step: tensor([], [step]),
      seed: tensor([], [seed]),
    };
    for (const name of plan.slots) all[name] = tensor([plan.parameters.length], state.slots[name] ?? []);
    const feeds = new Map(plan.graph.inputs.map(({ name }) => [name, all[name] as Float64Tensor]));
    const answers = evaluate(plan.graph, feeds);
    const answer = (name: string): Float32Array => rounded(answers.get(name) as Float64Tensor).data;
    this.state = {
      parameters: answer('parameters_next'),
      statistics: answers.has('statistics_next') ? answer('statistics_next') : state.statistics,
      slots: Object.fromEntries(plan.slots.map((name) => [name, answer(`${name}_next`)])),
    };
    return {
      loss: answer('loss')[0] ?? Number.NaN,
      headLosses: answer('head_losses'),
      gradientNorm: answer('gradient_norm')[0] ?? Number.NaN,
    };
  }

  async snapshot(): Promise<TrainingState> {
    const { parameters, statistics, slots } = this.state;
    const copies = Object.entries(slots).map(([name, slot]) => [name, slot.slice()]);
    return { parameters: parameters.slice(), statistics: statistics.slice(), slots: Object.fromEntries(copies) };
  }

  async dispose(): Promise<void> {}
}

const rounded = (t: Float64Tensor): Tensor => ({ data: Float32Array.from(t.data), shape: t.shape });
