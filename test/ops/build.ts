import { GraphBuilder } from '../../compiler/ir/builder.js';
import { num } from '../../compiler/ir/dim.js';
import type { Graph, NamedValue, TensorType, Value } from '../../compiler/ir/graph.js';
import { verifyGraph } from '../../compiler/ir/verify.js';
import { type OpName, opOf } from '../../compiler/ops/index.js';
import { nowhere } from '../../grammar/diagnostic.js';
import { evaluate, type Float64Tensor } from '../../testing/reference/index.js';
import type { Case } from './cases.js';

export const typeOf = (t: Float64Tensor, op?: OpName): TensorType => ({
  dtype: op === 'dropout_mask' ? 'i64' : 'f32',
  shape: t.shape.map(num),
});

/**
 * Builds a graph of one operator and its gradient, fed with dL/d(first output), and runs it on the reference.
 * Answers dL/d(input k) for each k; null where the operator calls it zero.
 */
export function gradients(op: OpName, { attrs, inputs }: Case, dy: Float64Tensor): (Float64Tensor | null)[] {
  const builder = new GraphBuilder(0, { path: op, span: nowhere });
  const named: NamedValue[] = [];
  const feeds = new Map<string, Float64Tensor>();
  const input = (name: string, tensor: Float64Tensor, type: TensorType): Value => {
    const value = builder.value(type);
    named.push({ name, value });
    feeds.set(name, tensor);
    return value;
  };
  const values = inputs.map((t, k) => input(`x${k}`, t, typeOf(t, op)));
  const outputs = builder.emitAll(op, values, attrs);
  const seed = input('dy', dy, typeOf(dy));
  const found = opOf(op).gradient!({
    attrs,
    inputs: values,
    outputs,
    outputGradients: outputs.map((_, k) => (k === 0 ? seed : null)),
    needed: values.map(() => true),
    build: builder,
  });
  const graph: Graph = {
    inputs: named,
    params: [],
    nodes: builder.nodes,
    outputs: found.flatMap((value, k) => (value ? [{ name: `dx${k}`, value }] : [])),
  };
  const broken = verifyGraph(graph);
  if (broken) throw new Error(broken);
  const result = evaluate(graph, feeds);
  return inputs.map((_, k) => result.get(`dx${k}`) ?? null);
}
