import { describe, expect, it } from 'vitest';
import { lowerings } from '../../compiler/5-emit/tfjs-layers/lowerings/index.js';
import { largestScale } from '../../compiler/5-emit/tfjs-layers/lowerings/upsample.js';
import { deploy } from '../../compiler/index.js';
import { evaluateDim } from '../../compiler/ir/dim.js';
import { composedOps, isComposed, opNames, opOf, type PrimitiveName } from '../../compiler/ops/index.js';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import { build, networkOf, picture, small } from './builds.js';
import { distance, open, predict } from './tfjs.js';

type Space = 'W' | 'H, W' | 'D, H, W';
const one = 'W';
const two = 'H, W';
const three = 'D, H, W';

/** What layers say, in which dimensions. */
const said: readonly (readonly [string, ...Space[]])[] = [
  ['image |> conv(3, kernel: 3)', one, two, three],
  ['image |> conv(3, kernel: 1)', one, two, three],
  ['image |> conv(3, kernel: 2)', one, two, three],
  ['image |> conv(3, kernel: 4, bias: false)', one, two, three],
  ['image |> conv(3, kernel: 3, padding: valid)', one, two, three],
  ['image |> conv(3, kernel: 3, padding: 2)', one, two],
  ['image |> conv(3, kernel: [3, 2], padding: [0, 1, 2, 0])', two],
  ['image |> conv(3, kernel: [5, 1])', two],
  ['image |> conv(3, kernel: 3, dilation: 2)', one, two, three],
  ['image |> conv(3, kernel: 3, dilation: 2, padding: 1)', one, two],
  ['image |> conv(3, kernel: 3, stride: 2)', one, two, three],
  ['image |> conv(3, kernel: 2, stride: 2)', one, two, three],
  ['image |> conv(3, kernel: 5, stride: 4)', one, two, three],
  ['image |> conv(3, kernel: 4, stride: 2)', one, two, three],
  ['image |> conv(3, kernel: 7, stride: 2, padding: 3)', one, two],
  ['image |> conv(3, kernel: 3, stride: 2, padding: valid)', one, two, three],
  ['image |> conv(3, kernel: 3, stride: [2, 1])', two],
  ['image |> conv(8, kernel: 3, groups: 4)', one, two],
  ['image |> conv(4, kernel: 3, groups: 4, stride: 2, bias: false)', one, two],
  ['image |> conv_transpose(3, kernel: 2, stride: 2)', one, two, three],
  ['image |> conv_transpose(3, kernel: 4, stride: 2)', one, two, three],
  ['image |> conv_transpose(3, kernel: 3, stride: 2, bias: false)', one, two, three],
  ['image |> conv_transpose(3, kernel: 3, stride: 2, padding: valid)', one, two, three],
  ['image |> conv_transpose(3, kernel: 2, stride: 3, padding: valid)', one, two],
  ['image |> conv_transpose(3, kernel: 4, stride: 2, padding: [0, 1, 2, 1])', two],
  ['image |> conv_transpose(3, kernel: 3, stride: 1)', one, two, three],
  ['image |> conv_transpose(3, kernel: [2, 3], stride: [2, 1])', two],
  ['image |> maxpool(2)', one, two, three],
  ['image |> maxpool(3, stride: 1, padding: same)', one, two, three],
  ['image |> maxpool(2, stride: 4)', one, two, three],
  ['image |> relu |> maxpool(3, stride: 2, padding: 1)', one, two],
  ['mul(image |> sigmoid, image |> relu) |> dropout |> maxpool(3, stride: 2, padding: 1)', one, two],
  ['image |> avgpool(2)', one, two, three],
  ['image |> avgpool(3, stride: 2, padding: 1)', one, two],
  ['image |> avgpool(3, stride: 1, padding: same)', one, two],
  ['image |> global_avgpool', one, two, three],
  ['mul(image, image |> global_avgpool |> conv(4, kernel: 1) |> sigmoid)', one, two, three],
  ['mul(image, image |> conv(1, kernel: 1))', one, two, three],
  ['image |> upsample(2)', one, two],
  ['image |> upsample(3)', one, two],
  ['image |> upsample([2, 5])', two],
  ['image |> upsample(2, mode: linear)', one, two],
  ['image |> upsample(3, mode: linear)', one, two],
  ['image |> upsample(4, mode: linear)', one, two],
  ['image |> upsample([1, 2], mode: linear)', two],
  ['image |> batchnorm', one, two],
  ['image |> batchnorm(eps: 0.5, momentum: 0.3)', one, two],
  ['image |> instancenorm', one, two],
  ['image |> instancenorm(eps: 0.1, affine: true)', one, two],
  ['image |> groupnorm(1)', one, two],
  ['image |> groupnorm(2)', one],
  ['image |> groupnorm(1, affine: false)', one, two],
  ['image |> layernorm(eps: 0.01)', one, two],
  ['image |> layernorm(affine: false)', one, two],
  ['image |> prelu', one, two, three],
  ['image |> prelu(4)', one, two, three],
  ['image |> conv(16, kernel: 1) |> pixel_shuffle(2)', one, two, three],
  ['image |> pixel_unshuffle(2)', one, two, three],
  ['image |> relu', one, two, three],
  ['image |> leaky_relu(0.2)', one, two, three],
  ['image |> elu', one, two, three],
  ['image |> elu(alpha: 0.3)', one, two, three],
  ['image |> gelu', one, two, three],
  ['image |> silu', one, two, three],
  ['image |> softplus', one, two, three],
  ...Object.keys(composedOps).map((op) => [`image |> ${op}`, one, two, three] as const),
  ['image |> sigmoid', one, two, three],
  ['image |> tanh', one, two, three],
  ['image |> softmax', one, two, three],
  ['image |> softmax(axis: 2)', one, two, three],
  ['image |> softmax(axis: 3) |> softmax(axis: 2) |> conv(2, kernel: 3)', two],
  ['image |> dropout(0.4)', one, two, three],
  ['add(image, image |> relu, image |> tanh)', one, two, three],
  ['add(image, image)', two],
  ['sub(image, image |> relu)', one, two, three],
  ['sub(image |> global_avgpool, image)', two],
  ['mean(image, image |> relu, image |> conv(1, kernel: 1))', one, two, three],
  ['max(image, image |> tanh, image |> silu)', one, two, three],
  ['concat(image, image |> relu, image)', one, two, three],
  ['image |> pad(2)', one, two],
  ['image |> pad([1, 0, 2, 3])', two],
  ['image |> crop(1)', one, two],
  ['image |> crop([1, 0, 2, 1]) |> relu', two],
  ['concat(image |> crop(1), image |> conv(3, kernel: 3, padding: valid)) |> conv(2, kernel: 3)', one, two],
];

