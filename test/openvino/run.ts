import { emitOnnx } from '../../compiler/5-emit/onnx/index.js';
import type { Graph } from '../../compiler/ir/graph.js';
import { openVino } from '../../runtime/engines/openvino/core.js';
import { openSession } from '../../runtime/engines/openvino/predictor.js';
import { type Float64Tensor, tensor } from '../../testing/reference/index.js';

/** Runs a graph in OpenVINO on the CPU, all that it takes fed by name or path; answers its outputs by name. */
export async function runOpenVino(
  graph: Graph,
  feeds: ReadonlyMap<string, Float64Tensor>,
): Promise<Map<string, Float64Tensor>> {
  const onnx = emitOnnx(graph, { name: 'test', metadata: {} });
  const names = [...graph.inputs.map((i) => i.name), ...graph.params.map((p) => p.origin.path)];
  const session = openSession(await openVino(), { device: 'cpu', precision: 'fp32' }, onnx);
  const fed = names.map((name) => {
    const { data, shape } = feeds.get(name) as Float64Tensor;
    return { data: Float32Array.from(data), shape };
  });
  const found = await session.run(fed).finally(() => session.dispose());
  return new Map(graph.outputs.map(({ name }, k) => [name, tensor(found[k]!.shape, found[k]!.data)]));
}
