import { onnx } from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import type { OnnxEngine } from '../../runtime/engines/engine.js';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import { openvino } from '../../runtime/engines/openvino/index.js';
import { checkModel } from '../../runtime/models/check.js';
import { installed } from '../openvino/installed.js';
import { attribute, type Crafted, crafted, encode, floats, intact, node } from './crafted.js';

const external = onnx.TensorProto.DataLocation.EXTERNAL;

/** Where the data of a tensor might be said to be: this process's memory, and files in and out of reach. */
const locations = [
  '*/_ORT_MEM_ADDR_/*',
  'local.bin',
  './local.bin',
  '../local.bin',
  '/etc/passwd',
  'C:\\local.bin',
  '',
];

const outside = (location: string, name = 'w', dims = [1, 3, 1, 1]): onnx.ITensorProto => ({
  name,
  dims,
  dataType: onnx.TensorProto.DataType.FLOAT,
  dataLocation: external,
  externalData: [
    { key: 'location', value: location },
    { key: 'offset', value: '4194304' },
    { key: 'length', value: '12' },
  ],
});

const branch = (tensor: onnx.ITensorProto): onnx.IGraphProto => ({
  name: 'branch',
  initializer: [tensor],
  output: [{ name: 'o' }],
  node: [node('Identity', [tensor.name ?? ''], ['o'])],
});

type Place = (model: Crafted, tensor: onnx.ITensorProto) => void;

/** Every place of a model file in which a tensor can stand. */
const places: Readonly<Record<string, Place>> = {
  'an initializer': (m, t) => m.graph.initializer.splice(0, 1, t),
  'a Constant': (m, t) => m.graph.node.unshift(node('Constant', [], ['w2'], [attribute.tensor('value', t)])),
  'any attribute': (m, t) => m.graph.node[0]!.attribute!.push(attribute.tensor('whatever', t)),
  'a list of tensors': (m, t) =>
    m.graph.node[0]!.attribute!.push(attribute.tensors('whatever', [floats('a', [0], []), t])),
  'values of a sparse initializer': (m, t) => {
    m.graph.sparseInitializer = [{ values: t, indices: floats('i', [0], []), dims: [3] }];
  },
  'indices of a sparse initializer': (m, t) => {
    m.graph.sparseInitializer = [{ values: floats('v', [0], []), indices: t, dims: [3] }];
  },
  'a sparse attribute': (m, t) => {
    m.graph.node[0]!.attribute!.push(attribute.sparse('sparse_value', { values: t, indices: t, dims: [3] }));
  },
  'a branch': (m, t) => {
    m.graph.node.push(node('If', ['b'], ['c'], [attribute.graph('then_branch', branch(t))]));
  },
  'a branch of a branch': (m, t) => {
    const inner: onnx.IGraphProto = {
      ...branch(floats('x', [0], [])),
      node: [node('If', ['b'], ['c'], [attribute.graph('else_branch', branch(t))])],
    };
    m.graph.node.push(node('If', ['b'], ['c'], [attribute.graph('then_branch', inner)]));
  },
  'a loop': (m, t) => {
    m.graph.node.push(node('Loop', ['b'], ['c'], [attribute.graph('body', branch(t))]));
  },
  'a function': (m, t) => {
    m.functions = [{ name: 'f', domain: 'x', node: [node('Constant', [], ['w2'], [attribute.tensor('value', t)])] }];
  },
};

const engines: readonly OnnxEngine[] = installed ? [ort, openvino()] : [ort];

describe.each(Object.entries(places))('data outside the file, of %s', (_, put) => {
  it.each(locations)('at %j are refused by name, trusted or not, before an engine sees them', async (location) => {
    const bytes = crafted((model) => put(model, outside(location)));
    for (const trust of [false, true]) {
      expect(() => checkModel(bytes, { trust })).toThrow(
        expect.objectContaining({ name: 'UserError', code: 'model-refused' }) as Error,
      );
      for (const engine of engines) {
        await expect(engine.open(bytes, { trust })).rejects.toMatchObject({ code: 'model-refused' });
      }
    }
  });

  it('are refused without a location, without a flag, and with a flag of more than 32 bits', () => {
    const forms: onnx.ITensorProto[] = [
      { ...floats('w', [1, 3, 1, 1], [1, 2, 3]), dataLocation: external },
      { ...floats('w', [1, 3, 1, 1], [1, 2, 3]), externalData: [{ key: 'location', value: 'local.bin' }] },
      { ...floats('w', [1, 3, 1, 1], [1, 2, 3]), externalData: [{}] },
    ];
    for (const form of forms) {
      const bytes = crafted((model) => put(model, form));
      expect(() => checkModel(bytes, { trust: true })).toThrow(/is refused: .* has its data outside the file/);
    }
  });
});

it('a flag that is 1 only to a reader that cuts numbers to 32 bits is refused', () => {
  // data_location (field 14, a varint) of 2^32 + 1, added to the only initializer of a model that ends with it.
  const flag = [0x70, 0x81, 0x80, 0x80, 0x80, 0x10];
  const tensor = onnx.TensorProto.encode(floats('w', [1], [1])).finish();
  const field = (number: number, bytes: readonly number[]): number[] => [number * 8 + 2, bytes.length, ...bytes];
  const graph = field(7, field(5, [...tensor, ...flag]));
  const bytes = Uint8Array.from([...encode({ irVersion: 8 }), ...graph]);
  expect(onnx.ModelProto.decode(bytes).graph?.initializer?.[0]?.dataLocation).toBe(external);
  expect(() => checkModel(bytes)).toThrow('has its data outside the file');
});

it('the model of these tests without any runs', async () => {
  for (const engine of engines) {
    const predictor = await engine.open(encode(intact()));
    const found = await predictor.run({ data: new Float32Array(12).fill(1), shape: [1, 3, 2, 2] });
    expect([...found.keys()]).toEqual(['mask']);
    expect(found.get('mask')?.data[0]).toBeCloseTo(1 / (1 + Math.exp(-0.475)), 5);
    await predictor.dispose();
  }
});
