import { emitInference, encodeGraph } from '../../compiler/5-emit/tensorflow/index.js';
import type { Graph } from '../../compiler/ir/graph.js';
import { tensorFlow } from '../../runtime/engines/tensorflow/library.js';
import { type Device, TfSession } from '../../runtime/engines/tensorflow/session.js';
import { type Float64Tensor, tensor } from '../../testing/reference/index.js';

type Tensors = ReadonlyMap<string, Float64Tensor>;

/** Runs a graph in TensorFlow, everything that goes in and out in the IR's order; answers its outputs by name. */
export async function runTensorFlow(
  graph: Graph,
  feeds: Tensors,
  device: Device = 'cpu',
): Promise<Map<string, Float64Tensor>> {
  const emitted = emitInference(graph, { images: 'channels-first' });
  const session = new TfSession(await tensorFlow(), encodeGraph(emitted.nodes), device);
  const fed = emitted.inputs.map(({ name, tensor: to }) => {
    const { data, shape } = feeds.get(name) as Float64Tensor;
    const values = to.type === 'int64' ? BigInt64Array.from(data, BigInt) : Float32Array.from(data);
    return [to, { data: values, shape }] as const;
  });
  const found = await session.run(
    fed,
    emitted.outputs.map((o) => o.tensor),
  );
  session.dispose();
  return new Map(emitted.outputs.map(({ name }, k) => [name, tensor(found[k]!.shape, found[k]!.data)]));
}
