import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { shardBytes } from '../../compiler/5-emit/tfjs-files.js';
import { countParameters, deploy, knownShape } from '../../compiler/index.js';
import { build, networkOf, picture, small } from './builds.js';
import { core, distance, open, predict, summary } from './tfjs.js';

const spec = (name: string): string => readFileSync(`specs/${name}.unet`, 'utf8');
const nuclei = networkOf(spec('unetpp-nuclei'), { width: '[4, 6, 8]' });

describe('a model of layers', () => {
  it('is the same bytes every time', () => {
    const [a, b] = [build(nuclei, {}), build(nuclei, {})].map(({ model }) => [...model.files!]);
    expect(a!.map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')])).toEqual(
      b!.map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]),
    );
  });

  it('shows the paths of the spec in its summary, and as many parameters as the spec has', async () => {
    const { model } = build(nuclei, {});
    const tf = await open(model.files!);
    const graph = deploy(nuclei);
    const text = summary(tf);
    for (const { origin } of graph.nodes)
      expect(text).toContain(origin.path.replace('[', '-').replace(',', '-').replace(']', ''));
    expect(text).toContain('X-0-1.conv1 (Conv2D)');
    expect(text).toContain('[null,null,null,3]');
    const statistics = graph.params.filter((p) => p.role === 'statistic');
    const moving = statistics.reduce((n, p) => n + knownShape(p.type.shape).reduce((a, b) => a * b, 1), 0);
    expect(text).toContain(`Trainable params: ${countParameters(graph)}`);
    expect(text).toContain(`Non-trainable params: ${moving}`);
    expect(tf.layers).toHaveLength(model.layers);
    tf.dispose();
  });

  it('says in its metadata what it was told to, and which layer is which output', async () => {
    const { model } = build(nuclei, { level: 1, mode: 'all' });
    const tf = await open(model.files!);
    expect(tf.getUserDefinedMetadata()).toEqual({
      'unetc.network': 'NucleiUNetPlusPlus',
      'unetc.outputs': JSON.stringify([
        { name: 'mask', layer: 'S-1.sigmoid1' },
        { name: 'S[1]', layer: 'S-1' },
      ]),
    });
    expect(tf.outputNames).toEqual(['S-1.sigmoid1', 'S-1']);
    // At L1 the mean of the heads is the head: the same tensor under two names.
    const [mask, head] = predict(tf, picture([1, 3, 8, 8], 1));
    expect(distance(mask!, head!)).toBe(0);
    tf.dispose();
  });

  it('has weights in files of at most 4 MiB, in the order of the manifest', async () => {
    const network = networkOf(spec('unetpp'));
    const { model, weights } = build(network, { level: 3 });
    const files = [...model.files!];
    const sizes = files.slice(1).map(([, bytes]) => bytes.length);
    expect(files.map(([name]) => name)).toEqual([
      'model.json',
      ...sizes.map((_, k) => `group1-shard${k + 1}of${sizes.length}.bin`),
    ]);
    expect(sizes.length).toBeGreaterThan(2);
    expect(sizes.slice(0, -1).every((n) => n === shardBytes)).toBe(true);
    expect(sizes.reduce((a, b) => a + b, 0)).toBe(4 * countParameters(deploy(network, { level: 3 })));
    const tf = await open(model.files!);
    for (const [path, { data }] of weights) {
      if (!path.endsWith('.bias')) continue;
      const layer = tf.layers.find((l) => l.name === path.slice(0, -5).replace(/[[,]/g, '-').replace(']', ''));
      if (layer) expect(layer.getWeights()[1]!.dataSync()).toEqual(data);
    }
    tf.dispose();
  });

  it('may have no weights at all', async () => {
    const { model } = build(networkOf(small('image |> maxpool(2) |> sigmoid')), {});
    expect([...model.files!.keys()]).toEqual(['model.json']);
    const tf = await open(model.files!);
    expect(predict(tf, picture([1, 4, 4, 4], 1))[0]!.shape).toEqual([1, 4, 2, 2]);
    tf.dispose();
  });

  it('keeps dropout, which drops in training alone', async () => {
    const network = networkOf(spec('unetpp'), { width: '[4, 6]' });
    const tf = await open(build(network, {}).model.files!);
    expect(tf.getLayer('X-0-0.dropout1').getClassName()).toBe('Dropout');
    const x = core.randomUniform([1, 8, 8, 1], -1, 1, 'float32', 1);
    const run = (training: boolean) => (tf.apply(x, { training }) as core.Tensor).dataSync();
    expect(run(false)).toEqual(run(false));
    expect(run(true)).not.toEqual(run(true));
    tf.dispose();
  });
});

