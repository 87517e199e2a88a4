import { type Dim, isNumber, knownShape, printDim } from '../../ir/dim.js';
import type { Node, Value } from '../../ir/graph.js';
import { NodeView } from '../node-view.js';
import type { TfBuilder } from './builder.js';
import { type Layout, type Order, permutation, sameOrder } from './layout.js';
import type { TfTensor } from './node.js';

/** Writes one IR node as TensorFlow nodes and returns its outputs, in order, each in the layout of its value. */
export type Lowering = (to: LoweringContext) => TfTensor | readonly TfTensor[];

/** Sizes that are known only when the graph runs. */
export class RuntimeSizes {
  readonly #b: TfBuilder;
  readonly #symbols = new Map<string, { readonly of: TfTensor; readonly axis: number }>();
  readonly #scalars = new Map<string, TfTensor>();

  constructor(b: TfBuilder) {
    this.#b = b;
  }

  /** A symbol is the size of `of` along `axis`. */
  define(symbol: string, of: TfTensor, axis: number): void {
    if (!this.#symbols.has(symbol)) this.#symbols.set(symbol, { of, axis });
  }

  /** The dimension as a scalar int32. */
  scalar(dim: Dim): TfTensor {
    if (isNumber(dim)) return this.#b.int(dim.offset);
    const key = printDim(dim);
    const before = this.#scalars.get(key);
    if (before) return before;
    const made = this.#compute(dim);
    this.#scalars.set(key, made);
    return made;
  }

  #compute(dim: Dim): TfTensor {
    const b = this.#b;
    const source = this.#symbols.get(dim.symbol as string);
    if (!source) throw new Error(`nothing that is fed has size ${dim.symbol}`);
    const shape = b.split('Shape', [source.of], { T: { type: source.of.type } }, ['int32'])[0] as TfTensor;
    const slice = { T: { type: 'int32' }, Index: { type: 'int32' }, shrink_axis_mask: { int: 1 } } as const;
    const { axis } = source;
    let size = b.op('StridedSlice', [shape, b.ints([axis]), b.ints([axis + 1]), b.ints([1])], slice);
    if (dim.scale !== 1) size = b.op('Mul', [size, b.int(dim.scale)]);
    if (dim.offset !== 0) size = b.op('AddV2', [size, b.int(dim.offset)]);
    return dim.divisor === 1 ? size : b.op('FloorDiv', [size, b.int(dim.divisor)]);
  }
}

/** State shared by the lowerings of one graph. */
export interface Links {
  /** By the id of a batchnorm_train's mean: what TensorFlow keeps of the forward pass for the gradient. */
  readonly batchNorms: Map<number, readonly TfTensor[]>;
}

/** The arguments of a lowering: the node, its inputs, their shapes and layouts, and where to write. */
export class LoweringContext extends NodeView<TfTensor> {
  readonly b: TfBuilder;
  readonly layout: Layout;
  readonly sizes: RuntimeSizes;
  readonly links: Links;

  constructor(
    node: Node,
    inputs: readonly TfTensor[],
    shared: { readonly b: TfBuilder; readonly layout: Layout; readonly sizes: RuntimeSizes; readonly links: Links },
  ) {
    super(node, inputs);
    this.b = shared.b;
    this.layout = shared.layout;
    this.sizes = shared.sizes;
    this.links = shared.links;
  }

  output(k = 0): Value {
    return this.node.outputs[k] as Value;
  }

  order(value: Value): Order {
    return this.layout.orderOf(value);
  }

  /** Shape of a value in TensorFlow's layout. */
  shape(value: Value): Dim[] {
    return this.layout.shapeOf(value);
  }

  /** The same where every size is a number, as in a training graph. */
  knownShape(value: Value): number[] {
    return knownShape(this.shape(value));
  }

  /** Where IR axis `axis` of `value` stands. */
  axis(value: Value, axis: number): number {
    return this.order(value).indexOf(axis);
  }

  /** A shape as a vector of int32. */
  dims(shape: readonly Dim[]): TfTensor {
    if (shape.every(isNumber)) return this.b.ints(knownShape(shape));
    const scalars = shape.map((d) => this.sizes.scalar(d));
    const attrs = { N: { int: shape.length }, T: { type: 'int32' }, axis: { int: 0 } } as const;
    return this.b.split('Pack', scalars, attrs, ['int32'])[0] as TfTensor;
  }

  reshape(x: TfTensor, shape: readonly Dim[]): TfTensor {
    const open = shape.filter((d) => !isNumber(d)).length;
    if (open > 1) return this.b.reshape(x, this.dims(shape));
    return this.b.reshape(
      x,
      shape.map((d) => (isNumber(d) ? d.offset : -1)),
    );
  }

  /** Reorders the axes of a tensor from one layout to another. */
  relayout(x: TfTensor, from: Order, to: Order): TfTensor {
    return sameOrder(from, to) ? x : this.b.transpose(x, permutation(from, to));
  }
}
