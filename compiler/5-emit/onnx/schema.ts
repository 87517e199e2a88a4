import { Chunked, concatenated, delimited, fixed32, integer, message, tag, text, type Writer } from '../protobuf.js';

/**
 * The part of the ONNX format (onnx.proto, IR 8) that this emitter writes, and its encoding.
 *
 * Raw weights never pass through a writer: each message that contains them is a list of chunks, and every byte of a weight
 * is copied once, into the result.
 */
export const elementType = { float: 1, uint8: 2, int8: 3, int32: 6, int64: 7, float16: 10 } as const;

/** A constant: `raw` holds its elements little-endian, as every engine's memory does. */
export interface TensorProto {
  readonly name: string;
  readonly type: keyof typeof elementType;
  readonly dims: readonly number[];
  readonly raw: Uint8Array;
}

/** An integer, integers, a string; `{ float }`, `{ tensor }` and `{ graph }` say what JavaScript can't. */
export type Attribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly tensor: TensorProto }
  | { readonly graph: GraphProto };

export interface NodeProto {
  readonly op: string;
  /** ONNX's own without. */
  readonly domain?: string;
  readonly name: string;
  /** An empty name leaves an optional input out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** The type of an input or output: a number, or a name for a dimension the file leaves open. */
export interface ValueInfoProto {
  readonly name: string;
  readonly type: keyof typeof elementType;
  readonly dims: readonly (number | string)[];
}

/** A graph, or a branch: a branch has no inputs, and its nodes may use any value of the graphs around it. */
export interface GraphProto {
  readonly name: string;
  readonly nodes: readonly NodeProto[];
  readonly initializers: readonly TensorProto[];
  readonly inputs: readonly ValueInfoProto[];
  readonly outputs: readonly ValueInfoProto[];
  /** What is known of values between. */
  readonly values?: readonly ValueInfoProto[];
}

export interface ModelProto extends GraphProto {
  readonly irVersion: number;
  readonly opset: number;
  readonly producer: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Everything of a TensorProto up to its raw data, whose bytes must follow at once. */
function tensorHead(w: Writer, t: TensorProto): void {
  for (const d of t.dims) integer(w, 1, d);
  integer(w, 2, elementType[t.type]);
  text(w, 8, t.name);
  tag(w, 9, delimited).uint32(t.raw.byteLength);
}

function attribute(w: Writer, name: string, value: Exclude<Attribute, { readonly graph: GraphProto }>): void {
  text(w, 1, name);
  // The kind of value, AttributeProto.type: FLOAT 1, INT 2, STRING 3, TENSOR 4, INTS 7.
  if (typeof value === 'number') {
    integer(w, 3, value);
    integer(w, 20, 2);
  } else if (typeof value === 'string') {
    text(w, 4, value);
    integer(w, 20, 3);
  } else if ('float' in value) {
    tag(w, 2, fixed32).float(value.float);
    integer(w, 20, 1);
  } else if ('tensor' in value) {
    message(w, 5, () => {
      tensorHead(w, value.tensor);
      w.raw(value.tensor.raw);
    });
    integer(w, 20, 4);
  } else {
    for (const i of value) integer(w, 8, i);
    integer(w, 20, 7);
  }
}

/** An attribute that is a branch, AttributeProto.type GRAPH 5. */
function branch(name: string, graph: GraphProto): Chunked {
  const to = new Chunked();
  text(to.writer, 1, name);
  to.field(6, graphChunks(graph));
  integer(to.writer, 20, 5);
  return to;
}

function node(to: Chunked, n: NodeProto): void {
  const w = to.writer;
  for (const i of n.inputs) text(w, 1, i);
  for (const o of n.outputs) text(w, 2, o);
  text(w, 3, n.name);
  text(w, 4, n.op);
  if (n.domain !== undefined) text(w, 7, n.domain);
  for (const [name, value] of Object.entries(n.attributes)) {
    if (isBranch(value)) to.field(5, branch(name, value.graph));
    else message(to.writer, 5, (inner) => attribute(inner, name, value));
  }
}

const isBranch = (value: Attribute): value is { readonly graph: GraphProto } =>
  typeof value === 'object' && 'graph' in value;

function valueInfo(w: Writer, v: ValueInfoProto): void {
  text(w, 1, v.name);
  const dim = (d: number | string) => () => (typeof d === 'number' ? integer(w, 1, d) : text(w, 2, d));
  const shape = () => v.dims.forEach((d) => void message(w, 1, dim(d)));
  const tensor = () => {
    integer(w, 1, elementType[v.type]);
    message(w, 2, shape);
  };
  message(w, 2, () => message(w, 1, tensor));
}

function graphChunks(graph: GraphProto): Chunked {
  const to = new Chunked();
  for (const n of graph.nodes) {
    if (Object.values(n.attributes).some(isBranch)) {
      const inner = new Chunked();
      node(inner, n);
      to.field(1, inner);
    } else message(to.writer, 1, () => node(to, n));
  }
  text(to.writer, 2, graph.name);
  for (const t of graph.initializers) {
    const tensor = new Chunked();
    tensorHead(tensor.writer, t);
    tensor.raw(t.raw);
    to.field(5, tensor);
  }
  for (const v of graph.inputs) message(to.writer, 11, (w) => valueInfo(w, v));
  for (const v of graph.outputs) message(to.writer, 12, (w) => valueInfo(w, v));
  for (const v of graph.values ?? []) message(to.writer, 13, (w) => valueInfo(w, v));
  return to;
}

/** The bytes of an ONNX file. Throws if it would pass 2 GiB, which protobuf can't describe. */
export function encodeModel(model: ModelProto): Uint8Array {
  const to = new Chunked();
  const w = to.writer;
  integer(w, 1, model.irVersion);
  text(w, 2, model.producer);
  const domains = new Set(model.nodes.flatMap((n) => (n.domain === undefined ? [] : [n.domain])));
  for (const [domain, version] of [['', model.opset], ...Array.from(domains, (d) => [d, 1])] as [string, number][]) {
    message(w, 8, () => {
      text(w, 1, domain);
      integer(w, 2, version);
    });
  }
  for (const [key, value] of Object.entries(model.metadata)) {
    message(w, 14, () => {
      text(w, 1, key);
      text(w, 2, value);
    });
  }
  to.field(7, graphChunks(model));
  return concatenated(to.finish(), 'ONNX file');
}
