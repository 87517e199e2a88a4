import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { onnx } from 'onnx-proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../compiler/user-error.js';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import { checkModel } from '../../runtime/models/check.js';
import { openModel } from '../../runtime/prediction/model.js';
import { predictPicture } from '../../runtime/prediction/predict.js';
import { readModelFile } from '../../runtime/run/model-file.js';
import { cases } from '../cases.js';
import { attribute, type Crafted, crafted, encode, floats, info, intact, ints, node } from './crafted.js';

type Change = (model: Crafted) => void;

const graphOf = (nodes: onnx.INodeProto[], initializer: onnx.ITensorProto[] = []): onnx.IGraphProto => ({
  name: 'inner',
  node: nodes,
  initializer,
  output: [info('o', [])],
});

/** An `If` in an `If`, so many times. */
function nested(depth: number): onnx.IGraphProto {
  const leaf = graphOf([node('Identity', ['b'], ['o'])]);
  if (depth === 0) return leaf;
  return graphOf([
    node(
      'If',
      ['yes'],
      ['o'],
      [attribute.graph('then_branch', nested(depth - 1)), attribute.graph('else_branch', leaf)],
    ),
  ]);
}

const before =
  (...nodes: onnx.INodeProto[]): Change =>
  (m) =>
    void m.graph.node.unshift(...nodes);
const withConstants =
  (constants: onnx.ITensorProto[], ...nodes: onnx.INodeProto[]): Change =>
  (m) => {
    m.graph.initializer.push(...constants);
    m.graph.node.unshift(...nodes);
  };
/** The first constant, with these fields instead of its own. */
const first =
  (fields: onnx.ITensorProto): Change =>
  (m) =>
    void Object.assign(m.graph.initializer[0]!, fields);

