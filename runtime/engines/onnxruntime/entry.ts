import type { EngineEntry } from '../entry.js';

/** ONNX Runtime from the npm package onnxruntime-node: the default, which is there wherever unetc is. */
export const onnxRuntimeEntry: EngineEntry = {
  name: 'ort',
  aliases: ['onnxruntime'],
  record: 'onnxruntime',
  title: 'ONNX Runtime',
  trains: true,
  opensOnnx: true,
  devices: ['cpu'],
  precisions: ['fp32'],
  // Fitted by `node bench/memory.mjs --measure`.
  memory: {
    own: 140e6,
    joinsGradients: false,
    habits: {
      predict: { base: 9e6, copies: 0.92, folds: 1.23, spread: 1.18 },
      train: { base: 0, copies: 4.1, folds: 0, spread: 1.15 },
    },
  },
  deployRuntime: (device) => (device === 'cpu' ? 'ort' : 'plain'),
  preference: async () => 1,
  open: async () => (await import('./index.js')).ort,
};
