import { GraphBuilder } from '../../compiler/ir/builder.js';
import { num } from '../../compiler/ir/dim.js';
import type { Graph, TensorType } from '../../compiler/ir/graph.js';
import { verifyGraph } from '../../compiler/ir/verify.js';
import { type OpName, opOf } from '../../compiler/ops/index.js';
import { nowhere } from '../../grammar/diagnostic.js';
import { evaluate, type Float64Tensor, tensor } from '../../testing/reference/index.js';
import type { Case } from './cases.js';

export const typeOf = (t: Float64Tensor, op?: OpName): TensorType => ({
  dtype: op === 'dropout_mask' ? 'i64' : 'f32',
  shape: t.shape.map(num),
});

/** A graph and what to feed it, by name. */
export interface Fed {
  readonly graph: Graph;
  readonly feeds: ReadonlyMap<string, Float64Tensor>;
}

const fed = (prefix: string, inputs: readonly Float64Tensor[]): [string, Float64Tensor][] =>
  inputs.map((t, k) => [`${prefix}${k}`, t]);

/** A graph of one operator on inputs `x0`, `x1` ..., with outputs `y0` ... */
export function oneOperator(op: OpName, { attrs, inputs }: Case): Fed {
  const builder = new GraphBuilder(0, { path: op, span: nowhere });
  const values = inputs.map((t) => builder.value(typeOf(t, op)));
  const outputs = builder.emitAll(op, values, attrs);
  const graph: Graph = {
    inputs: values.map((value, k) => ({ name: `x${k}`, value })),
    params: [],
    nodes: builder.nodes,
    outputs: outputs.map((value, k) => ({ name: `y${k}`, value })),
  };
  return { graph, feeds: new Map(fed('x', inputs)) };
}

/**
 * A graph of one operator and its gradient, fed with `dy`, dL/d(first output): its output `dx0`, `dx1` ... are dL/d(input k),
 * those left out that the operator calls zero.
 */
export function gradientGraph(op: OpName, { attrs, inputs }: Case, dy: Float64Tensor): Fed {
  const builder = new GraphBuilder(0, { path: op, span: nowhere });
  const values = inputs.map((t) => builder.value(typeOf(t, op)));
  const outputs = builder.emitAll(op, values, attrs);
  const seed = builder.value(typeOf(dy));
  const found = opOf(op).gradient!({
    attrs,
    inputs: values,
    outputs,
    outputGradients: outputs.map((_, k) => (k === 0 ? seed : null)),
    needed: values.map(() => true),
    build: builder,
  });
  const graph: Graph = {
    inputs: [...values.map((value, k) => ({ name: `x${k}`, value })), { name: 'dy', value: seed }],
    params: [],
    nodes: builder.nodes,
    outputs: found.flatMap((value, k) => (value ? [{ name: `dx${k}`, value }] : [])),
  };
  const broken = verifyGraph(graph);
  if (broken) throw new Error(broken);
  return { graph, feeds: new Map([...fed('x', inputs), ['dy', dy]]) };
}

/** dL/d(input k) for each k by the reference; null where the operator calls it zero. */
export function gradients(op: OpName, c: Case, dy: Float64Tensor): (Float64Tensor | null)[] {
  const { graph, feeds } = gradientGraph(op, c, dy);
  const result = evaluate(graph, feeds);
  return c.inputs.map((_, k) => result.get(`dx${k}`) ?? null);
}

/** The numbers an engine in single precision sees. */
export const rounded = (t: Float64Tensor): Float64Tensor => tensor(t.shape, Float32Array.from(t.data));