/** Passes with --trust. */
const unusual: Readonly<Record<string, Change>> = {
  'an infinite Loop': before(node('Loop', ['', 'yes'], ['z'], [attribute.graph('body', graphOf([]))])),
  'a Loop of 10 rounds': before(node('Loop', ['ten'], ['z'], [attribute.graph('body', graphOf([]))])),
  'a Scan': before(
    node('Scan', ['image'], ['z'], [attribute.graph('body', graphOf([])), attribute.int('num_scan_inputs', 1)]),
  ),
  'a Loop in a branch': before(
    node(
      'If',
      ['yes'],
      ['z'],
      [
        attribute.graph(
          'then_branch',
          graphOf([node('Loop', ['', 'yes'], ['o'], [attribute.graph('body', graphOf([]))])]),
        ),
      ],
    ),
  ),
  'an operator of another domain': before(node('EPContext', ['image'], ['z'], [], 'com.microsoft')),
  'a domain of custom operators': (m) => m.opsetImport!.push({ domain: 'evil.ops', version: 1 }),
  'an operator that ONNX lacks': before(node('NoSuchThing', ['image'], ['z'])),
  'an operator named to look like another': before(node('Conv\u200b', ['image'], ['z'])),
  'random numbers': before(node('RandomNormalLike', ['image'], ['z'])),
  text: before(node('StringNormalizer', ['image'], ['z'])),
  'a sequence': before(node('SequenceConstruct', ['image'], ['z'])),
  'an optional value': before(node('Optional', ['image'], ['z'])),
  'a function of its own': (m) => {
    m.functions = [{ name: 'f', domain: 'local', node: [node('Relu', ['a'], ['b'])] }];
  },
  'a function that calls itself': (m) => {
    m.functions = [{ name: 'f', domain: 'local', node: [node('f', ['a'], ['b'], [], 'local')] }];
  },
  'a graph in an operator that has none': before(
    node('Relu', ['image'], ['z'], [attribute.graph('body', graphOf([]))]),
  ),
  'a sparse constant': (m) => {
    m.graph.sparseInitializer = [{ values: floats('s', [1], [1]), indices: ints('i', [0]), dims: [1e9] }];
  },
  'settings for ONNX Runtime': (m) => m.metadataProps.push({ key: 'ort_config', value: '{}' }),
  'ConstantOfShape of 2^40': withConstants([ints('s', [2 ** 20, 2 ** 20])], node('ConstantOfShape', ['s'], ['z'])),
  'ConstantOfShape of 2^62': withConstants([ints('s', [2 ** 31, 2 ** 31])], node('ConstantOfShape', ['s'], ['z'])),
  'ConstantOfShape by a Constant': before(
    node('Constant', [], ['s'], [attribute.tensor('value', ints('', [2 ** 30, 8]))]),
    node('ConstantOfShape', ['s'], ['z']),
  ),
  'ConstantOfShape by value_ints': before(
    node('Constant', [], ['s'], [attribute.ints('value_ints', [2 ** 30, 8])]),
    node('ConstantOfShape', ['s'], ['z']),
  ),
  'ConstantOfShape by int64_data': withConstants(
    [{ name: 's', dims: [2], dataType: 7, int64Data: [2 ** 20, 2 ** 20] }],
    node('ConstantOfShape', ['s'], ['z']),
  ),
  'Expand to 2^40': withConstants([ints('s', [2 ** 20, 2 ** 20])], node('Expand', ['b', 's'], ['z'])),
  'Tile of a million times': withConstants([ints('s', [1, 1, 1e6, 1e6])], node('Tile', ['image', 's'], ['z'])),
  'Tile of a million times in a branch': withConstants(
    [ints('s', [1, 1, 1e6, 1e6])],
    node('If', ['yes'], ['z'], [attribute.graph('then_branch', graphOf([node('Tile', ['image', 's'], ['o'])]))]),
  ),
  'Resize by a million': withConstants([floats('s', [4], [1, 1, 1e6, 1e6])], node('Resize', ['image', '', 's'], ['z'])),
  'Resize by infinity': withConstants(
    [floats('s', [4], [1, 1, Number.POSITIVE_INFINITY, 1])],
    node('Resize', ['image', '', 's'], ['z']),
  ),
  'Resize by NaN': withConstants([floats('s', [4], [1, 1, Number.NaN, 1])], node('Resize', ['image', '', 's'], ['z'])),
  'Resize to 2^40': withConstants([ints('s', [1, 1, 2 ** 20, 2 ** 20])], node('Resize', ['image', '', '', 's'], ['z'])),
  'Upsample by a million': withConstants([floats('s', [4], [1, 1, 1e6, 1e6])], node('Upsample', ['image', 's'], ['z'])),
  'Range to 10^12': withConstants(
    [ints('a', [0], []), ints('z1', [1e12], []), ints('d', [1], [])],
    node('Range', ['a', 'z1', 'd'], ['z']),
  ),
  'Range by nothing': withConstants(
    [ints('a', [0], []), ints('z1', [9], []), ints('d', [0], [])],
    node('Range', ['a', 'z1', 'd'], ['z']),
  ),
  'OneHot of 10^12': withConstants(
    [ints('d', [1e12], []), ints('v', [0, 1])],
    node('OneHot', ['image', 'd', 'v'], ['z']),
  ),
  'Pad by a million': withConstants([ints('p', [0, 0, 1e6, 1e6, 0, 0, 1e6, 1e6])], node('Pad', ['image', 'p'], ['z'])),
  'Conv with margins of 10^9': before(
    node('Conv', ['image', 'w'], ['z'], [attribute.ints('pads', [1e9, 1e9, 1e9, 1e9])]),
  ),
  'MaxPool of a window of 10^9': before(
    node('MaxPool', ['image'], ['z'], [attribute.ints('kernel_shape', [1e9, 1e9])]),
  ),
  'Conv with dilations below zero': before(
    node('Conv', ['image', 'w'], ['z'], [attribute.ints('dilations', [-1e9, 1])]),
  ),
  'ConvTranspose with strides of 10^9': before(
    node('ConvTranspose', ['image', 'w'], ['z'], [attribute.ints('strides', [1e9, 1e9])]),
  ),
};

