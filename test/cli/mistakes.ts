import { constants, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type CreateRaw } from 'sharp';
import { encodeModel } from '../../compiler/5-emit/onnx/schema.js';
import { decodeSafetensors, encodeSafetensors } from '../../runtime/run/safetensors.js';
import { tinySpec, writeData, writeImage, writeMask, writeSpec } from './fixtures.js';
import { unetc } from './io.js';

/** A command line that can't do what it says, and what its answer has to say. */
export interface Mistake {
  readonly area: string;
  readonly title: string;
  /** Paths are relative to the workshop's folder. */
  readonly argv: readonly string[];
  readonly exit: 0 | 1 | 2;
  /** The place, and the way out. */
  readonly says: readonly string[];
  readonly prepare?: (folder: string) => Promise<void> | void;
  /** Whether this machine can make the mistake at all; tests that can't be run say so. */
  readonly needs?: () => boolean;
  /** Its answer differs between machines. */
  readonly undocumented?: boolean;
}

const changed = (name: string, from: string, to: string) => async (folder: string) => {
  if (!tinySpec.includes(from)) throw new Error(`the tiny spec does not contain ${from}`);
  await writeSpec(join(folder, name), (text) => text.replace(from, to));
};

const spec = (title: string, from: string, to: string, says: readonly string[]): Mistake => ({
  area: 'Specs',
  title,
  argv: ['check', 'bad.unet'],
  exit: 1,
  says: ['bad.unet:', ...says],
  prepare: changed('bad.unet', from, to),
});

const use = (title: string, argv: readonly string[], says: readonly string[], exit: 1 | 2 = 2): Mistake => ({
  area: 'Flags',
  title,
  argv,
  exit,
  says,
});

const train = (data: string, ...more: readonly string[]): string[] => [
  'train',
  'tiny.unet',
  '--data',
  data,
  '--out',
  'new-run',
  ...more,
];

/** A run's weights in whole numbers, but for the images to calibrate with. */
const quantized = ['--weights', 'run', '--quantize', 'int8'];

const data = (title: string, says: readonly string[], prepare: (folder: string) => Promise<void> | void): Mistake => ({
  area: 'Data',
  title,
  argv: train('bad-data'),
  exit: 1,
  says,
  prepare: async (folder) => {
    rmSync(join(folder, 'bad-data'), { recursive: true, force: true });
    cpSync(join(folder, 'data'), join(folder, 'bad-data'), { recursive: true });
    await prepare(join(folder, 'bad-data'));
  },
});

const weights = (
  title: string,
  argv: readonly string[],
  says: readonly string[],
  prepare?: Mistake['prepare'],
): Mistake => ({
  area: 'Runs, weights and models',
  title,
  argv,
  exit: 1,
  says,
  prepare,
});

const output = (
  title: string,
  argv: readonly string[],
  says: readonly string[],
  more: Partial<Mistake> = {},
): Mistake => ({
  area: 'Output',
  title,
  argv,
  exit: 1,
  says,
  ...more,
});

/** Makes the folder that the mistakes are made in: a spec, data, and one trained run. */
export async function prepareWorkshop(folder: string): Promise<void> {
  await writeSpec(join(folder, 'tiny.unet'));
  await writeSpec(join(folder, 'wider.unet'), (text) => text.replace('[2, 4, 4]', '[2, 6, 6]'));
  await writeData(join(folder, 'data'));
  const run = await unetc(
    'train',
    join(folder, 'tiny.unet'),
    '--data',
    join(folder, 'data'),
    '--out',
    join(folder, 'run'),
  );
  if (run.exit !== 0) throw new Error(`the workshop's run did not train: ${run.stderr}`);
}

/** A copy of the run's weights with the bytes of one tensor changed. */
function damagedWeights(folder: string, change: (data: Float32Array) => void): void {
  const bytes = readFileSync(join(folder, 'run/best.safetensors'));
  const { tensors, metadata } = decodeSafetensors(bytes, 'best.safetensors');
  const [first] = tensors.values();
  if (!first) throw new Error('no tensor');
  change(first.data);
  writeFileSync(join(folder, 'damaged.safetensors'), Buffer.concat([...encodeSafetensors({ tensors, metadata })]));
}

/** An image that is its own answer, as another exporter writes it. */
const foreignModel = (): Uint8Array =>
  encodeModel({
    ...{ irVersion: 8, opset: 17, producer: 'another', name: 'main', metadata: {}, initializers: [] },
    nodes: [{ op: 'Identity', name: 'n', inputs: ['x'], outputs: ['y'], attributes: {} }],
    inputs: [{ name: 'x', type: 'float', dims: ['N', 3, 'H', 'W'] }],
    outputs: [{ name: 'y', type: 'float', dims: ['N', 3, 'H', 'W'] }],
  });

