import { create, delimited, fixed32, integer, message, tag, text, varint, type Writer } from '../protobuf.js';
import { elementType, type TfAttr, type TfConstant, type TfNode, type TfShape } from './node.js';

/**
 * The part of TensorFlow's graph format that the emitter writes (tensorflow/core/framework/{graph,node_def,attr_value,tensor,
 * tensor_shape}.proto), as chunks: raw weights never pass through a writer.
 */
export type Chunks = readonly Uint8Array[];

/** What the version of a GraphDef promises: behaviour as of TensorFlow 2.9, readable since 0.12. */
const versions = { producer: 987, minConsumer: 12 };

export const bytes = (write: (w: Writer) => void): Uint8Array => {
  const w = create();
  write(w);
  return w.finish();
};

const lengthOf = (chunks: Chunks): number => chunks.reduce((n, chunk) => n + chunk.length, 0);

/** A message of `chunks` as field `field` of another. */
export const nested = (field: number, chunks: Chunks): Chunks => [
  bytes((w) => void tag(w, field, delimited).uint32(lengthOf(chunks))),
  ...chunks,
];

/** The entry of a `map<string, Message>`. */
export const entry = (field: number, key: string, value: Chunks): Chunks =>
  nested(field, [bytes((w) => void text(w, 1, key)), ...nested(2, value)]);

export function writeShape(w: Writer, shape: TfShape): void {
  for (const size of shape) message(w, 2, () => void integer(w, 1, size));
}

function constant({ type, dims, raw, splat }: TfConstant): Chunks {
  const head = bytes((w) => {
    integer(w, 1, elementType[type]);
    message(w, 2, () => writeShape(w, dims));
    // A lone element in a typed field fills the tensor; `tensor_content` must hold every element.
    if (splat)
      tag(w, 5, delimited)
        .fork()
        .float(new Float32Array(raw.slice().buffer)[0] as number)
        .ldelim();
    else tag(w, 4, delimited).uint32(raw.byteLength);
  });
  return splat ? [head] : [head, raw];
}

function attribute(value: TfAttr): Chunks {
  if ('constant' in value) return nested(8, constant(value.constant));
  return [
    bytes((w) => {
      if ('type' in value) integer(w, 6, elementType[value.type]);
      else if ('int' in value) integer(w, 3, value.int);
      else if ('float' in value) tag(w, 4, fixed32).float(value.float);
      else if ('bool' in value) tag(w, 5, varint).bool(value.bool);
      else if ('text' in value) text(w, 2, value.text);
      else if ('shape' in value) message(w, 7, () => writeShape(w, value.shape));
      else {
        message(w, 1, () => {
          tag(w, 3, delimited).fork();
          for (const i of value.ints) w.int64(i);
          w.ldelim();
        });
      }
    }),
  ];
}

function node(n: TfNode): Chunks {
  const head = bytes((w) => {
    text(w, 1, n.name);
    text(w, 2, n.op);
    for (const i of n.inputs) text(w, 3, i);
  });
  return [head, ...Object.entries(n.attrs).flatMap(([name, value]) => entry(5, name, attribute(value)))];
}

/** A GraphDef. */
export const graphDef = (nodes: readonly TfNode[]): Chunks => [
  ...nodes.flatMap((n) => nested(1, node(n))),
  ...nested(4, [
    bytes((w) => {
      integer(w, 1, versions.producer);
      integer(w, 2, versions.minConsumer);
    }),
  ]),
];
