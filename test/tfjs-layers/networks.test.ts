import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emitOnnx } from '../../compiler/5-emit/onnx/index.js';
import { layerName } from '../../compiler/5-emit/tfjs-layers/index.js';
import { deploy, foldBatchNorm, type Graph, type Network, type Sizes } from '../../compiler/index.js';
import type { Tensor, Weights } from '../../runtime/engines/engine.js';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import { networkSpecs, nthSizes, selections } from '../../testing/index.js';
import { evaluate, tensor } from '../../testing/reference/index.js';
import { type Bounds, boundsOf, running } from '../backends/rounding.js';
import { type Built, build, narrow, networkOf, picture } from './builds.js';
import { distance, open, predict } from './tfjs.js';

const tolerance = 1e-4;

/** How far from the reference an engine's answers to an image may be, by output. */
function roundingOf(graph: Graph, weights: Weights, image: Tensor): Bounds {
  const feeds = new Map([...weights].map(([path, t]) => [path, tensor(t.shape, t.data)]));
  feeds.set(graph.inputs[0]!.name, tensor(image.shape, image.data));
  return boundsOf(evaluate(graph, feeds), running(graph, feeds), { functions: 4 }, 2);
}

/** The ONNX file of a level and mode as `build` writes it, and the layers, fed the same images. */
async function expectSameAsOnnx({ network, weights, model }: Built, graph: Graph, tried: readonly Sizes[]) {
  const folded = foldBatchNorm(graph, new Map([...weights].map(([path, t]) => [path, t.data])));
  const onnx = await ort.open(emitOnnx(folded.graph, { weights: folded.weights, name: network.name, metadata: {} }));
  const tf = await open(model.files!);
  const dims = graph.inputs[0]!.value.type.shape;
  for (const sizes of tried) {
    const image = picture(
      dims.map((d) => (d.symbol === null ? d.offset : (sizes[d.symbol] as number))),
      7,
    );
    const due = await onnx.run(image);
    const got = predict(tf, image);
    expect(got).toHaveLength(graph.outputs.length);
    for (const [k, { name }] of graph.outputs.entries()) {
      expect(got[k]!.shape).toEqual(due.get(name)!.shape);
      const off = distance(got[k]!, due.get(name)!);
      // Where a norm of nearly equal numbers enlarges what single precision loses, by how much is computed.
      if (off >= tolerance) expect(off, name).toBeLessThan(2 * (roundingOf(graph, weights, image).get(name) as number));
    }
  }
  await onnx.dispose();
  tf.dispose();
}

/** Operators of which some uses are refused; a network is refused for no other reason. */
const difficult =
  /: (upsample|batchnorm|instancenorm|groupnorm|layernorm|maxpool|conv|conv_transpose) can't be said in layers: /;

/** How many random networks are tried. */
const numRuns = 200;

describe('a random network as layers', () => {
  it('answers what its ONNX file does at two sizes and batches, or is refused by name', {
    timeout: 300_000,
  }, async () => {
    let said = 0;
    const drawn = fc.record({
      text: networkSpecs({ depth: 2, channels: 3 }),
      seed: fc.nat(1_000_000),
      fix: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(drawn, async ({ text, seed, fix }) => {
        const network = networkOf(text);
        const selection = fc.sample(selections(network), { seed, numRuns: 1 })[0]!;
        const sizes = nthSizes(network, 1, [0, 1, 0]);
        const built = build(network, selection, { seed, sizes: fix ? sizes : undefined });
        const errors = built.model.diagnostics.filter((d) => d.severity === 'error');
        const graph = deploy(network, selection);
        if (errors.length > 0) {
          expect(built.model.files).toBeNull();
          for (const { message, span } of errors) {
            expect(message).toMatch(difficult);
            const node = graph.nodes.find((n) => message.startsWith(n.origin.path));
            expect(node?.origin.span).toEqual(span);
          }
          return;
        }
        said++;
        const other = fix ? sizes : nthSizes(network, 1, [1, 0, 0]);
        await expectSameAsOnnx(built, graph, [sizes, { ...other, N: 2 }]);
      }),
      { numRuns },
    );
    // Volumes and kept corners are refused; what is left has to be most.
    expect(said).toBeGreaterThan(numRuns / 3);
  });
});

const presets = readdirSync('specs').map((file) => [file.replace('.unet', ''), readFileSync(`specs/${file}`, 'utf8')]);

/** Presets that layers say of one size alone, and the operator that keeps them from more. */
const sized: Readonly<Record<string, string>> = { 'unetpp-bn': 'upsample', 'unetpp-3d': 'instancenorm' };

const dimensions = (network: Network): number => network.graph.inputs[0]!.value.type.shape.length - 2;

/** Volumes are slow on the CPU backend: all of their outputs at once. */
const modesOf = (network: Network, level: number): string[] => [
  ...network.modes.filter(
    (mode) => dimensions(network) < 3 && network.modeOutputs.some((m) => m.level === level && m.mode === mode),
  ),
  'all',
];

describe('a preset as layers', () => {
  it.each(presets)('%s answers what its ONNX file does, at every level and mode', async (name, text) => {
    const network = narrow(text!);
    const tried = [nthSizes(network, 1, [0, 0, 1]), nthSizes(network, 2, [0, 0, 0])];
    for (const level of network.levels) {
      for (const mode of modesOf(network, level)) {
        const built = build(network, { level, mode });
        const graph = deploy(network, { level, mode });
        const difficulty = sized[name!];
        if (difficulty === undefined) {
          await expectSameAsOnnx(built, graph, tried);
          continue;
        }
        expect(built.model.files).toBeNull();
        expect(built.model.diagnostics.map((d) => d.message).join()).toContain(
          `: ${difficulty} can't be said in layers`,
        );
        expect(built.model.diagnostics[0]!.hints[0]).toContain('--size');
        for (const sizes of tried.slice(dimensions(network) === 3 ? 1 : 0)) {
          const fixed = build(network, { level, mode }, { sizes });
          await expectSameAsOnnx(
            fixed,
            graph,
            [1, 2].map((N) => ({ ...sizes, N })),
          );
        }
      }
    }
  });

  it('of the article is said with bilinear upsampling by pixel centres', async () => {
    const text = presets.find(([name]) => name === 'unetpp-bn')![1]!;
    const network = narrow(text.replace(', align_corners: true', ''));
    for (const level of network.levels) {
      await expectSameAsOnnx(build(network, { level }), deploy(network, { level }), [
        { N: 1, H: 32, W: 16 },
        { N: 2, H: 16, W: 16 },
      ]);
    }
  });
});

describe('names of layers', () => {
  it('are paths with brackets and commas as hyphens, so that no two become one', () => {
    expect(layerName('X[0,12].conv_transpose1')).toBe('X-0-12.conv_transpose1');
    expect(layerName('mask.accurate.L2.mean1')).toBe('mask.accurate.L2.mean1');
    // TensorFlow.js wants a letter or a digit first.
    expect(layerName('_x.conv1')).toBe('0_x.conv1');
    for (const [, text] of presets) {
      const paths = networkOf(text!).graph.nodes.map((n) => n.origin.path);
      expect(new Set(paths.map(layerName)).size).toBe(paths.length);
    }
  });
});
