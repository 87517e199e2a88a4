import { isNumber, known, knownShape } from '../../ir/dim.js';
import type { Node, Value } from '../../ir/graph.js';
import { NodeView } from '../node-view.js';
import { numbersOf, reordered } from '../shared.js';
import type { LayerBuilder, LayerConfig, LayerWeight } from './layer-builder.js';

/** Why the layers of TensorFlow.js can't express a node, and what to use instead. */
export interface CantSay {
  /** Ends the sentence `X[0,1].conv1 can't be said in layers: ...`; lower case, no full stop. */
  readonly why: string;
  /** A way out beside another target. */
  readonly hint?: string;
}

/** Writes one IR node as layers and returns the name of the one whose output is the node's, or why it can't. */
export type Lowering = (to: LoweringContext) => string | CantSay;

export const cantSay = (why: string, hint?: string): CantSay => (hint === undefined ? { why } : { why, hint });

/** What a lowering may know of the rest of the graph. */
export interface Surroundings {
  readonly builder: LayerBuilder;
  /** By parameter path, row-major in the IR's layout. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** The node that makes a value; none for inputs and parameters. */
  readonly producer: (value: Value) => Node | undefined;
  /** Says something about the node that does not keep it from being written. */
  readonly warn: (node: Node, message: string, hint: string) => void;
}

/** The arguments of a lowering: the node, the layers that make its tensors (its parameters are not among them), and where to write. */
export class LoweringContext extends NodeView<string> {
  readonly #around: Surroundings;

  constructor(node: Node, inputs: readonly string[], around: Surroundings) {
    super(node, inputs);
    this.#around = around;
  }

  /** The node's output. */
  get output(): Value {
    return this.node.outputs[0] as Value;
  }

  /** Spatial sizes of a value if all are numbers, else null. */
  fixedSpace(value: Value = this.value()): readonly number[] | null {
    const space = value.type.shape.slice(2);
    return space.every(isNumber) ? space.map(known) : null;
  }

  /** The layer that is named by the node's own path: the one with its weights, else the last. */
  layer(className: string, inputs: readonly string[], config: LayerConfig, weights?: readonly LayerWeight[]): string {
    return this.#around.builder.add(this.node.origin.path, className, inputs, config, weights);
  }

  /** A layer that helps the node's own: `X-0-1.conv1.pad`. */
  helper(
    part: string,
    className: string,
    inputs: readonly string[],
    config: LayerConfig,
    weights?: readonly LayerWeight[],
  ): string {
    return this.#around.builder.add(`${this.node.origin.path}.${part}`, className, inputs, config, weights);
  }

  /** The numbers of the parameter that is input k, and its shape in the IR; undefined where there is none. */
  parameter(k: number): { readonly data: Float32Array; readonly shape: readonly number[] } | undefined {
    const value = this.node.inputs[k];
    if (value === undefined) return undefined;
    const data = numbersOf(value, this.#around.weights);
    return { data, shape: knownShape(value.type.shape) };
  }

  /** A vector over channels that the node owns, under its Keras name; an empty list where there is none. */
  vector(k: number, name: string): readonly LayerWeight[] {
    const found = this.parameter(k);
    return found ? [{ name, ...found }] : [];
  }

  producer(value: Value): Node | undefined {
    return this.#around.producer(value);
  }

  warn(message: string, hint: string): void {
    this.#around.warn(this.node, message, hint);
  }
}

interface Numbers {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** A tensor with its axes in another order: axis k of the result is axis `order[k]` of the tensor. */
export const transposed = ({ data, shape }: Numbers, order: readonly number[]): Numbers => ({
  data: reordered(data, shape, order),
  shape: order.map((axis) => shape[axis] as number),
});
