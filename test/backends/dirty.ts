import { GraphBuilder } from '../../compiler/ir/builder.js';
import { num, sym } from '../../compiler/ir/dim.js';
import type { Graph } from '../../compiler/ir/graph.js';
import { nowhere } from '../../grammar/diagnostic.js';
import type { Predictor, TrainingEngine } from '../../runtime/engines/engine.js';
import { tensorFlow } from '../../runtime/engines/tensorflow/library.js';
import type { Opened } from './engines.js';

/** Elements of what is left behind: memory of one size is not given out for another. */
const sizes = Array.from({ length: 15 }, (_, k) => [2 << k, 3 << k]).flat();
const copies = 8;
const float = 1;

/** What this thread gets next was NaN: every byte 255. */
async function soilThisThread(): Promise<void> {
  const api = await tensorFlow();
  for (const n of sizes) {
    const tensors = Array.from({ length: copies }, () => api.newTensor(float, BigInt64Array.of(BigInt(n)), 1, 4 * n));
    for (const tensor of tensors) new Uint8Array(api.view(api.tensorData(tensor), 4 * n)).fill(255);
    for (const tensor of tensors) api.deleteTensor(tensor);
  }
}

/** Many vectors that come and go inside, for the threads of the executor: each keeps the memory that it freed. */
function comingAndGoing(): Graph {
  const build = new GraphBuilder(0, { path: 'copies', span: nowhere });
  const value = build.value({ dtype: 'f32', shape: [sym('N'), num(1)] });
  const made = Array.from({ length: copies }, (_, k) => build.emit('affine', [value], { scale: k + 2, shift: 0 }));
  const all = build.emit('concat', made, { axis: 1 });
  return { inputs: [{ name: 'x', value }], params: [], nodes: build.nodes, outputs: [{ name: 'y', value: all }] };
}

/**
 * TensorFlow on memory that held NaN before each thing that it runs: a kernel that reads more than was written shows every
 * time, and not only where something unlucky ran before it.
 */
export async function onDirtyMemory({ run, model, trainer }: Opened, engine: TrainingEngine): Promise<Opened> {
  const nan = await engine.predictor(comingAndGoing(), new Map());
  const soil = async (): Promise<void> => {
    await soilThisThread();
    for (const n of sizes) await nan.run({ data: new Float32Array(n).fill(Number.NaN), shape: [n, 1] });
  };
  const after =
    <A extends unknown[], R>(f: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await soil();
      return f(...args);
    };
  return {
    run: after(run),
    model: async (graph, weights): Promise<Predictor> => {
      const opened = await model(graph, weights);
      return { run: after((image) => opened.run(image)), dispose: () => opened.dispose() };
    },
    ...(trainer && {
      trainer: async (plan, state) => {
        const started = await trainer(plan, state);
        return {
          step: after((input) => started.step(input)),
          snapshot: () => started.snapshot(),
          dispose: () => started.dispose(),
        };
      },
    }),
  };
}
