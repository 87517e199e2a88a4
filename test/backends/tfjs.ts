import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { reordered } from '../../compiler/5-emit/shared.js';
import { emitGraphModel } from '../../compiler/5-emit/tensorflow/index.js';
import { Layout, permutation } from '../../compiler/5-emit/tensorflow/layout.js';
import type { Graph, NamedValue } from '../../compiler/ir/graph.js';
import { type Float64Tensor, tensor } from '../../testing/reference/index.js';
import * as page from './page.js';

type Tensors = ReadonlyMap<string, Float64Tensor>;

/** A place where TensorFlow.js runs: this process, or a page. */
export interface Host {
  call<Request, Answer>(
    task: (tf: page.Tf, where: page.Models, request: Request) => Promise<Answer>,
    request: Request,
  ): Promise<Answer>;
}

/** TensorFlow.js in this process. */
export async function nodeHost(): Promise<Host> {
  const [core, converter, wasm] = await Promise.all([
    import('@tensorflow/tfjs-core'),
    import('@tensorflow/tfjs-converter'),
    import('@tensorflow/tfjs-backend-wasm'),
    import('@tensorflow/tfjs-backend-cpu'),
  ]);
  wasm.setWasmPaths(`${join(packageFolder('backend-wasm'), 'dist')}/`);
  const tf = { ...core, ...converter } as unknown as page.Tf;
  const models: page.Models = {};
  return { call: (task, request) => task(tf, models, request) };
}

export const packageFolder = (name: string): string =>
  dirname(createRequire(import.meta.url).resolve(`@tensorflow/tfjs-${name}/package.json`));

/** What `build --target tfjs` refuses to write. */
export class Refused extends Error {}

export interface OpenModel {
  run(feeds: Tensors): Promise<Map<string, Float64Tensor>>;
  close(): Promise<void>;
}

let opened = 0;

/** Opens a graph as a tf.GraphModel. @throws Refused */
export async function openGraphModel(
  host: Host,
  graph: Graph,
  weights: ReadonlyMap<string, Float32Array> = new Map(),
): Promise<OpenModel> {
  const { files, diagnostics } = emitGraphModel(graph, { weights, generatedBy: 'test', metadata: {} });
  if (!files) throw new Refused(diagnostics.map((d) => d.message).join('\n'));
  const [model, ...shards] = [...files.values()];
  const id = ++opened;
  const text = new TextDecoder().decode(model);
  await host.call(page.openModel, { id, model: text, weights: Buffer.concat(shards).toString('base64') });
  const layout = new Layout(graph);
  return {
    run: async (feeds) => {
      const given = graph.inputs.map(({ name, value }): [string, page.Plain] => {
        const { data, shape } = feeds.get(name) as Float64Tensor;
        const order = layout.orderOf(value);
        return [
          name,
          {
            data: Array.from(reordered(Float32Array.from(data), shape, order)),
            shape: order.map((axis) => shape[axis] as number),
          },
        ];
      });
      const answers = await host.call(page.runModel, { id, feeds: Object.fromEntries(given) });
      return new Map(graph.outputs.map((output, k) => [output.name, fromLayout(layout, output, answers[k]!)]));
    },
    close: () => host.call(page.closeModel, { id }),
  };
}

function fromLayout(layout: Layout, { value }: NamedValue, { data, shape }: page.Plain): Float64Tensor {
  const order = layout.orderOf(value);
  const plain = order.map((_, k) => k);
  const back = permutation(order, plain);
  // An answer of another rank than it should have is for the caller to find.
  if (shape.length !== order.length) return tensor(shape, data);
  return tensor(
    back.map((axis) => shape[axis] as number),
    reordered(Float32Array.from(data), shape, back),
  );
}
