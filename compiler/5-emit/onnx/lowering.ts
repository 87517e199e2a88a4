import { type Dim, known, knownShape } from '../../ir/dim.js';
import type { Attrs, Node, Value } from '../../ir/graph.js';
import type { ModelBuilder } from './model-builder.js';

/**
 * Writes one IR node as ONNX nodes and answers the names of its outputs, in order. A name may be that of an input: the
 * operator is then the identity.
 */
export type Lowering = (to: LoweringContext) => string | readonly string[];

/**
 * Pools whose gradient is in the same graph also say where each maximum lies, so that it is not searched for twice.
 * Keyed by the id of the pool's output.
 */
export interface PoolIndices {
  readonly wanted: ReadonlySet<number>;
  readonly names: Map<number, string>;
}

/** What a lowering sees: the node, its inputs' names and shapes, and where to write. */
export class LoweringContext {
  readonly node: Node;
  readonly attrs: Attrs;
  /** Names of the inputs. */
  readonly inputs: readonly string[];
  readonly model: ModelBuilder;
  readonly pools: PoolIndices;

  constructor(node: Node, inputs: readonly string[], model: ModelBuilder, pools: PoolIndices) {
    this.node = node;
    this.attrs = node.attrs;
    this.inputs = inputs;
    this.model = model;
    this.pools = pools;
  }

  /** Name of input k. */
  input(k: number): string {
    this.value(k);
    return this.inputs[k] as string;
  }

  value(k: number): Value {
    const value = this.node.inputs[k];
    if (value === undefined) throw new Error(`${this.node.op} at ${this.node.origin.path} has no input ${k}`);
    return value;
  }

  /** Shape of input k where every dimension is a number, as in a training graph. */
  shape(k: number): number[] {
    return knownShape(this.value(k).type.shape);
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
}
