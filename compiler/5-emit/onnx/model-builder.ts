import { halfBits } from '../../ir/half.js';
import { bytesOf } from '../shared.js';
import type { Attribute, GraphProto, NodeProto, TensorProto } from './schema.js';

/** Whose kernels a file is written for: the operators are the same everywhere, what is fast is not. */
export type Device = 'cpu' | 'webgpu';

/** Appends nodes and constants to a model; every name is unique, every constant is written once. */
export class ModelBuilder {
  readonly device: Device;
  /** Channels in a block of the blocked layout of the engine that runs it (lowerings/blocked.ts); 0: standard operators only. */
  readonly block: number;
  nodes: NodeProto[] = [];
  initializers: TensorProto[] = [];
  /** What a lowering wrote that others may use too, by a key of its own. */
  readonly shared = new Map<string, string>();
  readonly #values = new Map<string, number>();
  readonly #nodeNames = new Map<string, number>();
  #constants = new Map<string, string>();
  #path = '';

  constructor(device: Device = 'cpu', block = 0) {
    this.device = device;
    this.block = block;
  }

  /** Takes a value's name, which must be free. */
  reserve(name: string): void {
    if (this.#values.has(name)) throw new Error(`two values are named ${name}`);
    this.#values.set(name, 0);
  }

  /** Nodes and values from here on are named after `path`. */
  at(path: string): void {
    this.#path = path;
  }

  /** One ONNX node; returns the name of its output. */
  node(op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    return this.split(op, inputs, 1, attributes)[0] as string;
  }

  /** One ONNX node with several outputs; returns their names. */
  split(
    op: string,
    inputs: readonly string[],
    count: number,
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string[] {
    const outputs = Array.from({ length: count }, () => unique(this.#values, `${this.#path}/${op}`));
    this.into(op, inputs, outputs, attributes);
    return outputs;
  }

  /** One ONNX node whose outputs have names that are taken already. */
  into(
    op: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): void {
    this.nodes.push({ op, name: unique(this.#nodeNames, this.#path), inputs, outputs, attributes });
  }

  /** One node of another domain than ONNX's; returns the name of its output. */
  foreign(
    domain: string,
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    const output = unique(this.#values, `${this.#path}/${op}`);
    this.nodes.push({ op, domain, name: unique(this.#nodeNames, this.#path), inputs, outputs: [output], attributes });
    return output;
  }

  /**
   * What `write` writes, as the body of a branch: it may use every value written before it, and has constants of its own, since
   * engines look for an operator's constants in the graph that it is in. Names are unique in the whole model.
   */
  branch(write: () => void): Pick<GraphProto, 'nodes' | 'initializers'> {
    const outer = { nodes: this.nodes, initializers: this.initializers, constants: this.#constants };
    const inner = { nodes: [] as NodeProto[], initializers: [] as TensorProto[] };
    Object.assign(this, inner);
    this.#constants = new Map();
    write();
    ({ nodes: this.nodes, initializers: this.initializers, constants: this.#constants } = outer);
    return inner;
  }

  /** A name for a value, made of `name`; unique in the model. */
  name(name: string): string {
    return unique(this.#values, name);
  }

  /** Gives `from` the name `to` (already reserved) by a copy. */
  identity(from: string, to: string): void {
    this.nodes.push({
      op: 'Identity',
      name: unique(this.#nodeNames, to),
      inputs: [from],
      outputs: [to],
      attributes: {},
    });
  }

  /** A vector of int64: axes, shapes, indices. */
  ints(values: readonly number[]): string {
    return this.#constant(`i${values.join()}`, 'int64', [values.length], () =>
      bytesOf(BigInt64Array.from(values, BigInt)),
    );
  }

  /** A scalar int64. */
  int(value: number): string {
    return this.#constant(`s${value}`, 'int64', [], () => bytesOf(BigInt64Array.of(BigInt(value))));
  }

  /** A scalar of an unsigned byte. */
  byte(value: number): string {
    return this.#constant(`b${value}`, 'uint8', [], () => Uint8Array.of(value));
  }

  /** A scalar float. */
  float(value: number): string {
    return this.#constant(`f${value}`, 'float', [], () => bytesOf(Float32Array.of(value)));
  }

  /** A scalar float16. */
  half(value: number): string {
    return this.#constant(`h${value}`, 'float16', [], () => bytesOf(halfBits(Float32Array.of(value))));
  }

  /** A float tensor; `values` also tells whether it was written before, so keep it small. */
  floats(values: readonly number[], dims: readonly number[] = [values.length]): string {
    return this.#constant(`t${dims.join()}:${values.join()}`, 'float', dims, () => bytesOf(Float32Array.from(values)));
  }

  #constant(key: string, type: TensorProto['type'], dims: readonly number[], raw: () => Uint8Array): string {
    const before = this.#constants.get(key);
    if (before !== undefined) return before;
    const name = unique(this.#values, `constant_${this.#constants.size}`);
    this.#constants.set(key, name);
    this.initializers.push({ name, type, dims, raw: raw() });
    return name;
  }
}

/** `name`, or the first of `name_1`, `name_2` ... that is free; taken from here on. */
function unique(taken: Map<string, number>, name: string): string {
  let count = taken.get(name);
  if (count === undefined) {
    taken.set(name, 0);
    return name;
  }
  let candidate: string;
  do candidate = `${name}_${++count}`;
  while (taken.has(candidate));
  taken.set(name, count);
  taken.set(candidate, 0);
  return candidate;
}
