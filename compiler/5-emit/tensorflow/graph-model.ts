import type { Diagnostic } from '../../../grammar/diagnostic.js';
import { say } from '../../../grammar/say.js';
import { diagnose } from '../../diagnostics/index.js';
import type { Graph, Node } from '../../ir/graph.js';
import { cutWeights } from '../tfjs-files.js';
import type { TfPort } from './emission.js';
import { emitInference, type TfGraph } from './inference.js';
import type { TfAttr, TfConstant, TfNode, TfShape, TfType } from './node.js';

/** TensorFlow's names for types, in JSON. */
const jsonType: Readonly<Record<TfType, string>> = {
  float: 'DT_FLOAT',
  int32: 'DT_INT32',
  int64: 'DT_INT64',
  bool: 'DT_BOOL',
  bfloat16: 'DT_BFLOAT16',
  resource: 'DT_RESOURCE',
};

/** Operators of the emitter that TensorFlow.js' graph executor does not have (@tensorflow/tfjs-converter 4.22). */
export const missing: ReadonlySet<string> = new Set([
  'Conv3DBackpropInputV2',
  'StridedSliceGrad',
  ...['Conv2DBackpropFilter', 'Conv3DBackpropFilterV2', 'DepthwiseConv2dNativeBackpropInput'],
]);

export interface GraphModelOptions {
  /** By parameter path, row-major in the IR's order. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Who writes it, `unetc 0.1.0`. */
  readonly generatedBy: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** `files` is null where something can't be expressed; `diagnostics` says what. */
export interface GraphModel {
  readonly files: ReadonlyMap<string, Uint8Array> | null;
  readonly nodes: number;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * A tf.GraphModel for `tf.loadGraphModel`, in Node and in browsers, on every backend: images [N, ...space, C], sizes that are
 * not numbers open. An operator that TensorFlow.js can't run is refused with its place, all of them at once.
 */
export function emitGraphModel(graph: Graph, options: GraphModelOptions): GraphModel {
  const emitted = emitInference(graph, { weights: options.weights, images: 'channels-last' });
  // Nodes of one place in the text, such as a block's, are refused together.
  const refused = new Map<string, { readonly node: Node; readonly kernel: string }>();
  for (const [{ op: kernel }, node] of emitted.sources) {
    const place = `${node.op} ${node.origin.span.start.offset}`;
    if (missing.has(kernel) && !refused.has(place)) refused.set(place, { node, kernel });
  }
  const diagnostics = [...refused.values()].map(({ node: { op, origin }, kernel }) =>
    diagnose(say.notInTarget.kernel({ path: origin.path, op, kernel }), origin.span, {
      hints: ['build for --target tf or onnx'],
    }),
  );
  const files = diagnostics.length > 0 ? null : graphModelFiles(emitted, options);
  return { files, nodes: emitted.nodes.length, diagnostics };
}

/** `model.json`, a GraphDef in protobuf's JSON form with its signature and the metadata; its constants as weights, in shards. */
function graphModelFiles(
  { nodes, inputs, outputs }: TfGraph,
  { generatedBy, metadata }: GraphModelOptions,
): Map<string, Uint8Array> {
  const constants = nodes.flatMap((n) => {
    const value = n.attrs.value;
    return value && 'constant' in value ? [{ name: n.name, constant: value.constant }] : [];
  });
  const { paths, files } = cutWeights(constants.map(({ constant }) => whole(constant)));
  const model = {
    format: 'graph-model',
    generatedBy,
    convertedBy: null,
    signature: { inputs: ports(inputs), outputs: ports(outputs) },
    modelTopology: { node: nodes.map(nodeJson), library: {}, versions: { producer: 987 } },
    weightsManifest: [
      {
        paths,
        weights: constants.map(({ name, constant: { type, dims } }) => ({
          name,
          shape: dims,
          dtype: type === 'float' ? 'float32' : 'int32',
        })),
      },
    ],
    userDefinedMetadata: metadata,
  };
  return new Map([['model.json', new TextEncoder().encode(JSON.stringify(model))], ...files]);
}

/** A constant that one element stands for, written out. */
function whole({ dims, raw, splat }: TfConstant): Uint8Array {
  if (!splat) return raw;
  const count = dims.reduce((a, b) => a * b, 1);
  const all = new Uint8Array(count * raw.length);
  for (let k = 0; k < count; k++) all.set(raw, k * raw.length);
  return all;
}

const ports = (list: readonly TfPort[]) =>
  Object.fromEntries(
    list.map(({ name, tensor, shape }) => [
      name,
      {
        name: tensor.name.includes(':') ? tensor.name : `${tensor.name}:0`,
        dtype: jsonType[tensor.type],
        tensorShape: shapeJson(shape),
      },
    ]),
  );

const shapeJson = (shape: TfShape) => ({ dim: shape.map((size) => ({ size: String(size) })) });

const nodeJson = ({ name, op, inputs, attrs }: TfNode) => ({
  name,
  op,
  input: inputs,
  attr: Object.fromEntries(Object.entries(attrs).map(([key, value]) => [key, attrJson(value)])),
});

function attrJson(value: TfAttr) {
  if ('type' in value) return { type: jsonType[value.type] };
  if ('int' in value) return { i: String(value.int) };
  if ('ints' in value) return { list: { i: value.ints.map(String) } };
  if ('float' in value) return { f: value.float };
  if ('bool' in value) return { b: value.bool };
  if ('shape' in value) return { shape: shapeJson(value.shape) };
  // Bytes are base64 in protobuf's JSON; the texts here are ASCII.
  if ('text' in value) return { s: btoa(value.text) };
  const { type, dims } = value.constant;
  return { tensor: { dtype: jsonType[type], tensorShape: shapeJson(dims) } };
}
