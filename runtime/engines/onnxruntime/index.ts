import type { EngineStatus, OnnxEngine, TrainingEngine } from '../engine.js';
import type { OrtDevice } from './session.js';

/**
 * ONNX Runtime from the npm package onnxruntime-node. The native library is loaded when first used, so that a machine
 * without it can still check specs and say what is missing. On `webgpu`, operators that its provider lacks (all those on
 * int64 among them) run on the CPU.
 */
export const onnxRuntime = (device: OrtDevice): TrainingEngine & OnnxEngine => ({
  name: 'onnxruntime',
  title: 'ONNX Runtime',
  device,
  deployRuntime: device === 'cpu' ? 'ort' : 'plain',
  precision: 'fp32',
  status,
  trainer: async (plan, state) => (await import('./trainer.js')).createTrainer(plan, state, device),
  predictor: async (graph, weights) => (await import('./predictor.js')).createPredictor(graph, weights, device),
  open: async (model, options) => (await import('./predictor.js')).openPredictor(model, device, options),
});

/** ONNX Runtime on the CPU: the embedded default. */
export const ort: TrainingEngine & OnnxEngine = onnxRuntime('cpu');

async function status(): Promise<EngineStatus> {
  try {
    const { listSupportedBackends } = await import('onnxruntime-node');
    // Loads the native library, which an install for another platform lacks.
    const devices = listSupportedBackends().map((b) => b.name);
    return { available: devices.includes('cpu'), devices: devices.includes('cpu') ? ['cpu'] : [] };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return { available: false, devices: [], reason };
  }
}
