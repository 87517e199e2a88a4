import { UserError } from '../../../compiler/user-error.js';
import type { EngineEntry } from '../entry.js';
import { availableDevices } from '../status.js';
import { tensorFlowLibrary } from './native/library.js';
import { locateTensorFlow } from './native/locate.js';
import { probeTensorFlow } from './native/probe.js';

/** TensorFlow's C library. `tfjs` is its name of before, when it was reached through TensorFlow.js. */
export const tensorFlowEntry: EngineEntry = {
  name: 'tensorflow',
  aliases: ['tfjs'],
  record: 'tensorflow',
  title: 'TensorFlow',
  trains: true,
  opensOnnx: false,
  devices: ['cpu', 'gpu'],
  precisions: ['fp32', 'bf16'],
  // Fitted by `node bench/memory.mjs --measure`.
  memory: {
    own: 430e6,
    joinsGradients: true,
    habits: {
      predict: { base: 15e6, copies: 12.7, folds: 0, spread: 1.68 },
      train: { base: 19e6, copies: 1.73, folds: 0, spread: 1.32 },
    },
  },
  recomputes: true,
  // TensorFlow has layouts and rewrites of its own.
  deployRuntime: () => 'plain',
  native: { library: tensorFlowLibrary, locate: locateTensorFlow, probe: probeTensorFlow },
  /** To train wherever it is installed, and on a GPU also to predict (docs/measurements.md). */
  async preference(purpose) {
    if (purpose === 'open') return 0;
    const found = await locateTensorFlow();
    return !('missing' in found) && (purpose === 'train' || found.kind === 'gpu') ? 3 : 0;
  },
  async open({ device, precision }) {
    const { tensorflow } = await import('./index.js');
    const devices = await availableDevices('tensorflow', tensorflow());
    if (device === 'gpu' && !devices.includes('gpu')) {
      throw new UserError(
        'device-missing',
        'TensorFlow finds no GPU on this machine',
        "install its build for GPUs with 'unetc engine install tensorflow --gpu', or use --device cpu; 'unetc doctor' says what is found",
      );
    }
    return tensorflow({ device: device ?? (devices.includes('gpu') ? 'gpu' : 'cpu'), precision });
  },
};
