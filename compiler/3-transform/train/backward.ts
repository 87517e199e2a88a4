import type { GraphBuilder } from '../../ir/builder.js';
import type { Node, Value } from '../../ir/graph.js';
import { opOf } from '../../ops/index.js';

/**
 * Reverse-mode differentiation of a scalar: appends to `build` the nodes that compute dL/dw for each of `wanted` and
 * returns them in order (null where the loss does not depend on it). A value used several times gets the sum of its
 * users' gradients, in one n-ary add, in the order of the users reversed: deterministic.
 */
export function backward(
  loss: Value,
  wanted: readonly Value[],
  nodes: readonly Node[],
  build: GraphBuilder,
): (Value | null)[] {
  const dependent = new Set<number>(wanted.map((v) => v.id));
  for (const node of nodes) {
    if (node.inputs.some((v) => dependent.has(v.id))) for (const o of node.outputs) dependent.add(o.id);
  }
  const parts = new Map<number, Value[]>();
  const contribute = (v: Value, gradient: Value) => {
    const list = parts.get(v.id);
    if (list) list.push(gradient);
    else parts.set(v.id, [gradient]);
  };
  const total = (v: Value): Value | null => {
    const list = parts.get(v.id);
    if (!list) return null;
    return list.length === 1 ? (list[0] as Value) : build.emit('add', list);
  };

  build.from(loss.origin);
  contribute(loss, build.emit('constant', [], { value: 1, shape: [] }));
  for (const node of [...nodes].reverse()) {
    if (!node.outputs.some((o) => dependent.has(o.id) && parts.has(o.id))) continue;
    build.from({ ...node.origin, path: `${node.origin.path}.grad` });
    const outputGradients = node.outputs.map(total);
    const needed = node.inputs.map((v) => dependent.has(v.id));
    if (!needed.some(Boolean)) continue;
    const rule = opOf(node.op).gradient;
    if (!rule) throw new Error(`operator ${node.op} at ${node.origin.path} has no gradient`);
    const gradients = rule({
      attrs: node.attrs,
      inputs: node.inputs,
      outputs: node.outputs,
      outputGradients,
      needed,
      build,
    });
    gradients.forEach((gradient, k) => {
      if (gradient && needed[k]) contribute(node.inputs[k] as Value, gradient);
    });
  }
  return wanted.map(total);
}
