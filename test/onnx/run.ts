import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect } from 'vitest';
import { emitOnnx } from '../../compiler/5-emit/onnx/index.js';
import { ModelBuilder } from '../../compiler/5-emit/onnx/model-builder.js';
import { encodeModel } from '../../compiler/5-emit/onnx/schema.js';
import { known } from '../../compiler/ir/dim.js';
import type { Graph, NamedValue } from '../../compiler/ir/graph.js';
import type { OrtDevice } from '../../runtime/engines/onnxruntime/session.js';
import { type Float64Tensor, tensor } from '../../testing/reference/index.js';

type Tensors = ReadonlyMap<string, Float64Tensor>;

/** Within what single precision loses over sums as long as tests have. */
export function expectClose(got: Float64Tensor, due: Float64Tensor, what: string, tolerance = 2e-5): void {
  expect(got.shape, what).toEqual(due.shape);
  const scale = due.data.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
  due.data.forEach((v, i) => {
    const off = Math.abs((got.data[i] as number) - v);
    if (!(off <= tolerance * scale)) expect.fail(`${what}[${i}] is ${got.data[i]}, the reference says ${v}`);
  });
}

/** A file with the inputs and the first output of a graph, whose nodes `write` makes; it answers the output's name. */
export function withModel(graph: Graph, write: (builder: ModelBuilder) => string, block = 0): Uint8Array {
  const builder = new ModelBuilder('cpu', block);
  const info = ({ name, value }: NamedValue) => {
    builder.reserve(name);
    return { name, type: 'float', dims: value.type.shape.map(known) } as const;
  };
  const inputs = graph.inputs.map(info);
  const outputs = graph.outputs.slice(0, 1).map(info);
  builder.identity(write(builder), outputs[0]!.name);
  const { nodes, initializers } = builder;
  return encodeModel({
    ...{ irVersion: 8, opset: 17, producer: 'test', name: 'test', metadata: {} },
    ...{ nodes, initializers, inputs, outputs },
  });
}

/** Opens a file in onnxruntime-node, or in another package with its interface. */
export type OpenSession = (model: Uint8Array) => Promise<InferenceSession>;

export const openOn =
  (device: OrtDevice): OpenSession =>
  (model) =>
    InferenceSession.create(model, { executionProviders: [device], intraOpNumThreads: 1, logSeverityLevel: 4 });

/** Runs a graph in ONNX Runtime on one thread; answers its outputs by name. Without `weights` they are fed, by path. */
export const runOnnx = (
  graph: Graph,
  feeds: Tensors,
  weights?: ReadonlyMap<string, Float32Array>,
  open?: OpenSession,
  device?: OrtDevice,
) =>
  runModel(
    emitOnnx(graph, { name: 'test', metadata: {}, weights, device }),
    graph,
    feeds,
    weights !== undefined,
    open ?? (device && openOn(device)),
  );

/** As `runOnnx`, for a file; `graph` says what to feed it. */
export async function runModel(
  model: Uint8Array,
  graph: Graph,
  feeds: Tensors,
  hasWeights = true,
  open: OpenSession = openOn('cpu'),
): Promise<Map<string, Float64Tensor>> {
  const session = await open(model);
  const params = hasWeights ? [] : graph.params.map((p) => ({ name: p.origin.path, value: p }));
  const tensors = [...graph.inputs, ...params].map(({ name, value }): [string, Tensor] => {
    const { data, shape } = feeds.get(name) as Float64Tensor;
    return value.type.dtype === 'i64'
      ? [name, new Tensor('int64', BigInt64Array.from(data, BigInt), shape)]
      : [name, new Tensor('float32', Float32Array.from(data), shape)];
  });
  const result = await session.run(Object.fromEntries(tensors));
  await session.release();
  return new Map(Object.entries(result).map(([name, t]) => [name, tensor(t.dims, t.data as Float32Array)]));
}
