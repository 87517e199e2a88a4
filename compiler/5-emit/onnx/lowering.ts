import { knownShape } from '../../ir/dim.js';
import type { Node } from '../../ir/graph.js';
import { NodeView } from '../node-view.js';
import type { ModelBuilder } from './model-builder.js';

/**
 * Writes one IR node as ONNX nodes and returns the names of its outputs, in order. A name may be that of an input: the
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

/** The arguments of a lowering: the node, its inputs' names, and where to write. */
export class LoweringContext extends NodeView<string> {
  readonly model: ModelBuilder;
  readonly pools: PoolIndices;

  constructor(node: Node, inputs: readonly string[], model: ModelBuilder, pools: PoolIndices) {
    super(node, inputs);
    this.model = model;
    this.pools = pools;
  }

  /** A scalar of the type that input 0 has: ONNX's operators take one type. */
  scalar(value: number): string {
    return this.value(0).type.dtype === 'f16' ? this.model.half(value) : this.model.float(value);
  }

  /** Shape of input k where every dimension is a number, as in a training graph. */
  shape(k: number): number[] {
    return knownShape(this.value(k).type.shape);
  }
}
