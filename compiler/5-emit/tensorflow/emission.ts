import { isNumber } from '../../ir/dim.js';
import type { Graph, Node, Value } from '../../ir/graph.js';
import { primitiveName } from '../../ops/index.js';
import { TfBuilder } from './builder.js';
import { inOrder, Layout, type Order } from './layout.js';
import { type Links, LoweringContext, RuntimeSizes } from './lowering.js';
import { lowerings } from './lowerings/index.js';
import type { TfNode, TfShape, TfTensor } from './node.js';

/** How images go in and come out: as TensorFlow's users have them, or as the IR has them. */
export type ImageOrder = 'channels-last' | 'channels-first';

/** An input or output by the name the IR gives it. */
export interface TfPort {
  readonly name: string;
  readonly tensor: TfTensor;
  /** -1 where a size is open. */
  readonly shape: TfShape;
}

/** The IR's values as they are being written in TensorFlow. */
export class Emission {
  readonly b = new TfBuilder();
  readonly layout: Layout;
  readonly sizes = new RuntimeSizes(this.b);
  readonly links: Links = { batchNorms: new Map() };
  readonly images: ImageOrder;
  /** The IR node that each TensorFlow node was written for. */
  readonly sources = new Map<TfNode, Node>();
  readonly #tensors = new Map<number, TfTensor>();

  constructor(graph: Graph, images: ImageOrder) {
    this.layout = new Layout(graph);
    this.images = images;
  }

  define(value: Value, tensor: TfTensor): void {
    this.#tensors.set(value.id, tensor);
  }

  isDefined(value: Value): boolean {
    return this.#tensors.has(value.id);
  }

  tensorOf(value: Value): TfTensor {
    const tensor = this.#tensors.get(value.id);
    if (!tensor) throw new Error(`value ${value.id} (${value.origin.path}) is used before it is defined`);
    return tensor;
  }

  /** A placeholder for the value, in the order that images come in. */
  feed(name: string, value: Value): TfPort {
    const outside = this.#outside(value);
    const shape = inOrder(value.type.shape, outside).map((d) => (isNumber(d) ? d.offset : -1));
    const type = value.type.dtype === 'i64' ? 'int64' : 'float';
    const tensor = this.b.named(name, 'Placeholder', [], { dtype: { type }, shape: { shape } }, type);
    this.b.at(name);
    const inside = this.context().relayout(tensor, outside, this.layout.orderOf(value));
    this.define(value, inside);
    this.layout.shapeOf(value).forEach((d, axis) => {
      if (d.symbol !== null && d.scale === 1 && d.offset === 0 && d.divisor === 1) {
        this.sizes.define(d.symbol, inside, axis);
      }
    });
    return { name, tensor, shape };
  }

  /** The value under its own name, once the nodes `after` have run. */
  answer(name: string, value: Value, after: readonly string[] = []): TfPort {
    const outside = this.#outside(value);
    this.b.at(name);
    const tensor = this.context().relayout(this.tensorOf(value), this.layout.orderOf(value), outside);
    const shape = inOrder(value.type.shape, outside).map((d) => (isNumber(d) ? d.offset : -1));
    return { name, tensor: this.identity(name, tensor, after), shape };
  }

  identity(name: string, of: TfTensor, after: readonly string[] = []): TfTensor {
    const inputs = [of, ...after.map((n) => ({ name: `^${n}`, type: of.type }))];
    return this.b.named(name, 'Identity', inputs, { T: { type: of.type } }, of.type);
  }

  lower(node: Node): void {
    this.b.at(node.origin.path);
    const before = this.b.nodes.length;
    const lowered = lowerings[primitiveName(node.op)](this.context(node));
    if (node.after) this.#wait(before, node.after);
    for (const written of this.b.nodes.slice(before)) this.sources.set(written, node);
    const outputs = 'name' in lowered ? [lowered] : lowered;
    node.outputs.forEach((v, k) => {
      this.define(v, outputs[k] as TfTensor);
    });
  }

  /** All written since `first` run only once the values are there. Constants are shared, and take nothing to make. */
  #wait(first: number, values: readonly Value[]): void {
    const after = [...new Set(values.map((v) => `^${this.b.node(this.tensorOf(v))}`))];
    for (let k = first; k < this.b.nodes.length; k++) {
      const written = this.b.nodes[k] as TfNode;
      if (written.op !== 'Const') this.b.nodes[k] = { ...written, inputs: [...written.inputs, ...after] };
    }
  }

  context(node: Node = nothing): LoweringContext {
    return new LoweringContext(
      node,
      node.inputs.map((v) => this.tensorOf(v)),
      this,
    );
  }

  #outside(value: Value): Order {
    if (this.images === 'channels-last') return this.layout.orderOf(value);
    return value.type.shape.map((_, k) => k);
  }
}

/** For what is written beside the IR's own nodes. */
const nothing: Node = {
  op: 'constant',
  attrs: {},
  inputs: [],
  outputs: [],
  origin: { path: '', span: { start: { line: 1, column: 1, offset: 0 }, end: { line: 1, column: 1, offset: 0 } } },
};
