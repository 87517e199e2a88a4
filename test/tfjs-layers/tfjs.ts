import '@tensorflow/tfjs-backend-cpu';
import * as core from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import type { Tensor } from '../../runtime/engines/engine.js';

export { core, layers };

/** Fetches from the files of a build what TensorFlow.js asks a server for. */
const serving =
  (files: ReadonlyMap<string, Uint8Array>) =>
  async (url: string): Promise<Response> => {
    const bytes = files.get(new URL(url).pathname.slice(1));
    return bytes ? new Response(Uint8Array.from(bytes)) : new Response(null, { status: 404 });
  };

/** Opens a build as a page does that loads it from a server. */
export async function open(files: ReadonlyMap<string, Uint8Array>): Promise<layers.LayersModel> {
  await core.setBackend('cpu');
  const http = core.io.http('http://localhost/model.json', { fetchFunc: serving(files) as unknown as typeof fetch });
  return layers.loadLayersModel(http);
}

/** [N, C, ...space] as [N, ...space, C], or back. */
export function turned({ data, shape }: Tensor, to: 'last' | 'first'): Tensor {
  const rank = shape.length;
  const space = Array.from({ length: rank - 2 }, (_, k) => k + (to === 'last' ? 2 : 1));
  const order = to === 'last' ? [0, ...space, 1] : [0, rank - 1, ...space];
  return core.tidy(() => {
    const out = core.transpose(core.tensor(data, [...shape]), order);
    return { data: out.dataSync() as Float32Array, shape: out.shape };
  });
}

/** A model's answers in the order of its outputs, channels first as our tensors are. */
export function predict(model: layers.LayersModel, image: Tensor): Tensor[] {
  const { data, shape } = turned(image, 'last');
  const answers = core.tidy(() =>
    [model.predict(core.tensor(data, [...shape])) as core.Tensor | core.Tensor[]].flat().map((t) => ({
      data: t.dataSync() as Float32Array,
      shape: t.shape,
    })),
  );
  return answers.map((t) => turned(t, 'first'));
}

/** What `model.summary()` prints. */
export function summary(model: layers.LayersModel, lineLength = 200): string {
  const lines: string[] = [];
  model.summary(lineLength, undefined, (line: string) => void lines.push(line));
  return lines.join('\n');
}

/** Largest difference between two tensors; NaN where they differ in length. */
export const distance = (a: Tensor, b: Tensor): number =>
  a.data.length === b.data.length
    ? a.data.reduce((worst, v, k) => Math.max(worst, Math.abs(v - (b.data[k] as number))), 0)
    : Number.NaN;
