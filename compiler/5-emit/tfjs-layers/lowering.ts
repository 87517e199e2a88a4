import { type Dim, isNumber, known } from '../../ir/dim.js';
import type { Attrs, Node, Value } from '../../ir/graph.js';
import type { LayerBuilder, LayerConfig, LayerWeight } from './layer-builder.js';

/** Why the layers that TensorFlow.js has can't say a node, and what would be said instead. */
export interface CantSay {
  /** Ends the sentence `X[0,1].conv1 can't be said in layers: ...`; lower case, no full stop. */
  readonly why: string;
  /** A way out beside another target. */
  readonly hint?: string;
}

/** Writes one IR node as layers and answers the name of the one whose output is the node's, or why it can't. */
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

/** What a lowering sees: the node, the layers that make its inputs, and where to write. */
export class LoweringContext {
  readonly node: Node;
  readonly attrs: Attrs;
  /** Names of the layers that make the node's tensors; its parameters are not among them. */
  readonly inputs: readonly string[];
  readonly #around: Surroundings;

  constructor(node: Node, inputs: readonly string[], around: Surroundings) {
    this.node = node;
    this.attrs = node.attrs;
    this.inputs = inputs;
    this.#around = around;
  }

  /** The layer that makes input k. */
  input(k = 0): string {
    const name = this.inputs[k];
    if (name === undefined) throw new Error(`${this.node.op} at ${this.node.origin.path} has no input ${k}`);
    return name;
  }

  value(k = 0): Value {
    const value = this.node.inputs[k];
    if (value === undefined) throw new Error(`${this.node.op} at ${this.node.origin.path} has no input ${k}`);
    return value;
  }

  /** What the node puts out. */
  get output(): Value {
    return this.node.outputs[0] as Value;
  }

  /** Number of spatial dimensions of input k. */
  spatialRank(k = 0): number {
    return this.value(k).type.shape.length - 2;
  }

  /** Channels of input k, which are always a number. */
  channels(k = 0): number {
    return known(this.value(k).type.shape[1] as Dim);
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
    const { path } = value.origin;
    const shape = value.type.shape.map(known);
    const data = this.#around.weights.get(path);
    const length = product(shape);
    if (data?.length !== length)
      throw new Error(`${path} needs ${length} numbers, there are ${data?.length ?? 'none'}`);
    return { data, shape };
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

export const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);

/** A tensor with its axes in another order: axis k of the result is axis `order[k]` of the tensor. */
export function transposed(
  { data, shape }: { readonly data: Float32Array; readonly shape: readonly number[] },
  order: readonly number[],
): { readonly data: Float32Array; readonly shape: readonly number[] } {
  const strides = shape.map((_, i) => product(shape.slice(i + 1)));
  const to = order.map((axis) => shape[axis] as number);
  const steps = order.map((axis) => strides[axis] as number);
  const out = new Float32Array(data.length);
  const index = to.map(() => 0);
  let from = 0;
  for (let k = 0; k < out.length; k++) {
    out[k] = data[from] as number;
    // Counts up like an odometer, with `from` following.
    for (let axis = to.length - 1; axis >= 0; axis--) {
      from += steps[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (to[axis] as number)) break;
      from -= (steps[axis] as number) * (to[axis] as number);
      index[axis] = 0;
    }
  }
  return { data: out, shape: to };
}
