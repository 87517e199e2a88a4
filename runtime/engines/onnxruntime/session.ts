import { availableParallelism } from 'node:os';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { Tensor } from '../engine.js';

export type OrtDevice = 'cpu' | 'webgpu';

/**
 * How sessions run: on every core this process may use, one operator at a time. ONNX Runtime divides each operator's work
 * by the number of threads alone, so the same feeds give the same bytes.
 */
export const sessionOptions: InferenceSession.SessionOptions = {
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  intraOpNumThreads: availableParallelism(),
  interOpNumThreads: 1,
  // It would lay a second run's values out in one block beside the memory that the first run took, which stays: a step of
  // `unetpp-bn` (4 x 128x128) took 2.27 GB instead of 1.34, for no less time (docs/memory.md).
  enableMemPattern: false,
  // Its warnings are about models of unknown origin; ours are tested.
  logSeverityLevel: 3,
  extra: {
    session: {
      // Denormals, which decaying optimizer slots run into, slow a step down many times.
      set_denormal_as_zero: '1',
      // How long a thread that waits for its next piece of work spins before it sleeps. Between two operators of a step
      // this is enough; ONNX Runtime's own, longer time takes the cores from whoever decodes images meanwhile.
      intra_op: { spin_duration_us: '20' },
    },
  },
};

export const openSession = (model: Uint8Array, device: OrtDevice = 'cpu'): Promise<InferenceSession> =>
  InferenceSession.create(model, { ...sessionOptions, executionProviders: [device] });

export const toOrt = ({ data, shape }: Tensor): OrtTensor => new OrtTensor('float32', data, shape);

/** A tensor's numbers: floats in memory, not copied; whole numbers as floats, exact up to 2^24. */
export const numbers = (tensor: OrtTensor): Float32Array =>
  tensor.data instanceof BigInt64Array ? Float32Array.from(tensor.data, Number) : floats(tensor);

/** The floats of a tensor in memory, not copied. */
export function floats(tensor: OrtTensor): Float32Array {
  if (!(tensor.data instanceof Float32Array)) throw new Error(`a ${tensor.type} tensor where floats are due`);
  return tensor.data;
}
