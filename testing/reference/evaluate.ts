import { evaluateDim, printShape } from '../../compiler/ir/dim.js';
import type { Graph, Node, Value } from '../../compiler/ir/graph.js';
import { kernels } from './kernels.js';
import type { Float64Tensor } from './tensor.js';

/** Stands in for an operator's own arithmetic: its outputs from its inputs. */
export type Compute = (node: Node, inputs: readonly Float64Tensor[]) => readonly Float64Tensor[];

const exactly: Compute = (node, inputs) => kernels[node.op](node.attrs, inputs);

/** Inputs by name and parameters by path (`X[0,1].conv1.weight`). */
export type Feeds = ReadonlyMap<string, Float64Tensor>;

/**
 * Runs a graph node by node in double precision; returns its outputs by name. Sizes may be symbols: the feeds decide them.
 * Throws where a feed is missing, or where a tensor's shape is not what the graph says of it.
 */
export function evaluate(graph: Graph, feeds: Feeds, compute: Compute = exactly): ReadonlyMap<string, Float64Tensor> {
  const values = evaluateValues(graph, feeds, compute);
  return new Map(graph.outputs.map(({ name, value }) => [name, values.get(value.id) as Float64Tensor]));
}

/** As `evaluate`, but returns every value of the graph, by its id. */
export function evaluateValues(
  graph: Graph,
  feeds: Feeds,
  compute: Compute = exactly,
): ReadonlyMap<number, Float64Tensor> {
  const values = new Map<number, Float64Tensor>();
  const sizes: Record<string, number> = {};
  const define = (value: Value, tensor: Float64Tensor | undefined, what: string): void => {
    if (tensor === undefined) throw new Error(`nothing was given for ${what}`);
    const due = value.type.shape;
    const same = due.length === tensor.shape.length && due.every((d, i) => evaluateDim(d, sizes) === tensor.shape[i]);
    if (!same) throw new Error(`${what} is [${tensor.shape.join(', ')}], the graph says ${printShape(due)}`);
    values.set(value.id, tensor);
  };

  for (const { name, value } of graph.inputs) {
    const shape = feeds.get(name)?.shape ?? [];
    for (const [i, d] of value.type.shape.entries()) {
      const size = shape[i];
      if (d.symbol !== null && d.scale === 1 && d.offset === 0 && d.divisor === 1 && size !== undefined) {
        sizes[d.symbol] ??= size;
      }
    }
  }
  for (const { name, value } of graph.inputs) define(value, feeds.get(name), `input ${name}`);
  for (const param of graph.params) define(param, feeds.get(param.origin.path), `parameter ${param.origin.path}`);
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((v) => {
      const tensor = values.get(v.id);
      if (tensor === undefined) throw new Error(`${node.op} at ${node.origin.path} reads a value that nothing defines`);
      return tensor;
    });
    const outputs = compute(node, inputs);
    for (const [i, value] of node.outputs.entries()) define(value, outputs[i], `${node.op} at ${node.origin.path}`);
  }
  return values;
}