/** What they don't, and what the refusal has to say beside its place. */
const refused: readonly (readonly [string, Space, string])[] = [
  ['image |> upsample(2, mode: linear, align_corners: true)', two, '--size HxW'],
  [`image |> upsample(${largestScale + 1})`, two, 'in steps'],
  ['image |> upsample(2)', three, '--size DxHxW'],
  ['image |> upsample(2, mode: linear)', three, '--size DxHxW'],
  ['image |> upsample(2, mode: linear, align_corners: true)', one, '--size W'],
  ['image |> batchnorm', three, '--size DxHxW'],
  ['image |> instancenorm', three, '--size DxHxW'],
  ['image |> groupnorm(2)', two, '--size HxW'],
  ['image |> groupnorm(1)', three, '--size DxHxW'],
  ['image |> layernorm', three, '--size DxHxW'],
  ['image |> conv(4, kernel: 3, groups: 2)', two, 'groups: 4'],
  ['image |> conv(4, kernel: 3, groups: 4, dilation: 2)', two, 'ignores its dilation'],
  ['image |> conv(4, kernel: 3, groups: 4, stride: [2, 1])', two, 'equal strides'],
  ['image |> conv(4, kernel: 3, groups: 4)', three, 'depthwise'],
  ['image |> conv(4, kernel: 3, stride: 2, dilation: 2)', two, 'not with both'],
  ['image |> conv(4, kernel: 3, padding: 2)', three, 'padding: same'],
  ['image |> conv(4, kernel: 3, stride: 2, padding: 2)', three, 'padding: same'],
  ['image |> conv_transpose(4, kernel: 4, stride: 2, padding: 2)', three, 'padding: same'],
  ['image |> maxpool(3, stride: 2, padding: 1)', two, 'relu before it'],
  ['image |> conv(3, kernel: 1) |> maxpool(3, stride: 2, padding: 1)', two, 'relu before it'],
  ['image |> avgpool(3, stride: 1, padding: 1)', three, 'padding: same'],
  ['image |> softmax(axis: 0)', two, 'batch'],
  ['image |> pad(1)', three, 'three dimensions'],
  ['image |> crop(1)', three, 'three dimensions'],
];

/** Two sizes and two batches; multiples of 4. */
const shapes: Readonly<Record<Space, readonly (readonly number[])[]>> = {
  W: [
    [1, 4, 8],
    [3, 4, 12],
  ],
  'H, W': [
    [1, 4, 8, 4],
    [3, 4, 4, 12],
  ],
  'D, H, W': [
    [1, 4, 8, 4, 4],
    [2, 4, 4, 4, 8],
  ],
};

const cases = said.flatMap(([body, ...spaces]) => spaces.map((space) => [body, space] as const));

