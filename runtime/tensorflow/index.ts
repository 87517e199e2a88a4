import type { Engine, EngineStatus } from '../engine.js';
import { tensorFlow } from './library.js';
import type { Device } from './session.js';

/**
 * TensorFlow, by the graphs that the compiler writes for it, in TensorFlow's own executor: on the CPU with oneDNN, or on a
 * GPU. The library is found, and loaded, when first used.
 */
export const tensorflow = (device: Device = 'cpu'): Engine => ({
  name: device === 'cpu' ? 'tensorflow' : 'tensorflow-gpu',
  status,
  trainer: async (plan, state) => (await import('./trainer.js')).createTrainer(await tensorFlow(), device, plan, state),
  predictor: async (graph, weights) =>
    (await import('./predictor.js')).createPredictor(await tensorFlow(), device, graph, weights),
  open: () => Promise.reject(new Error('an ONNX file runs in ONNX Runtime, not in TensorFlow')),
});

async function status(): Promise<EngineStatus> {
  try {
    const api = await tensorFlow();
    const { devicesOf } = await import('./session.js');
    return { available: true, devices: devicesOf(api) };
  } catch (error) {
    return { available: false, devices: [], reason: error instanceof Error ? error.message : String(error) };
  }
}
