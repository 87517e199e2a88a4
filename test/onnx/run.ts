import { InferenceSession, Tensor } from 'onnxruntime-node';
import { emitOnnx } from '../../compiler/5-emit/onnx/index.js';
import { GraphBuilder } from '../../compiler/ir/builder.js';
import type { Attrs, Graph } from '../../compiler/ir/graph.js';
import type { OpName } from '../../compiler/ops/index.js';
import { nowhere } from '../../grammar/diagnostic.js';
import { type Float64Tensor, tensor } from '../../testing/reference/index.js';
import { typeOf } from '../ops/build.js';

/** A graph of one operator on inputs `x0`, `x1` ..., with outputs `y0` ... */
export function oneOperator(op: OpName, attrs: Attrs, inputs: readonly Float64Tensor[]): Graph {
  const builder = new GraphBuilder(0, { path: op, span: nowhere });
  const values = inputs.map((t) => builder.value(typeOf(t, op)));
  const outputs = builder.emitAll(op, values, attrs);
  return {
    inputs: values.map((value, k) => ({ name: `x${k}`, value })),
    params: [],
    nodes: builder.nodes,
    outputs: outputs.map((value, k) => ({ name: `y${k}`, value })),
  };
}

/** Runs a graph in ONNX Runtime on one thread; answers its outputs by name. */
export async function runOnnx(
  graph: Graph,
  feeds: ReadonlyMap<string, Float64Tensor>,
  weights?: ReadonlyMap<string, Float32Array>,
): Promise<Map<string, Float64Tensor>> {
  const session = await InferenceSession.create(emitOnnx(graph, { name: 'test', metadata: {}, weights }), {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const given = [...graph.inputs, ...(weights ? [] : graph.params.map((p) => ({ name: p.origin.path, value: p })))];
  const tensors = given.map(({ name, value }): [string, Tensor] => {
    const { data, shape } = feeds.get(name) as Float64Tensor;
    return value.type.dtype === 'i64'
      ? [name, new Tensor('int64', BigInt64Array.from(data, BigInt), shape)]
      : [name, new Tensor('float32', Float32Array.from(data), shape)];
  });
  const result = await session.run(Object.fromEntries(tensors));
  await session.release();
  return new Map(Object.entries(result).map(([name, t]) => [name, tensor(t.dims, t.data as Float32Array)]));
}
