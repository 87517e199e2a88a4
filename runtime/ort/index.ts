import type { Engine, EngineStatus } from '../engine.js';

/**
 * ONNX Runtime on the CPU, from the npm package onnxruntime-node: the embedded default. The native library is loaded when
 * first used, so that a machine without it can still check specs and say what is missing.
 */
export const ort: Engine = {
  name: 'onnxruntime',
  device: 'cpu',
  precision: 'fp32',
  status,
  trainer: async (plan, state) => (await import('./trainer.js')).createTrainer(plan, state),
  predictor: async (graph, weights) => (await import('./predictor.js')).createPredictor(graph, weights),
  open: async (model) => (await import('./predictor.js')).openPredictor(model),
};

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
