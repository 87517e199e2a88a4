import type { OnnxEngine, Predictor } from '../runtime/engines/engine.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs what may block this thread in native code for as long as it likes: ONNX Runtime's calls do, and a model of a stranger may never
 * come to an end. No listener of JavaScript is called meanwhile, so for this time there are none, and Ctrl-C does what the system does
 * without: it ends the process at once.
 */
async function interruptible<T>(work: () => Promise<T>): Promise<T> {
  const listeners = signals.flatMap((signal) => process.listeners(signal).map((listener) => ({ signal, listener })));
  for (const { signal, listener } of listeners) process.off(signal, listener);
  try {
    return await work();
  } finally {
    for (const { signal, listener } of listeners) process.on(signal, listener);
  }
}

/**
 * An engine whose answers can be interrupted at any time. For commands that only answer: they keep nothing between two images, and what
 * they write they write at once.
 */
export const interruptibleEngine = (engine: OnnxEngine): OnnxEngine => ({
  ...engine,
  predictor: async (graph, weights) =>
    interruptiblePredictor(await interruptible(() => engine.predictor(graph, weights))),
  open: async (model, options) => interruptiblePredictor(await interruptible(() => engine.open(model, options))),
});

const interruptiblePredictor = (predictor: Predictor): Predictor => ({
  run: (image) => interruptible(() => predictor.run(image)),
  dispose: () => predictor.dispose(),
});