/** Never passes. */
const refused: Readonly<Record<string, Change>> = {
  'no graph': (m) => {
    (m as onnx.IModelProto).graph = null;
  },
  'no output': (m) => {
    m.graph.output = [];
  },
  'no input': (m) => {
    m.graph.input = [];
  },
  'two images': (m) => m.graph.input!.push(info('second', ['N', 3, 'H', 'W'])),
  'an image in bytes': (m) => {
    m.graph.input = [info('image', ['N', 3, 'H', 'W'], onnx.TensorProto.DataType.UINT8)];
  },
  'an input that is a sequence': (m) => {
    m.graph.input = [{ name: 'image', type: { sequenceType: { elemType: {} } } }];
  },
  'two outputs of one name': (m) => m.graph.output!.push(info('mask', ['N', 1, 'H', 'W'])),
  'an input of a size below zero': (m) => {
    m.graph.input = [info('image', ['N', 3, -5, 'W'])];
  },
  'an output of 2^40': (m) => {
    m.graph.output = [info('mask', ['N', 1, 2 ** 40, 'W'])];
  },
  'a version of the future': (m) => {
    m.irVersion = 99;
  },
  'no version': (m) => {
    m.irVersion = 0;
  },
  'a version below zero': (m) => {
    m.irVersion = -8;
  },
  'a training step of its own': (m) => {
    m.trainingInfo = [{ algorithm: graphOf([]) }];
  },
  'a key of its metadata twice': (m) => m.metadataProps.push({ key: 'unetc.channels', value: '1' }),
  'graphs 17 deep': (m) =>
    m.graph.node.unshift(node('If', ['yes'], ['z'], [attribute.graph('then_branch', nested(17))])),
  'graphs 200 deep': (m) =>
    m.graph.node.unshift(node('If', ['yes'], ['z'], [attribute.graph('then_branch', nested(200))])),
  'a constant of fewer bytes than its shape': first({ rawData: new Uint8Array(11) }),
  'a constant of more bytes than its shape': first({ rawData: new Uint8Array(16) }),
  'a constant without data': first({ rawData: null }),
  'a constant with no bytes': first({ rawData: new Uint8Array(0) }),
  'a constant with its data twice': first({ floatData: [1, 2, 3] }),
  'a constant with data of another type': first({ rawData: null, int64Data: [1, 2, 3] }),
  'a constant with text': first({ rawData: null, dataType: 8, stringData: [new Uint8Array(1)] }),
  'a constant with text beside its numbers': first({ stringData: [new Uint8Array(1)] }),
  'a constant of no type': first({ dataType: 0 }),
  'a constant of a type that there is not': first({ dataType: 99 }),
  'a constant of a type below zero': first({ dataType: -1 }),
  'a constant of a size below zero': first({ dims: [1, 3, -1, -1] }),
  'a constant of sizes whose product wraps to its length': first({ dims: [2 ** 32, 2 ** 32, 3] }),
  'a constant of sizes whose product is no number': first({ dims: [2 ** 62, 2 ** 62, 2 ** 62, 2 ** 62] }),
  'a constant of 17 axes': first({ dims: [...Array(16).fill(1), 3] }),
  'a constant of 1000 axes': first({ dims: [...Array(999).fill(1), 3] }),
  'a piece of a constant': first({ segment: { begin: 0, end: 3 } }),
};

/** Bytes that two readers may read in two ways, or that are another format too. */
const misread: Readonly<Record<string, () => Uint8Array>> = {
  'two graphs, which protobuf merges': () => Buffer.concat([encode(intact()), encode({ graph: intact().graph })]),
  'two producers, of which protobuf takes the last': () =>
    Buffer.concat([encode(intact()), encode({ producerName: 'another' })]),
  'an unknown field': () => Buffer.concat([encode(intact()), Buffer.of(0x98, 0x06, 1)]),
  'a group': () => Buffer.concat([encode(intact()), Buffer.of(0x7b, 0x7c)]),
  'field 0': () => Buffer.concat([encode(intact()), Buffer.of(0x02, 0x00)]),
  'a tag of more than 32 bits': () =>
    Buffer.concat([encode(intact()), Buffer.of(0xf2, 0x80, 0x80, 0x80, 0x80, 0x01, 0)]),
  'a number of 11 bytes': () => Buffer.concat([encode(intact()), Buffer.of(0x28, ...Array(10).fill(0x80), 1)]),
  'a number of 70 bits': () => Buffer.concat([encode(intact()), Buffer.of(0x28, ...Array(9).fill(0xff), 0x7f)]),
  'a length below zero': () => Buffer.concat([encode(intact()), Buffer.of(0x32, ...Array(9).fill(0xff), 0x01)]),
  'a length of 2^40': () => Buffer.concat([encode(intact()), Buffer.of(0x32, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20)]),
  'a length that is cut off': () => Buffer.concat([encode(intact()), Buffer.of(0x32, 0x80)]),
  'a text that is not UTF-8': () => Buffer.concat([encode(intact()), Buffer.of(0x32, 1, 0xff)]),
  "ONNX Runtime's own format as well": () => Buffer.from('\x08\x08\x12\x04ORTM', 'latin1'),
  "ONNX Runtime's own format before a model": () =>
    Buffer.concat([
      Buffer.from('\x08\x08\x12\x04ORTM', 'latin1'),
      encode({ ...intact(), irVersion: null, producerName: null }),
    ]),
  "TensorFlow Lite's format as well": () =>
    Buffer.concat([
      Buffer.from('\x08\x08\x12\x04TFL3', 'latin1'),
      encode({ ...intact(), irVersion: null, producerName: null }),
    ]),
  XML: () => Buffer.from('<?xml version="1.0"?><net name="x" version="11"><layers/></net>'),
  JSON: () => Buffer.from('{"graph": {}}'),
  'a million empty nodes': () => {
    const nodes = Buffer.alloc(2_000_000);
    for (let k = 0; k < nodes.length; k += 2) nodes[k] = 0x0a;
    const length = [];
    for (let n = nodes.length; n > 0; n = Math.floor(n / 128)) length.push((n % 128) + (n >= 128 ? 128 : 0));
    return Buffer.concat([Buffer.of(0x08, 0x08, 0x3a, ...length), nodes]);
  },
};

