import type { EngineStatus, OnnxEngine } from '../engine.js';
import { devicesOf, openVino } from './core.js';
import type { OpenVinoOptions } from './session.js';

/**
 * OpenVINO, by the ONNX that the compiler writes: it answers, and does not train. The library is found, and loaded, when
 * first used.
 */
export const openvino = (options: Partial<OpenVinoOptions> = {}): OnnxEngine => {
  const chosen: OpenVinoOptions = { device: 'cpu', precision: 'fp32', ...options };
  return {
    name: 'openvino',
    title: 'OpenVINO',
    deployRuntime: chosen.device === 'cpu' ? 'openvino' : 'plain',
    ...chosen,
    status,
    predictor: async (graph, weights) => {
      const { createPredictor } = await import('./predictor.js');
      return createPredictor(await openVino(), chosen, graph, weights);
    },
    open: async (model, options) => {
      const { openPredictor } = await import('./predictor.js');
      return openPredictor(await openVino(), chosen, model, options);
    },
  };
};

async function status(): Promise<EngineStatus> {
  try {
    return { available: true, devices: devicesOf(await openVino()) };
  } catch (error) {
    return { available: false, devices: [], reason: error instanceof Error ? error.message : String(error) };
  }
}