describe('an operator as layers', () => {
  it.each(cases)('%s in %s answers what it does on ONNX Runtime', async (body, space) => {
    const network = networkOf(small(body, space));
    await expectSame(network, {}, shapes[space]);
  });

  it.each(cases)('%s in %s has the shape that was inferred for it', async (body, space) => {
    const network = networkOf(small(body, space));
    const names = space.split(', ');
    const sizes = Object.fromEntries(names.map((name, k) => [name, 8 + 4 * k]));
    for (const fixed of [undefined, sizes]) {
      const tf = await open(build(network, {}, { sizes: fixed }).model.files!);
      const [, channels, ...rest] = network.heads[0]!.value.type.shape.map((d) =>
        d.symbol === null || fixed ? evaluateDim(d, { N: 1, ...sizes }) : null,
      );
      expect(tf.outputs[0]!.shape).toEqual([null, ...rest, channels]);
      tf.dispose();
    }
  });

  it.each([
    ['image |> batchnorm |> conv(2, kernel: 3)', [4, 6, 2]],
    ['image |> instancenorm', [4, 6, 2]],
    ['image |> instancenorm(affine: true)', [2, 4, 4]],
    ['image |> layernorm', [4, 6, 2]],
    ['image |> groupnorm(1)', [4, 6, 2]],
    ['image |> groupnorm(2)', [2, 4, 4]],
    ['image |> groupnorm(2, affine: false)', [4, 6]],
    ['image |> groupnorm(4)', [4, 6]],
    ['image |> upsample(2)', [4, 6, 2]],
    ['image |> upsample([3, 1, 2])', [2, 4, 4]],
    ['image |> upsample([1, 2, 2])', [2, 4, 4]],
    ['image |> upsample([2, 1, 3], mode: linear)', [2, 4, 4]],
    ['image |> upsample(2, mode: linear, align_corners: true)', [2, 4, 1]],
    ['image |> upsample(2, mode: linear, align_corners: true)', [4, 6]],
    ['image |> upsample([1, 3], mode: linear, align_corners: true)', [4, 6]],
    ['image |> upsample(4, mode: linear, align_corners: true)', [7]],
  ] as const)('%s of %j can be said where the size is given', async (body, size) => {
    const space = ([one, two, three] as const)[size.length - 1]!;
    const sizes = Object.fromEntries(space.split(', ').map((name, k) => [name, size[k]!]));
    await expectSame(networkOf(small(body, space)), { sizes }, [
      [1, 4, ...size],
      [2, 4, ...size],
    ]);
  });

  it('is tried for every operator of the language', () => {
    const language = opNames.filter((name) => opOf(name).language !== undefined);
    const untried = language.filter((name) => !said.some(([body]) => new RegExp(`\\b${name}\\b`).test(body)));
    expect(untried).toEqual([]);
    for (const name of opNames.filter(
      (n): n is PrimitiveName => !isComposed(n) && !language.includes(n) && n !== 'affine' && n !== 'clip',
    ))
      expect(lowerings[name], name).toBe(lowerings.reshape);
  });
});

async function expectSame(
  network: ReturnType<typeof networkOf>,
  options: Parameters<typeof build>[2],
  tried: readonly (readonly number[])[],
): Promise<void> {
  const { model, weights } = build(network, {}, options);
  expect(model.diagnostics.filter((d) => d.severity === 'error')).toEqual([]);
  const tf = await open(model.files!);
  const predictor = await ort.predictor(deploy(network), weights);
  for (const shape of tried) {
    const image = picture(shape, 3);
    const due = (await predictor.run(image)).get('mask')!;
    const [got] = predict(tf, image);
    expect(got!.shape).toEqual(due.shape);
    expect(distance(got!, due)).toBeLessThan(1e-5);
  }
  await predictor.dispose();
  tf.dispose();
}

describe('what layers do not say', () => {
  it.each(refused)('%s in %s is refused with its place and a way out', (body, space, says) => {
    const network = networkOf(small(`image |> relu |> tanh |> ${body.replace('image |> ', '')}`, space));
    const { model } = build(network, {});
    expect(model.files).toBeNull();
    const [diagnostic, ...more] = model.diagnostics.filter((d) => d.severity === 'error');
    expect(more).toEqual([]);
    const op = body.replace(/.*\|> (\w+).*/, '$1');
    const text = small(`image |> relu |> tanh |> ${body.replace('image |> ', '')}`, space);
    expect(diagnostic).toMatchObject({ code: 'not-in-target' });
    expect(diagnostic!.message).toContain(`S.${op}1: ${op} can't be said in layers: `);
    expect(text.slice(diagnostic!.span.start.offset, diagnostic!.span.end.offset)).toContain(op);
    expect([diagnostic!.message, ...diagnostic!.hints].join('\n')).toContain(says);
    expect(diagnostic!.hints.at(-1)).toContain('onnx');
  });
});

describe('scales', () => {
  it('up to the largest are floor(i / scale) in single and in double precision', () => {
    for (let scale = 1; scale <= largestScale; scale++) {
      const [double, single] = [1 / scale, Math.fround(1 / scale)];
      for (let i = 0; i < 65536; i++) {
        const due = Math.floor(i / scale);
        if (Math.floor(i * double) !== due || Math.floor(Math.fround(i * single)) !== due)
          expect.fail(`element ${i} at scale ${scale}`);
      }
    }
  });
});