/** What a schema of metadata refuses, by key. */
const metadata: readonly (readonly [key: string, ...values: string[]])[] = [
  ['unetc.channels', 'NaN', '', '0', '-1', '1e9', '3.5', 'Infinity', '0x3', ' 3', '99999', '3\n'],
  [
    'unetc.classes',
    '',
    'mask',
    '{}',
    'null',
    '[]',
    '[1]',
    '["a","a"]',
    '[""]',
    '["a\\u0000"]',
    '[["a"]]',
    '["\\ud800"]',
  ],
  ['unetc.classes', `["${'x'.repeat(1000)}"]`, JSON.stringify(Array.from({ length: 5000 }, (_, k) => `c${k}`))],
  ['unetc.exclusive', 'TRUE', '1', '', 'yes'],
  ['unetc.normalize', 'unit ', '', '__proto__', 'constructor'],
  ['unetc.resize', '[0,0]', '[-1,4]', '[1e9,1e9]', '[]', '[1,2,3,4]', '{"0":1}', '["16","16"]', '[1.5,2]', '[null]'],
  ['unetc.patch', '[0]', '[1e99]', '16'],
  ['unetc.axes', '[]', '{}', '[1,2]', '[null,null]', '[{}]', '[{"fixed":0}]', '[{"fixed":1e9}]', '[{"fixed":"8"}]'],
  ['unetc.axes', '[{"symbol":"H","modulus":1e9,"residues":[0],"least":1}]'],
  ['unetc.axes', '[{"symbol":"H","modulus":9007199254740881,"residues":[1],"least":1}]'],
  [
    'unetc.axes',
    '[{"symbol":"H","modulus":2,"residues":[2],"least":1}]',
    '[{"symbol":"H","modulus":2,"residues":[-1],"least":1}]',
  ],
  [
    'unetc.axes',
    '[{"symbol":"H","modulus":2,"residues":[0,0],"least":1}]',
    '[{"symbol":"H","modulus":2,"residues":[0],"least":1e9}]',
  ],
  [
    'unetc.axes',
    '[{"symbol":"","modulus":2,"residues":[0],"least":1}]',
    '[{"symbol":"H","modulus":2,"residues":{},"least":1}]',
  ],
  [
    'unetc.axes',
    '[{"fixed":8,"symbol":"H","modulus":2,"residues":[0],"least":1}]',
    '[{"symbol":"H","modulus":0,"residues":[],"least":1}]',
  ],
  ['unetc.level', 'NaN', '-1', '1e9', ''],
  ['unetc.mode', '', '\u001b[31m', 'x'.repeat(1000)],
];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), 'unetc-crafted-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function written(bytes: Uint8Array): string {
  const file = join(folder, 'model.onnx');
  writeFileSync(file, bytes);
  return file;
}

