import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { type TrainingPlan, written } from '../../../compiler/3-transform/training-plan.js';
import { emitOnnx } from '../../../compiler/5-emit/onnx/index.js';
import { chunkedStep, type StateView } from '../../../compiler/index.js';
import type { Graph } from '../../../compiler/ir/graph.js';
import type { StepInput, StepResult, Trainer, TrainingState } from '../engine.js';
import { blockSize } from './blocks.js';
import { floats, type OrtDevice, openSession } from './session.js';
import { StepState, vectorsOf } from './state.js';

/** Trains with one ONNX graph a step, on state that lies in flat vectors (state.ts). */
export async function createTrainer(plan: TrainingPlan, state: TrainingState, device?: OrtDevice): Promise<Trainer> {
  // On a GPU an input is a transfer: there the state stays whole, and two sets of it take turns.
  const gpu = device === 'webgpu';
  const { graph, views } = gpu ? { graph: plan.graph, views: wholeViews(plan) } : chunkedStep(plan);
  const block = gpu ? 0 : await blockSize();
  const model = emitOnnx(graph, { name: 'step', metadata: {}, device, block });
  const session = await openSession(model, device);
  return new OrtTrainer(session, plan, new StepState(vectorsOf(state), views, !gpu), graph);
}

/** Every vector that a step reads, as it is. */
function wholeViews({ graph, parameters, slots, statistics }: TrainingPlan): StateView[] {
  const read = new Set(graph.inputs.map((i) => i.name));
  const whole = (name: string, length: number): StateView => ({
    ...{ name, next: written(name), of: name, offset: 0, length },
  });
  const vectors = ['parameters', ...slots].map((name) => whole(name, parameters.length));
  return [...vectors, whole('statistics', statistics.length)].filter(({ name }) => read.has(name));
}

class OrtTrainer implements Trainer {
  readonly #session: InferenceSession;
  readonly #plan: TrainingPlan;
  readonly #state: StepState;
  /** What a step may be fed; a plan leaves inputs out that it does not use. */
  readonly #inputs: ReadonlySet<string>;

  constructor(session: InferenceSession, plan: TrainingPlan, state: StepState, graph: Graph) {
    this.#session = session;
    this.#plan = plan;
    this.#state = state;
    this.#inputs = new Set(graph.inputs.map((i) => i.name));
  }

  async step(input: StepInput): Promise<StepResult> {
    const scalar = (value: number) => new Tensor('float32', Float32Array.of(value), []);
    const all: Record<string, Tensor> = {
      ...this.#state.inputs(),
      image: new Tensor('float32', input.image, this.#plan.imageShape),
      target: new Tensor('float32', input.target, this.#plan.targetShape),
      lr: scalar(input.lr),
      step: scalar(input.step),
      seed: new Tensor('int64', BigInt64Array.of(BigInt(input.seed)), []),
    };
    const feeds = Object.fromEntries(Object.entries(all).filter(([name]) => this.#inputs.has(name)));
    const results = { loss: null, head_losses: null, gradient_norm: null };
    const result = await this.#session.run(feeds, { ...results, ...this.#state.outputs() });
    this.#state.advance();
    return {
      loss: floats(result.loss as Tensor)[0] as number,
      headLosses: floats(result.head_losses as Tensor),
      gradientNorm: floats(result.gradient_norm as Tensor)[0] as number,
    };
  }

  async snapshot(): Promise<TrainingState> {
    const state = this.#state;
    return {
      parameters: state.copy('parameters'),
      statistics: state.copy('statistics'),
      slots: Object.fromEntries(this.#plan.slots.map((name) => [name, state.copy(name)])),
    };
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
}