const build = (...more: readonly string[]): string[] => ['build', 'tiny.unet', '-o', 'model.onnx', ...more];

const isRoot = (): boolean => process.getuid?.() === 0;

/** A spec that imports, beside the files that it might. */
const imports = (
  title: string,
  line: string,
  says: readonly string[],
  files: Readonly<Record<string, string>> = {},
): Mistake => ({
  area: 'Imports',
  title,
  argv: ['check', 'bad.unet'],
  exit: 1,
  says,
  prepare: async (folder) => {
    await writeSpec(
      join(folder, 'bad.unet'),
      (text) => `${line}\n\n${text.replace('Conv(width[0])', 'Conv(width[0]) |> Deep')}`,
    );
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  },
});

export const mistakes: readonly Mistake[] = [
  spec('a misspelt name', 'Conv(width[0])', 'Conv(widht[0])', ['unknown-name', 'widht', 'width']),
  spec(
    'a bracket that is not closed',
    'concat(X[i, 0..j-1], X[i+1, j-1] |> upsample(2))',
    'concat(X[i, 0..j-1], X[i+1, j-1] |> upsample(2)',
    ['error'],
  ),
  spec(
    'a cell that no rule defines',
    'X[i, j] = concat(X[i, 0..j-1], X[i+1, j-1] |>',
    'X[i, 1] = concat(X[i, 0], X[i+1, 0] |>',
    ['X[0,2]', 'rule'],
  ),
  spec('an index out of the grid', 'X[i+1, j-1] |> upsample', 'X[i+3, j-1] |> upsample', ['X[3,0]']),
  spec('a cycle', 'X[i-1, 0] |> maxpool(2)', 'X[i, 0] |> maxpool(2)', ['X[1']),
  spec('a concatenation of different sizes', 'X[i+1, j-1] |> upsample(2)', 'X[i+1, j-1]', ['concat']),
  spec('an unknown argument', 'kernel: 3,', 'kernal: 3,', ['kernal', 'kernel']),
  spec('an argument of the wrong type', 'maxpool(2)', 'maxpool("two")', ['maxpool']),
  spec('a fact that does not hold', 'output mask {', 'expect parameters = 12\n  output mask {', ['expect', '12']),
  spec('a head without an activation that its loss needs', 'loss      = bce + dice', 'loss      = cross_entropy', [
    'cross_entropy',
  ]),
  spec('an unknown optimizer', 'adam(lr: 1e-2)', 'adem(lr: 1e-2)', ['adem', 'adam']),
  spec(
    'a block that calls itself without end',
    'x |> conv(c, kernel: 3, bias: true) |> batchnorm |> relu',
    'x |> Conv(c)',
    ['Conv'],
  ),
  {
    area: 'Specs',
    title: 'an empty file',
    argv: ['check', 'empty.unet'],
    exit: 1,
    says: ['empty.unet'],
    prepare: (folder) => writeFileSync(join(folder, 'empty.unet'), ''),
  },
  {
    area: 'Specs',
    title: 'a picture in place of a spec',
    argv: ['check', 'data/images/a0.png'],
    exit: 1,
    says: ['data/images/a0.png', 'text'],
  },
  use('a file that does not exist', ['check', 'tyni.unet'], ['tyni.unet', 'init'], 1),
  use('a folder in place of a spec', ['plan', 'data'], ['data', 'folder'], 1),

  use('an unknown command', ['chekc', 'tiny.unet'], ['chekc', 'check']),
  use('an unknown flag', ['plan', 'tiny.unet', '--sise', '64x64'], ['--sise', '--size']),
  use('a flag that is missing', ['train', 'tiny.unet', '--out', 'new-run'], ['--data', 'train --help']),
  use('a flag without its value', ['plan', 'tiny.unet', '--size'], ['--size']),
  use('a size that is none', ['plan', 'tiny.unet', '--size', 'big'], ['--size big', '256x256']),
  use(
    'a size that the network does not take',
    ['plan', 'tiny.unet', '--size', '250x250'],
    ['250x250', 'multiples of 4', '248x248', '252x252'],
    1,
  ),
  use('a format there is not', ['draw', 'tiny.unet', '--format', 'png'], ['png', 'svg, dot, mermaid, html']),
  use('a theme there is not', ['draw', 'tiny.unet', '--theme', 'pink'], ['pink', 'light, dark, auto']),
  use('a size of too many dimensions', ['plan', 'tiny.unet', '--size', '64x64x64'], ['64x64x64', '2'], 1),
  use(
    'a training size that the network does not take',
    train('data', '--resize', '30x30'),
    ['30x30', '28x28', '32x32'],
    1,
  ),
  use('a level that does not exist', build('--prune', 'L9'), ['L9', 'L1, L2'], 1),
  use('a level that is none', build('--prune', 'best'), ['--prune best', 'L2']),
  use('a mode that does not exist', build('--mode', 'turbo'), ['turbo', 'accurate, fast, all'], 1),
  use('a param of the wrong type', ['check', 'tiny.unet', '--set', 'width=wide'], ['--set width=wide', 'list'], 1),
  use('a param that does not exist', ['check', 'tiny.unet', '--set', 'widht=[2,4]'], ['widht', 'width'], 1),
  use('a --set without a value', ['check', 'tiny.unet', '--set', 'width'], ['--set width', 'name=value']),
  use('a batch of nothing', train('data', '--batch', '0'), ['--batch 0', '1']),
  use('a learning rate that is no number', train('data', '--lr', 'fast'), ['--lr fast']),
  use(
    'a threshold that is no probability',
    ['predict', 'run', 'data/images/a0.png', '-o', 'masks', '--threshold', '2'],
    ['--threshold 2'],
  ),
  use('a target that does not exist', build('--target', 'coreml'), ['coreml', 'onnx', 'tfjs']),
  {
    ...use(
      'an operator that the target cannot say',
      ['build', 'bad.unet', '--target', 'tfjs-layers', '-o', 'new-model'],
      ['bad.unet:', 'X[0,1].upsample1', 'align_corners', '--size HxW', '--target tfjs or onnx'],
      1,
    ),
    prepare: changed('bad.unet', 'upsample(2)', 'upsample(2, mode: linear, align_corners: true)'),
  },
  use(
    'a folder that holds other files',
    ['build', 'tiny.unet', '--target', 'tfjs-layers', '-o', 'data'],
    ['data', 'other files', 'does not exist yet'],
    1,
  ),
  use('a quantization that does not exist', build('--quantize', 'int4', '--calibrate', 'data'), ['int4', 'int8']),
  use('quantization for another target', build('--quantize', 'int8', '--calibrate', 'data', '--target', 'tf'), [
    '--target tf',
    '--target onnx',
  ]),
  use('quantization without images', build('--quantize', 'int8', '--weights', 'run'), ['--calibrate DIR']),
  use('quantization of weights that nobody trained', build('--quantize', 'int8', '--calibrate', 'data'), [
    'trained weights',
    '--weights RUN',
  ]),
  use('a runtime to quantize for that is none', build(...quantized, '--calibrate', 'data', '--for', 'tensorrt'), [
    'tensorrt',
    'ort or openvino',
  ]),
  use('a plain model in whole numbers', build(...quantized, '--calibrate', 'data', '--for', 'plain'), [
    'written for a runtime',
    'ort or openvino',
  ]),
  use('images to calibrate without quantization', build('--calibrate', 'data'), ['--calibrate', '--quantize int8']),
  use(
    'a folder to calibrate with that is none',
    build(...quantized, '--calibrate', 'nowhere'),
    ['nowhere', 'images/'],
    1,
  ),
  use(
    'a level that a quantized model has not',
    build(...quantized, '--calibrate', 'data', '--prune', 'L9'),
    ['L9', 'L1'],
    1,
  ),
  use(
    'a mode that a quantized model has not',
    build(...quantized, '--calibrate', 'data', '--mode', 'slow'),
    ['slow', 'fast'],
    1,
  ),
  {
    ...use(
      'a folder to calibrate with that holds no image',
      build(...quantized, '--calibrate', 'empty'),
      ['empty', 'no image'],
      1,
    ),
    prepare: (folder) => void mkdirSync(join(folder, 'empty', 'images'), { recursive: true }),
  },
  use('an engine that does not exist', train('data', '--engine', 'torch'), ['torch', 'ort', 'tensorflow']),
  use('a precision that the engine does not have', train('data', '--engine', 'ort', '--precision', 'bf16'), [
    'bf16',
    'tensorflow',
  ]),
  use('a command of a later version', ['play', 'tiny.unet'], ['play', 'not available yet']),
  use('a code that explains nothing', ['explain', 'unknown-nam'], ['unknown-nam', 'unknown-name']),

  { ...data('a data folder that does not exist', ['no-data', 'images/'], () => undefined), argv: train('no-data') },
  data('an empty folder', ['bad-data/images', 'images/ and masks/'], (folder) => {
    rmSync(join(folder, 'images'), { recursive: true });
    mkdirSync(join(folder, 'images'));
  }),
  data('no masks at all', ['bad-data/masks', 'images/ and masks/'], (folder) =>
    rmSync(join(folder, 'masks'), { recursive: true }),
  ),
  data('an image without a mask', ['a3', 'mask'], (folder) => rmSync(join(folder, 'masks/a3.png'))),
  data('a mask of another size than its image', ['bad-data/masks/a2.png', '12x12', '16x16'], (folder) =>
    writeMask(join(folder, 'masks/a2.png'), 2, 12),
  ),
  data('a CMYK JPEG', ['bad-data/images/a1.jpg', 'CMYK', 'RGB'], async (folder) => {
    rmSync(join(folder, 'images/a1.png'));
    await sharp({ create: { width: 16, height: 16, channels: 3, background: 'red' } })
      .toColourspace('cmyk')
      .jpeg()
      .toFile(join(folder, 'images/a1.jpg'));
  }),
  data('a PNG that ends too early', ['bad-data/images/a1.png'], (folder) => {
    const file = join(folder, 'images/a1.png');
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.subarray(0, bytes.length >> 1));
  }),
  data('a text file under the name of an image', ['bad-data/images/a1.png'], (folder) =>
    writeFileSync(join(folder, 'images/a1.png'), 'not a picture'),
  ),
  data('one name twice', ['a1'], (folder) =>
    copyFileSync(join(folder, 'images/a1.png'), join(folder, 'images/a1.tif')),
  ),
  data('more class folders than classes', ['masks', 'left, right', '--set classes=2'], async (folder) => {
    rmSync(join(folder, 'masks'), { recursive: true });
    for (const side of ['left', 'right']) {
      mkdirSync(join(folder, 'masks', side), { recursive: true });
      for (let k = 0; k < 6; k++) await writeMask(join(folder, 'masks', side, `a${k}.png`), k);
    }
  }),
  {
    ...data('a split that names an image that is not there', ['a77'], (folder) =>
      writeFileSync(join(folder, 'names.txt'), 'a1\na77\n'),
    ),
    argv: train('bad-data', '--split', 'bad-data/names.txt'),
  },
  {
    ...data('a split that leaves nothing to train on', ['held out'], (folder) =>
      writeFileSync(join(folder, 'names.txt'), 'a0\na1\na2\na3\na4\na5\n'),
    ),
    argv: train('bad-data', '--split', 'bad-data/names.txt'),
  },
  {
    ...data('a 16-bit mask, which is fine', [], async (folder) => {
      const wide = Buffer.from(Uint16Array.from({ length: 256 }, (_, k) => (k < 90 ? 65535 : 0)).buffer);
      await sharp(wide, { raw: { width: 16, height: 16, channels: 1, depth: 'ushort' } as CreateRaw })
        .toColourspace('grey16')
        .png()
        .toFile(join(folder, 'masks/a2.png'));
      rmSync(join(folder, '..', 'other-run'), { recursive: true, force: true });
    }),
    argv: ['train', 'tiny.unet', '--data', 'bad-data', '--out', 'other-run', '--resume'],
    exit: 0,
    undocumented: true,
  },

  weights('a folder that is no run', ['eval', 'data', '--data', 'data'], ['data', 'run.json']),
  weights(
    'a run that is not there',
    ['predict', 'no-run', 'data/images/a0.png', '-o', 'masks'],
    ['no-run', 'run folder'],
  ),
  weights(
    'weights of another spec',
    ['build', 'wider.unet', '--weights', 'run/best.safetensors', '-o', 'model.onnx'],
    ['run/best.safetensors', 'needs', '--set'],
  ),
  weights(
    'a run of another spec',
    ['build', 'wider.unet', '--weights', 'run', '-o', 'model.onnx'],
    ['run', 'needs', '--set'],
  ),
  weights(
    'weights that are not numbers',
    build('--weights', 'damaged.safetensors'),
    ['damaged.safetensors', 'NaN', 'lr'],
    (folder) =>
      damagedWeights(folder, (values) => {
        values[0] = Number.NaN;
      }),
  ),
  weights(
    'a weights file that ends too early',
    build('--weights', 'short.safetensors'),
    ['short.safetensors'],
    (folder) => {
      const bytes = readFileSync(join(folder, 'run/best.safetensors'));
      writeFileSync(join(folder, 'short.safetensors'), bytes.subarray(0, bytes.length - 40));
    },
  ),
  weights('a spec in place of weights', build('--weights', 'tiny.unet'), ['tiny.unet']),
  weights(
    'an ONNX file that unetc did not build',
    ['predict', 'foreign.onnx', 'data/images/a0.png', '-o', 'masks'],
    ['foreign.onnx', 'unetc build'],
    (folder) => writeFileSync(join(folder, 'foreign.onnx'), foreignModel()),
  ),
  weights(
    'a picture in place of a model',
    ['predict', 'data/images/a0.png', 'data/images/a0.png', '-o', 'masks'],
    ['data/images/a0.png'],
  ),
  weights(
    'a resumed run with other settings',
    ['train', 'tiny.unet', '--data', 'data', '--out', 'run', '--resume', '--lr', '0.5'],
    ['run', 'lr', 'resume'],
  ),
  weights(
    'a resumed run with another spec',
    ['train', 'wider.unet', '--data', 'data', '--out', 'run', '--resume'],
    ['run', 'the spec'],
  ),
  weights(
    'an image that is not there',
    ['predict', 'run', 'data/images/zz.png', '-o', 'masks'],
    ['data/images/zz.png'],
  ),

  output(
    'a run folder that is in use',
    ['train', 'tiny.unet', '--data', 'data', '--out', 'run'],
    ['run', '--resume', 'another folder'],
  ),
  output('a spec that exists already', ['init', 'tiny'], ['tiny.unet', 'another name']),
  output('a folder that does not exist', build().with(3, 'nowhere/model.onnx'), ['nowhere/model.onnx', 'folder']),
  output('a folder in place of a file', build().with(3, 'data'), ['data', 'folder']),
  output(
    'a file in place of a folder',
    ['train', 'tiny.unet', '--data', 'data', '--out', 'tiny.unet/run'],
    ['tiny.unet/run'],
  ),
  output(
    'masks over the images they are of',
    ['predict', 'run', 'data/images/a0.png', '-o', 'data/images'],
    ['data/images/a0.png', '-o'],
  ),
  output(
    'two images of one name',
    ['predict', 'run', 'data/images/a0.png', 'copy/a0.png', '-o', 'masks'],
    ['a0.png', 'two folders'],
    {
      prepare: async (folder) => {
        mkdirSync(join(folder, 'copy'), { recursive: true });
        await writeImage(join(folder, 'copy/a0.png'));
      },
    },
  ),
  output('a full disk', build().with(3, '/dev/full'), ['/dev/full', 'no space left', 'free some space'], {
    needs: () => existsSync('/dev/full'),
  }),
  output('a folder without permission', build().with(3, 'locked/model.onnx'), ['locked/model.onnx', 'permission'], {
    // Permissions don't bind the superuser.
    needs: () => process.platform !== 'win32' && !isRoot(),
    undocumented: true,
    prepare: async (folder) => {
      mkdirSync(join(folder, 'locked'), { recursive: true });
      await chmod(join(folder, 'locked'), constants.S_IRUSR | constants.S_IXUSR);
    },
  }),
  imports('a file that is not there', 'import "lib/blocks.unet"', [
    'bad.unet:1:8',
    'import-missing',
    'lib/blocks.unet',
  ]),
  imports('an import without its ending', 'import "deep"', ['bad.unet:1:8', 'import "deep.unet"'], {
    'deep.unet': 'block Deep(x) { x |> relu }\n',
  }),
  imports('a file without blocks', 'import "tiny.unet"', [
    'bad.unet:1:8',
    'import-empty',
    'those inside belong to the network',
  ]),
  imports(
    'files that import each other',
    'import "left.unet"',
    ['right.unet:1:8', 'left.unet -> right.unet -> left.unet'],
    {
      'left.unet': 'import "right.unet"\nblock Deep(x) { x |> Right }\n',
      'right.unet': 'import "left.unet"\nblock Right(x) { x |> relu }\n',
    },
  ),
  imports(
    'a block that is imported and defined',
    'import "deep.unet"\nblock Deep(x) { x |> tanh }',
    ['bad.unet:2:7', 'import-clash', 'deep.unet:1:7'],
    {
      'deep.unet': 'block Deep(x) { x |> relu }\n',
    },
  ),
  imports('a mistake in an imported file', 'import "deep.unet"', ['deep.unet:2:16', 'unknown-argument'], {
    'deep.unet': 'block Deep(x) {\n  x |> conv(4, kernal: 3)\n}\n',
  }),
  imports(
    'a shape that an imported block does not take',
    'import "deep.unet"',
    ['deep.unet:1:17', 'channel-mismatch', 'in Deep, called here (bad.unet:'],
    {
      'deep.unet': 'block Deep(x) { add(x, x |> conv(7)) }\n',
    },
  ),
];