const refusal = (codes: RegExp) => ({ name: 'UserError', code: expect.stringMatching(codes) as string });

describe('a crafted file', () => {
  it('of none of these kinds is read', () => {
    expect(checkModel(encode(intact()))).toMatchObject({ inputs: ['image'], outputs: ['mask'] });
    const branching = crafted((m) =>
      m.graph.node.unshift(node('If', ['yes'], ['z'], [attribute.graph('then_branch', nested(12))])),
    );
    expect(() => checkModel(branching)).not.toThrow();
  });

  it.each(Object.entries(unusual))('with %s is refused unless it is trusted', async (_, change) => {
    const bytes = crafted(change);
    expect(() => checkModel(bytes, { trust: true })).not.toThrow();
    await expect(ort.open(bytes)).rejects.toMatchObject(refusal(/^model-refused$/));
    await expect(openModel(written(bytes), { engine: ort })).rejects.toMatchObject({
      message: expect.stringContaining('model.onnx is refused: '),
      hint: expect.stringContaining('--trust'),
    });
  });

  it.each(Object.entries(refused))('with %s is refused, trusted or not', async (_, change) => {
    const bytes = crafted(change);
    for (const trust of [false, true]) {
      await expect(ort.open(bytes, { trust })).rejects.toMatchObject(refusal(/^model-(refused|corrupt)$/));
    }
    await expect(readModelFile(written(bytes))).rejects.toMatchObject({
      message: expect.stringContaining('model.onnx'),
    });
  });

  it.each(Object.entries(misread))('of %s is refused', async (_, make) => {
    const bytes = make();
    expect(() => checkModel(bytes)).toThrow(expect.objectContaining(refusal(/^model-(refused|corrupt)$/)) as Error);
    await expect(readModelFile(written(bytes))).rejects.toMatchObject({
      message: expect.stringContaining('model.onnx'),
    });
  });

  it.each(metadata.flatMap(([key, ...values]) => values.map((value) => [key, value] as const)))(
    'whose %s is %j is refused by that key',
    async (key, value) => {
      const bytes = crafted((m) => {
        m.metadataProps = m.metadataProps.filter((p) => p.key !== key);
        m.metadataProps.push({ key, value });
      });
      const found = await readModelFile(written(bytes)).then(
        () => null,
        (error: unknown) => error,
      );
      expect(found).toMatchObject({ name: 'UserError', code: 'model-metadata', message: expect.stringContaining(key) });
      // One line, without what a terminal would act on, and not longer than a screen is wide by much.
      expect((found as UserError).message).not.toMatch(/\p{Cc}/u);
      expect((found as UserError).message.length).toBeLessThan(400);
    },
  );

  it.each(['unetc.channels', 'unetc.classes', 'unetc.axes', 'unetc.normalize', 'unetc.exclusive'])(
    'without %s is not ours',
    async (key) => {
      const bytes = crafted((m) => {
        m.metadataProps = m.metadataProps.filter((p) => p.key !== key);
      });
      await expect(readModelFile(written(bytes))).rejects.toMatchObject({ code: 'model-foreign' });
    },
  );

  it('that is no file is not waited for', async () => {
    await expect(readModelFile('/dev/zero')).rejects.toMatchObject({
      message: expect.stringContaining('no regular file'),
    });
    await expect(readModelFile(folder)).rejects.toMatchObject({ code: 'file-read' });
  });
});

