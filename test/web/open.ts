import { env, InferenceSession } from 'onnxruntime-web';
import type { Predictor, Tensor } from '../../runtime/engines/engine.js';
import { numbers, toOrt } from '../../runtime/engines/onnxruntime/session.js';

// More threads would be workers, which a page has only where its server isolates it.
env.wasm.numThreads = 1;
// Warnings are about models of unknown origin.
env.logLevel = 'error';

/** Opens a file in onnxruntime-web: the WebAssembly that browsers run, in this process. */
export const webSession = (file: Uint8Array): Promise<InferenceSession> =>
  InferenceSession.create(file, { executionProviders: ['wasm'] });

/** The same for a file with a single image input. */
export async function openWeb(file: Uint8Array): Promise<Predictor> {
  const session = await webSession(file);
  const [input] = session.inputNames as [string];
  return {
    run: async (image: Tensor) => {
      const answers = await session.run({ [input]: toOrt(image) });
      return new Map(Object.entries(answers).map(([name, t]) => [name, { data: numbers(t), shape: t.dims }]));
    },
    dispose: () => session.release(),
  };
}
