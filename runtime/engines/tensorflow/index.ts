import { UserError } from '../../support/user-error.js';
import type { Engine, EngineStatus } from '../engine.js';
import { tensorFlow } from './library.js';
import type { TensorFlowOptions } from './session.js';

/**
 * TensorFlow, by the graphs that the compiler writes for it, in TensorFlow's own executor: on the CPU with oneDNN, or on a
 * GPU. The library is found, and loaded, when first used.
 */
export const tensorflow = (options: Partial<TensorFlowOptions> = {}): Engine => {
  const { device = 'cpu', precision = 'fp32' } = options;
  return {
    name: 'tensorflow',
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
    open: () =>
      Promise.reject(
        new UserError(
          'engine-model',
          'TensorFlow does not run ONNX files',
          'use --engine ort, or name the run instead',
        ),
      ),
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
