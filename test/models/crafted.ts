import { onnx } from 'onnx-proto';

const { FLOAT, INT64 } = onnx.TensorProto.DataType;
const AttributeType = onnx.AttributeProto.AttributeType;

export const floats = (name: string, dims: readonly number[], values: readonly number[]): onnx.ITensorProto => ({
  name,
  dims: [...dims],
  dataType: FLOAT,
  rawData: new Uint8Array(Float32Array.from(values).buffer),
});

export const ints = (name: string, values: readonly number[], dims = [values.length]): onnx.ITensorProto => ({
  name,
  dims: [...dims],
  dataType: INT64,
  rawData: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
});

export const info = (
  name: string,
  dims: readonly (number | string)[],
  elemType: number = FLOAT,
): onnx.IValueInfoProto => ({
  name,
  type: {
    tensorType: {
      elemType,
      shape: { dim: dims.map((d) => (typeof d === 'number' ? { dimValue: d } : { dimParam: d })) },
    },
  },
});

export const node = (
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attribute: readonly onnx.IAttributeProto[] = [],
  domain?: string,
): onnx.INodeProto => ({
  opType,
  input: [...input],
  output: [...output],
  name: output[0],
  attribute: [...attribute],
  ...(domain === undefined ? {} : { domain }),
});

export const attribute = {
  ints: (name: string, values: readonly number[]): onnx.IAttributeProto => ({
    name,
    type: AttributeType.INTS,
    ints: [...values],
  }),
  int: (name: string, i: number): onnx.IAttributeProto => ({ name, type: AttributeType.INT, i }),
  tensor: (name: string, t: onnx.ITensorProto): onnx.IAttributeProto => ({ name, type: AttributeType.TENSOR, t }),
  tensors: (name: string, tensors: onnx.ITensorProto[]): onnx.IAttributeProto => ({
    name,
    type: AttributeType.TENSORS,
    tensors,
  }),
  graph: (name: string, g: onnx.IGraphProto): onnx.IAttributeProto => ({ name, type: AttributeType.GRAPH, g }),
  sparse: (name: string, sparseTensor: onnx.ISparseTensorProto): onnx.IAttributeProto => ({
    name,
    type: AttributeType.SPARSE_TENSOR,
    sparseTensor,
  }),
};

/** What `unetc build` says of a task, of one class on three channels. */
export const metadata: Readonly<Record<string, string>> = {
  'unetc.version': '0.1.0',
  'unetc.spec': '00',
  'unetc.network': 'Crafted',
  'unetc.level': '1',
  'unetc.mode': 'accurate',
  'unetc.channels': '3',
  'unetc.classes': '["mask"]',
  'unetc.exclusive': 'false',
  'unetc.normalize': 'unit',
  'unetc.axes':
    '[{"symbol":"H","modulus":2,"residues":[0],"least":1},{"symbol":"W","modulus":2,"residues":[0],"least":1}]',
};

/** A model whose lists are there, to be changed. */
export interface Crafted extends onnx.IModelProto {
  metadataProps: onnx.IStringStringEntryProto[];
  graph: onnx.IGraphProto & { node: onnx.INodeProto[]; initializer: onnx.ITensorProto[] };
}

/** A model of one convolution and a sigmoid, as another exporter might write it: the smallest that segments. */
export function intact(): Crafted {
  return {
    irVersion: 8,
    producerName: 'crafted',
    opsetImport: [{ domain: '', version: 17 }],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: 'crafted',
      initializer: [floats('w', [1, 3, 1, 1], [0.5, -0.25, 0.125]), floats('b', [1], [0.1])],
      input: [info('image', ['N', 3, 'H', 'W'])],
      output: [info('mask', ['N', 1, 'H', 'W'])],
      node: [node('Conv', ['image', 'w', 'b'], ['logits']), node('Sigmoid', ['logits'], ['mask'])],
    },
  };
}

export const encode = (model: onnx.IModelProto): Uint8Array =>
  Uint8Array.from(onnx.ModelProto.encode(onnx.ModelProto.create(model)).finish());

/** The bytes of `intact`, changed. */
export function crafted(change: (model: Crafted) => void): Uint8Array {
  const model = intact();
  change(model);
  return encode(model);
}
