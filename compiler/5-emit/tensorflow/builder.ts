import { bytesOf } from '../shared.js';
import type { TfAttr, TfConstant, TfNode, TfTensor, TfType } from './node.js';

type Attrs = Readonly<Record<string, TfAttr>>;

/** A path as part of a node's name, which may hold letters, digits and `_./`: `X[0,1].conv1` -> `X_0_1/conv1`. */
export const nameOfPath = (path: string): string =>
  path
    .replaceAll(']', '')
    .replaceAll('.', '/')
    .replaceAll(/[^A-Za-z0-9_/]/g, '_')
    .replace(/^[^A-Za-z0-9]+/, '') || 'node';

/** Appends TensorFlow nodes; every name is unique, every constant is written once. */
export class TfBuilder {
  readonly nodes: TfNode[] = [];
  readonly #names = new Map<string, number>();
  readonly #constants = new Map<string, TfTensor>();
  #path = '';

  /** Nodes from here on are named after `path`. */
  at(path: string): void {
    this.#path = nameOfPath(path);
  }

  /** `name`, or the first of `name_1`, `name_2` ... that is free; taken from here on. */
  unique(name: string): string {
    let candidate = name;
    for (let k = this.#names.get(name) ?? 0; this.#names.has(candidate); k++) {
      candidate = `${name}_${k + 1}`;
      this.#names.set(name, k + 1);
    }
    this.#names.set(candidate, 0);
    return candidate;
  }

  /** A node under a name of its own, such as an input's; returns its first output. */
  named(name: string, op: string, inputs: readonly TfTensor[], attrs: Attrs, type: TfType): TfTensor {
    const unique = this.unique(nameOfPath(name));
    this.nodes.push({ name: unique, op, inputs: inputs.map((t) => t.name), attrs });
    return { name: unique, type };
  }

  /** A node with outputs of the given types. */
  split(op: string, inputs: readonly TfTensor[], attrs: Attrs, types: readonly TfType[]): TfTensor[] {
    const name = this.unique(`${this.#path}/${op}`);
    this.nodes.push({ name, op, inputs: inputs.map((t) => t.name), attrs });
    return types.map((type, k) => ({ name: k === 0 ? name : `${name}:${k}`, type }));
  }

  /** A node whose single output has the type of its attribute T: that of its first input, unless `attrs` has another. */
  op(op: string, inputs: readonly TfTensor[], attrs: Attrs = {}): TfTensor {
    const T = attrs.T && 'type' in attrs.T ? attrs.T : { type: (inputs[0] as TfTensor).type };
    return this.split(op, inputs, { ...attrs, T }, [T.type])[0] as TfTensor;
  }

  /** A node that is run for its effect: `TfNode.inputs` of another may wait for it as `^name`. */
  effect(op: string, inputs: readonly TfTensor[], attrs: Attrs, after: readonly string[] = []): string {
    const name = this.unique(`${this.#path}/${op}`);
    this.nodes.push({ name, op, inputs: [...inputs.map((t) => t.name), ...after.map((n) => `^${n}`)], attrs });
    return name;
  }

  /** The name of the node that a tensor comes from. */
  node(t: TfTensor): string {
    return t.name.replace(/:\d+$/, '');
  }

  cast(x: TfTensor, type: TfType): TfTensor {
    if (x.type === type) return x;
    return this.split('Cast', [x], { SrcT: { type: x.type }, DstT: { type } }, [type])[0] as TfTensor;
  }

  transpose(x: TfTensor, order: readonly number[]): TfTensor {
    return order.every((axis, k) => axis === k) ? x : this.op('Transpose', [x, this.ints(order)]);
  }

  /** To a shape with at most one -1, which takes what is left. */
  reshape(x: TfTensor, shape: readonly number[] | TfTensor): TfTensor {
    return this.op('Reshape', [x, 'name' in shape ? shape : this.ints(shape)]);
  }

  /** A vector of int32: axes, shapes, indices. */
  ints(values: readonly number[]): TfTensor {
    return this.#constant('int32', [values.length], bytesOf(Int32Array.from(values)), values);
  }

  /** A scalar int32. */
  int(value: number): TfTensor {
    return this.#constant('int32', [], bytesOf(Int32Array.of(value)), [value]);
  }

  /** A scalar int64. */
  long(value: number): TfTensor {
    return this.#constant('int64', [], bytesOf(BigInt64Array.of(BigInt(value))), [value]);
  }

  /** A scalar of type `like`'s: floats meet only floats of their own width. */
  float(value: number, type: TfType = 'float'): TfTensor {
    if (type === 'bfloat16') return this.#constant(type, [], bfloat16(value), [value]);
    return this.#constant('float', [], bytesOf(Float32Array.of(value)), [value]);
  }

  /** One float everywhere. */
  filled(dims: readonly number[], value: number): TfTensor {
    const constant = { type: 'float', dims, raw: bytesOf(Float32Array.of(value)), splat: true } as const;
    return this.constant('filled', constant);
  }

  /** A constant of its own, such as a weight. */
  constant(name: string, constant: TfConstant): TfTensor {
    return this.named(name, 'Const', [], { dtype: { type: constant.type }, value: { constant } }, constant.type);
  }

  #constant(type: TfType, dims: readonly number[], raw: Uint8Array, key: readonly number[]): TfTensor {
    const id = `${type}[${dims}]${key.map((v) => (Object.is(v, -0) ? '-0' : v)).join()}`;
    const before = this.#constants.get(id);
    if (before) return before;
    const made = this.constant(`constant/${type}`, { type, dims, raw });
    this.#constants.set(id, made);
    return made;
  }
}

/** The upper half of a float32, rounded to nearest even. */
function bfloat16(value: number): Uint8Array {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0] as number;
  const rounded = (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
  return Uint8Array.of(rounded & 0xff, rounded >>> 8);
}
