import { type InferenceSession, Tensor } from 'onnxruntime-node';
import type { TrainingPlan } from '../../compiler/3-transform/training-plan.js';
import { emitOnnx } from '../../compiler/5-emit/onnx/index.js';
import type { StepInput, StepResult, Trainer, TrainingState } from '../engine.js';
import { blockSize } from './blocks.js';
import { floats, type OrtDevice, openSession } from './session.js';

/** State tensors by input name: `parameters`, each slot, `statistics`. */
type StateTensors = Readonly<Record<string, Tensor>>;

/**
 * Trains with one ONNX graph a step. The state lives in two sets of flat tensors that take turns: a step reads one and
 * writes the other, so nothing is copied or allocated.
 */
export async function createTrainer(plan: TrainingPlan, state: TrainingState, device?: OrtDevice): Promise<Trainer> {
  const block = device === 'webgpu' ? 0 : await blockSize();
  const model = emitOnnx(plan.graph, { name: 'step', metadata: {}, device, block });
  const session = await openSession(model, device);
  return new OrtTrainer(session, plan, state);
}

class OrtTrainer implements Trainer {
  readonly #session: InferenceSession;
  readonly #plan: TrainingPlan;
  readonly #start: TrainingState;
  /** What a step may be fed; a plan leaves inputs out that it does not use. */
  readonly #inputs: ReadonlySet<string>;
  /** State that a step changes. */
  readonly #changing: readonly string[];
  #now: StateTensors;
  #next: StateTensors;

  constructor(session: InferenceSession, plan: TrainingPlan, state: TrainingState) {
    this.#session = session;
    this.#plan = plan;
    this.#start = state;
    this.#inputs = new Set(plan.graph.inputs.map((i) => i.name));
    const given: Record<string, Float32Array> = { parameters: state.parameters, statistics: state.statistics };
    for (const name of plan.slots) {
      const slot = state.slots[name];
      if (!slot) throw new Error(`the state has no slot ${name}`);
      given[name] = slot;
    }
    const outputs = new Set(plan.graph.outputs.map((o) => o.name));
    this.#changing = Object.keys(given).filter((name) => outputs.has(`${name}_next`));
    const tensors = (make: (data: Float32Array) => Float32Array): StateTensors =>
      Object.fromEntries(
        this.#changing.map((name) => {
          const data = make(given[name] as Float32Array);
          return [name, new Tensor('float32', data, [data.length])];
        }),
      );
    this.#now = tensors((data) => data.slice());
    this.#next = tensors((data) => new Float32Array(data.length));
  }

  async step(input: StepInput): Promise<StepResult> {
    const scalar = (value: number) => new Tensor('float32', Float32Array.of(value), []);
    const all: Record<string, Tensor> = {
      ...this.#now,
      image: new Tensor('float32', input.image, this.#plan.imageShape),
      target: new Tensor('float32', input.target, this.#plan.targetShape),
      lr: scalar(input.lr),
      step: scalar(input.step),
      seed: new Tensor('int64', BigInt64Array.of(BigInt(input.seed)), []),
    };
    const feeds = Object.fromEntries(Object.entries(all).filter(([name]) => this.#inputs.has(name)));
    const fetches: Record<string, Tensor | null> = { loss: null, head_losses: null, gradient_norm: null };
    for (const name of this.#changing) fetches[`${name}_next`] = this.#next[name] as Tensor;
    const result = await this.#session.run(feeds, fetches);
    [this.#now, this.#next] = [this.#next, this.#now];
    return {
      loss: floats(result.loss as Tensor)[0] as number,
      headLosses: floats(result.head_losses as Tensor),
      gradientNorm: floats(result.gradient_norm as Tensor)[0] as number,
    };
  }

  async snapshot(): Promise<TrainingState> {
    const copy = (name: string, unchanged: Float32Array | undefined): Float32Array => {
      const tensor = this.#now[name];
      return tensor ? floats(tensor).slice() : (unchanged ?? new Float32Array()).slice();
    };
    return {
      parameters: copy('parameters', this.#start.parameters),
      statistics: copy('statistics', this.#start.statistics),
      slots: Object.fromEntries(this.#plan.slots.map((name) => [name, copy(name, this.#start.slots[name])])),
    };
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
}
