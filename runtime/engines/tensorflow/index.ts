import type { EngineStatus, TrainingEngine } from '../engine.js';
import { tensorFlow } from './library.js';
import type { TensorFlowOptions } from './session.js';

/**
 * TensorFlow, by the graphs that the compiler writes for it, in TensorFlow's own executor: on the CPU with oneDNN, or on a
 * GPU. The library is found, and loaded, when first used.
 */
export const tensorflow = (options: Partial<TensorFlowOptions> = {}): TrainingEngine => {
  const { device = 'cpu', precision = 'fp32' } = options;
  return {
    name: 'tensorflow',
    title: 'TensorFlow',
    // TensorFlow has layouts and rewrites of its own.
    deployRuntime: 'plain',
    device,
    precision,
    status,
    trainer: async (plan, state) => {
      const { createTrainer } = await import('./trainer.js');
      return createTrainer(await tensorFlow(), { device, precision }, plan, state);
    },
    predictor: async (graph, weights) => {
      const { createPredictor } = await import('./predictor.js');
      return createPredictor(await tensorFlow(), { device, precision }, graph, weights);
    },
  };
};

async function status(): Promise<EngineStatus> {
  try {
    const api = await tensorFlow();
    const { devicesOf } = await import('./session.js');
    return { available: true, devices: devicesOf(api) };
  } catch (error) {
    return { available: false, devices: [], reason: error instanceof Error ? error.message : String(error) };
  }
}