describe('what a model answers', () => {
  const picture = { data: new Uint8Array(3 * 16 * 16).fill(100), height: 16, width: 16, channels: 3, range: [0, 255] };
  const answer = async (change: Change): Promise<unknown> => {
    const model = await openModel(written(crafted(change)), { engine: ort });
    return predictPicture(model, picture as never).finally(() => model.predictor.dispose());
  };
  const kinds: Readonly<Record<string, Change>> = {
    'not a number': (m) => {
      m.graph.initializer[1] = floats('b', [1], [Number.NaN]);
    },
    infinite: (m) => {
      m.graph.initializer[1] = floats('b', [1], [Number.POSITIVE_INFINITY]);
      m.graph.node = [node('Conv', ['image', 'w', 'b'], ['mask'])];
    },
    'a number for the whole image': (m) => {
      m.graph.node = [node('ReduceMean', ['image'], ['mask'])];
    },
    'of more classes than it has': (m) => {
      m.graph.node = [node('Relu', ['image'], ['mask'])];
    },
    'of another size': (m) => {
      m.graph.node = [
        node('AveragePool', ['image'], ['x'], [attribute.ints('kernel_shape', [2, 2])]),
        node('Conv', ['x', 'w', 'b'], ['mask']),
      ];
      m.graph.output = [info('mask', ['N', 1, 'h', 'w'])];
    },
    'of fewer axes': (m) => {
      m.graph.node = [node('Conv', ['image', 'w', 'b'], ['x']), node('Squeeze', ['x'], ['mask'])];
      m.graph.output = [info('mask', ['h', 'w'])];
    },
    'a failure in the middle': (m) => {
      m.graph.initializer.push(ints('s', [7, 7]));
      m.graph.node = [node('Reshape', ['image', 's'], ['mask'])];
    },
    'in another type': (m) => {
      m.graph.node = [
        node('Conv', ['image', 'w', 'b'], ['x']),
        node('Cast', ['x'], ['mask'], [attribute.int('to', 11)]),
      ];
      m.graph.output = [info('mask', ['N', 1, 'H', 'W'], 11)];
    },
  };
  it.each(Object.entries(kinds))('%s is an error that says so', async (_, change) => {
    await expect(answer(change)).rejects.toMatchObject(refusal(/^(model-output|engine-model)$/));
  });

  it('a small image that the rule of sizes makes huge is refused before memory is taken', async () => {
    await expect(
      answer((m) => {
        for (const entry of m.metadataProps)
          if (entry.key === 'unetc.axes') entry.value = '[{"fixed":65536},{"fixed":65536}]';
      }),
    ).rejects.toMatchObject({ code: 'size-too-large' });
  });
});

it('any tree of messages that is encoded as a model is read or refused (300 of them)', () => {
  const tensor = fc.record(
    {
      name: fc.string(),
      dims: fc.array(fc.oneof(fc.nat(4), fc.maxSafeInteger()), { maxLength: 5 }),
      dataType: fc.integer({ min: -2, max: 30 }),
      rawData: fc.uint8Array({ maxLength: 64 }),
      floatData: fc.array(fc.float(), { maxLength: 8 }),
      int64Data: fc.array(fc.maxSafeInteger(), { maxLength: 8 }),
      dataLocation: fc.constantFrom(0, 0, 0, 1),
    },
    { requiredKeys: [] },
  );
  const names = fc.constantFrom('image', 'mask', 'w', 'b', 'x', '');
  const { graph } = fc.letrec<{ graph: onnx.IGraphProto; attribute: onnx.IAttributeProto }>((tie) => ({
    attribute: fc.record(
      {
        name: fc.constantFrom('then_branch', 'pads', 'value', 'axis'),
        i: fc.maxSafeInteger(),
        ints: fc.array(fc.maxSafeInteger(), { maxLength: 4 }),
        t: tensor,
        g: fc.option(tie('graph'), { maxDepth: 2, nil: null }),
      },
      { requiredKeys: [] },
    ) as fc.Arbitrary<onnx.IAttributeProto>,
    graph: fc.record(
      {
        name: fc.string(),
        node: fc.array(
          fc.record({
            opType: fc.constantFrom('Conv', 'If', 'Loop', 'Tile', 'Constant', 'Range', 'Resize'),
            input: fc.array(names, { maxLength: 4 }),
            output: fc.array(names, { maxLength: 2 }),
            attribute: fc.array(tie('attribute'), { maxLength: 3, depthIdentifier: 'graph' }),
          }),
          { maxLength: 4, depthIdentifier: 'graph' },
        ),
        initializer: fc.array(tensor, { maxLength: 3 }),
        input: fc.constant([info('image', ['N', 3, 'H', 'W'])]),
        output: fc.constant([info('mask', ['N', 1, 'H', 'W'])]),
      },
      { requiredKeys: ['name'] },
    ) as fc.Arbitrary<onnx.IGraphProto>,
  }));
  fc.assert(
    fc.property(graph, fc.boolean(), (g, trust) => {
      try {
        checkModel(encode({ irVersion: 8, graph: g }), { trust });
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
      }
    }),
    { ...cases(300), seed: 6 },
  );
});
