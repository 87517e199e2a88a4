import { opOf } from '../ops/index.js';
import { isRefusal } from '../ops/op.js';
import { tensorInputs } from './builder.js';
import { printShape, sameShape } from './dim.js';
import type { Graph, Value } from './graph.js';

/**
 * Checks what every pass must keep: each value is defined once and before its use, nothing dangles, and every type is
 * what the operator's own shape rule says. Returns a description of the first violation, or null.
 */
export function verifyGraph(graph: Graph): string | null {
  const defined = new Map<number, Value>();
  const define = (v: Value): string | null => {
    if (defined.has(v.id)) return `value ${v.id} (${v.origin.path}) is defined twice`;
    defined.set(v.id, v);
    return null;
  };
  for (const v of [...graph.inputs.map((i) => i.value), ...graph.params]) {
    const twice = define(v);
    if (twice) return twice;
  }
  for (const node of graph.nodes) {
    const where = `${node.op} at ${node.origin.path}`;
    for (const input of node.inputs) {
      const known = defined.get(input.id);
      if (!known) return `${where} uses value ${input.id} (${input.origin.path}) before it is defined`;
      if (!sameShape(known.type.shape, input.type.shape)) return `${where} sees another type of ${input.origin.path}`;
    }
    for (const v of node.after ?? []) {
      if (!defined.has(v.id)) return `${where} waits for value ${v.id} (${v.origin.path}), which is not made before it`;
    }
    const inferred = opOf(node.op).infer(
      node.attrs,
      tensorInputs(node.op, node.inputs).map((v) => v.type),
    );
    if (isRefusal(inferred)) return `${where}: ${inferred.message}`;
    if (inferred.outputs.length !== node.outputs.length) return `${where} has ${node.outputs.length} outputs`;
    for (const [k, type] of inferred.outputs.entries()) {
      const output = node.outputs[k] as Value;
      if (type.dtype !== output.type.dtype || !sameShape(type.shape, output.type.shape)) {
        return `${where} is ${printShape(output.type.shape)}, its rule says ${printShape(type.shape)}`;
      }
      const twice = define(output);
      if (twice) return twice;
    }
  }
  for (const { name, value } of graph.outputs) {
    if (!defined.has(value.id)) return `output ${name} is not defined`;
  }
  return null;
}

/** Runs a pass and checks its result; a broken graph is our bug, so it throws and names the pass. */
export function checked(pass: string, graph: Graph): Graph {
  const broken = verifyGraph(graph);
  if (broken) throw new Error(`pass ${pass} broke the graph: ${broken}`);
  return graph;
}
