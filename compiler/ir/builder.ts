import type { OpName } from '../ops/index.js';
import { opOf } from '../ops/index.js';
import { type GradientBuilder, isRefusal } from '../ops/op.js';
import type { Attrs, Graph, NamedValue, Node, Origin, Param, TensorType, Value } from './graph.js';

/**
 * Appends typed nodes to a growing graph. Passes use it: a refusal of an operator here is a bug of the pass, so it
 * throws; a spec's own mistakes are caught earlier, by 2-infer, which reports instead.
 */
export class GraphBuilder implements GradientBuilder {
  readonly nodes: Node[] = [];
  #nextId: number;
  #origin: Origin;

  /** @param firstId ids of new values start here, so that they never meet those of values carried over. */
  constructor(firstId: number, origin: Origin) {
    this.#nextId = firstId;
    this.#origin = origin;
  }

  /** Nodes emitted from here on say they come from `origin`. */
  from(origin: Origin): this {
    this.#origin = origin;
    return this;
  }

  value(type: TensorType, origin: Origin = this.#origin): Value {
    return { id: this.#nextId++, type, origin };
  }

  emitAll(op: OpName, inputs: readonly Value[], attrs: Attrs = {}): readonly Value[] {
    const inferred = opOf(op).infer(
      attrs,
      tensorInputs(op, inputs).map((v) => v.type),
    );
    if (isRefusal(inferred)) {
      throw new Error(`${op} at ${this.#origin.path}: ${inferred.message}`);
    }
    const outputs = inferred.outputs.map((type) => this.value(type));
    this.nodes.push({ op, attrs, inputs, outputs, origin: this.#origin });
    return outputs;
  }

  emit(op: OpName, inputs: readonly Value[], attrs: Attrs = {}): Value {
    return this.emitAll(op, inputs, attrs)[0] as Value;
  }

  /** Appends a copy of `node` on other inputs, keeping its output values (and so their ids). */
  carry(node: Node, inputs: readonly Value[]): void {
    const same = inputs.every((v, k) => v === node.inputs[k]);
    this.nodes.push(same ? node : { ...node, inputs });
  }
}

/** The inputs of a node that are tensors rather than the operator's own parameters. */
export function tensorInputs(op: OpName, inputs: readonly Value[]): readonly Value[] {
  const definition = opOf(op);
  if (!definition.parameters) return inputs;
  return definition.language?.tensors === 'one' ? inputs.slice(0, 1) : inputs;
}

/** One more than the largest id in the graph. */
export function nextId(graph: Graph): number {
  let largest = -1;
  for (const v of graphValues(graph)) if (v.id > largest) largest = v.id;
  return largest + 1;
}

/** Every value a graph defines: inputs, parameters, node outputs. */
export function* graphValues(graph: Graph): Generator<Value> {
  for (const input of graph.inputs) yield input.value;
  yield* graph.params;
  for (const node of graph.nodes) yield* node.outputs;
}

/** The graph with only the nodes, parameters and inputs its outputs need; inputs of the network itself always stay. */
export function withoutDeadNodes(graph: Graph): Graph {
  const live = new Set<number>(graph.outputs.map((o) => o.value.id));
  const nodes: Node[] = [];
  for (let k = graph.nodes.length - 1; k >= 0; k--) {
    const node = graph.nodes[k] as Node;
    if (!node.outputs.some((o) => live.has(o.id))) continue;
    for (const input of node.inputs) live.add(input.id);
    nodes.push(node);
  }
  nodes.reverse();
  return { ...graph, nodes, params: graph.params.filter((p: Param) => live.has(p.id)) };
}

export const renamed = (outputs: readonly NamedValue[], replace: (v: Value) => Value): NamedValue[] =>
  outputs.map(({ name, value }) => ({ name, value: replace(value) }));
