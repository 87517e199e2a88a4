import { type Dim, known } from '../ir/dim.js';
import type { Attrs, Node, Value } from '../ir/graph.js';

/** What a lowering is given of a node, in any format: its attributes and shapes, and what its inputs were written as. */
export class NodeView<Written> {
  readonly node: Node;
  readonly attrs: Attrs;
  readonly inputs: readonly Written[];

  constructor(node: Node, inputs: readonly Written[]) {
    this.node = node;
    this.attrs = node.attrs;
    this.inputs = inputs;
  }

  /** What input k was written as. */
  input(k = 0): Written {
    return this.inputs[k] ?? this.#lacks(k);
  }

  value(k = 0): Value {
    return this.node.inputs[k] ?? this.#lacks(k);
  }

  rank(k = 0): number {
    return this.value(k).type.shape.length;
  }

  /** Number of spatial dimensions of input k. */
  spatialRank(k = 0): number {
    return this.rank(k) - 2;
  }

  /** Channels of input k, which are always a number. */
  channels(k = 0): number {
    return known(this.value(k).type.shape[1] as Dim);
  }

  #lacks(k: number): never {
    throw new Error(`${this.node.op} at ${this.node.origin.path} has no input ${k}`);
  }
}