/** Images, and masks of where they are bright. */
function samples(count: number, size: number) {
  const image = core.randomUniform([count, size, size, 3], -1, 1, 'float32', 4);
  const mask = core.tidy(() => core.cast(core.greater(core.mean(image, 3, true), 0), 'float32'));
  return { image, mask };
}

describe('fit', () => {
  it('goes on learning: the loss falls, weights and moving statistics follow', { timeout: 60_000 }, async () => {
    const network = networkOf(spec('unetpp-nuclei'), { width: '[4, 6]' });
    const tf = await open(build(network, { mode: 'fast' }).model.files!);
    const norm = tf.getLayer('X-0-0.batchnorm1');
    const before = norm.getWeights().map((w) => w.dataSync().slice());
    tf.compile({ optimizer: core.train.adam(1e-2), loss: 'binaryCrossentropy' });
    const { image, mask } = samples(4, 16);
    const { history } = await tf.fit(image, mask, { epochs: 10, batchSize: 4, shuffle: false, verbose: 0 });
    const losses = history.loss as number[];
    expect(losses.at(-1)!).toBeLessThan(0.85 * losses[0]!);
    // gamma, beta, moving_mean, moving_variance.
    for (const [k, w] of norm.getWeights().entries()) expect(w.dataSync(), `weight ${k}`).not.toEqual(before[k]);
    tf.dispose();
  });

  it.each([
    ['by pixel centres', ', align_corners: true', undefined],
    ['with corners kept', '', { H: 16, W: 16 }],
  ] as const)(
    'trains every head of a model with all of them, upsampled %s',
    { timeout: 60_000 },
    async (_, less, sizes) => {
      const network = networkOf(spec('unetpp-bn').replace(less, ''), { width: '[3, 4, 5]' });
      const tf = await open(build(network, { mode: 'all' }, { sizes }).model.files!);
      expect(tf.outputs).toHaveLength(3);
      tf.compile({ optimizer: core.train.adam(1e-2), loss: 'binaryCrossentropy' });
      const { image, mask } = samples(2, 16);
      const frozen = sizes ? tf.getLayer('X-0-1.upsample1.rows').getWeights()[0]!.dataSync().slice() : null;
      const { history } = await tf.fit(image, [mask, mask, mask], { epochs: 6, batchSize: 4, verbose: 0 });
      const losses = history.loss as number[];
      expect(losses.at(-1)!).toBeLessThan(losses[0]!);
      if (frozen) expect(tf.getLayer('X-0-1.upsample1.rows').getWeights()[0]!.dataSync()).toEqual(frozen);
      tf.dispose();
    },
  );

  it('is said to fail on a dilated convolution, and does', async () => {
    const { model } = build(networkOf(small('image |> conv(1, kernel: 3, dilation: 2) |> sigmoid')), {});
    expect(model.diagnostics).toMatchObject([
      { code: 'not-trainable-in-target', severity: 'warning', message: expect.stringContaining('S.conv1: conv') },
    ]);
    const tf = await open(model.files!);
    tf.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const fitting = tf.fit(core.zeros([1, 8, 8, 4]), core.zeros([1, 8, 8, 1]), { verbose: 0 });
    await expect(fitting).rejects.toThrow('dilation rates greater than 1');
    tf.dispose();
  });
});
