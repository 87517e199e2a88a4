import { concatenated, integer, message, text } from '../protobuf.js';
import type { TfPort } from './emission.js';
import { bytes, type Chunks, entry, graphDef, nested, writeShape } from './encode.js';
import { elementType, type TfNode } from './node.js';

/** What a SavedModel can be asked for, by name: `serving_default`, or `step`. */
export type Signatures = Readonly<
  Record<string, { readonly inputs: readonly TfPort[]; readonly outputs: readonly TfPort[] }>
>;

const methodName = 'tensorflow/serving/predict';

/** tensorflow.TensorInfo: an output of a node, its type and shape. */
const tensorInfo = ({ tensor, shape }: TfPort): Chunks => [
  bytes((w) => {
    text(w, 1, tensor.name.includes(':') ? tensor.name : `${tensor.name}:0`);
    integer(w, 2, elementType[tensor.type]);
    message(w, 3, () => writeShape(w, shape));
  }),
];

const signature = ({ inputs, outputs }: Signatures[string]): Chunks => [
  ...inputs.flatMap((port) => entry(1, port.name, tensorInfo(port))),
  ...outputs.flatMap((port) => entry(2, port.name, tensorInfo(port))),
  bytes((w) => void text(w, 3, methodName)),
];

/**
 * The bytes of a `saved_model.pb` (tensorflow/core/protobuf/{saved_model,meta_graph}.proto): one graph, tagged `serve`, with no
 * variables folder. What TensorFlow Serving, Python's tf.saved_model.load and tfjs-node's loadSavedModel open.
 */
export function encodeSavedModel(nodes: readonly TfNode[], signatures: Signatures): Uint8Array {
  const info = bytes((w) => {
    text(w, 4, 'serve');
    text(w, 5, '2.9.0');
  });
  const metaGraph = [
    ...nested(1, [info]),
    ...nested(2, graphDef(nodes)),
    ...Object.entries(signatures).flatMap(([name, ports]) => entry(5, name, signature(ports))),
  ];
  return concatenated([bytes((w) => void integer(w, 1, 1)), ...nested(2, metaGraph)], 'SavedModel');
}
