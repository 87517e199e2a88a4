import { availableParallelism } from 'node:os';
import type { Tensor } from '../engine.js';
import type { Pointer } from './c-api.js';
import type { Core, Device } from './core.js';

export interface OpenVinoOptions {
  readonly device: Device;
  /** bf16: what the device computes in that it would else compute in fp32; an int8 model's int8 stays. */
  readonly precision: 'fp32' | 'bf16';
}

/** How models run: one image at a time, on every core this process may use, in the precision asked for and no other. */
function settingsOf({ device, precision }: OpenVinoOptions): Record<string, string> {
  return {
    PERFORMANCE_HINT: 'LATENCY',
    // Left out, it is bf16 on a CPU that has it, and f16 on Arm and on GPUs.
    INFERENCE_PRECISION_HINT: precision === 'bf16' ? 'bf16' : 'f32',
    ...(device === 'cpu' ? { INFERENCE_NUM_THREADS: `${availableParallelism()}` } : {}),
  };
}

/** A model that OpenVINO has compiled, for every size that its graph allows. Calls may not overlap. */
export class OpenVinoSession {
  readonly #core: Core;
  readonly #compiled: Pointer;
  readonly #request: Pointer;
  /** How many, in the order of the ONNX. */
  readonly inputs: number;
  readonly outputs: number;

  /** @throws OpenVinoError if the model is none that OpenVINO can run */
  constructor(core: Core, onnx: Uint8Array, options: OpenVinoOptions) {
    const { api, handle } = core;
    this.#core = core;
    const model = api.readModel(handle, onnx);
    try {
      this.#compiled = api.compile(handle, model, options.device.toUpperCase(), settingsOf(options));
    } finally {
      api.freeModel(model);
    }
    try {
      this.inputs = api.count(this.#compiled, 'inputs');
      this.outputs = api.count(this.#compiled, 'outputs');
      this.#request = api.newRequest(this.#compiled);
    } catch (error) {
      api.freeCompiled(this.#compiled);
      throw error;
    }
  }

  /** Feeds the inputs in their order, and answers the outputs in theirs, each a copy. */
  async run(feeds: readonly Tensor[]): Promise<Tensor[]> {
    const { api } = this.#core;
    const given: Pointer[] = [];
    try {
      for (const [index, { data, shape }] of feeds.entries()) {
        const tensor = api.newTensor(shape);
        given.push(tensor);
        api.floats(tensor).set(data);
        api.setInput(this.#request, index, tensor);
      }
      await api.infer(this.#request);
      return Array.from({ length: this.outputs }, (_, index) => this.#read(index));
    } finally {
      for (const tensor of given) api.freeTensor(tensor);
    }
  }

  dispose(): void {
    this.#core.api.freeRequest(this.#request);
    this.#core.api.freeCompiled(this.#compiled);
  }

  #read(index: number): Tensor {
    const { api } = this.#core;
    const tensor = api.output(this.#request, index);
    try {
      return { data: api.floats(tensor).slice(), shape: api.shape(tensor) };
    } finally {
      api.freeTensor(tensor);
    }
  }
}
