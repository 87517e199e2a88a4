import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { missing } from '../../compiler/5-emit/tensorflow/graph-model.js';
import { emitGraphModel, emitInference } from '../../compiler/5-emit/tensorflow/index.js';
import { deploy, foldBatchNorm, type Network } from '../../compiler/index.js';
import { knownShape } from '../../compiler/ir/dim.js';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import { networkSpecs, nthSizes, selections } from '../../testing/index.js';
import { tensor } from '../../testing/reference/index.js';
import { cases as runs } from '../cases.js';
import { oneOperator, rounded } from '../ops/build.js';
import { cases } from '../ops/cases.js';
import { drawFrom } from '../ops/draw.js';
import { anyWeights, networkOf, picture, small } from '../tfjs-layers/builds.js';
import { distance } from '../tfjs-layers/tfjs.js';
import { inferenceOps } from './operators.js';
import { chooseBackend } from './page.js';
import { nodeHost, openGraphModel, packageFolder } from './tfjs.js';

const build = (network: Network, selection = {}) => {
  const graph = deploy(network, selection);
  const weights = anyWeights(network, 1);
  const folded = foldBatchNorm(graph, new Map([...weights].map(([path, t]) => [path, t.data])));
  return { graph, weights, folded };
};

/** Operators that the executor maps to code of its own, from the tables it is built from. */
async function executable(): Promise<Set<string>> {
  const folder = join(packageFolder('converter'), 'dist/operations/op_list');
  const names = new Set<string>();
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.js'))) {
    // Modules in files that Node takes for scripts.
    const text = readFileSync(join(folder, file), 'utf8');
    const { json } = await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(text)}`);
    for (const { tfOpName } of json as { tfOpName: string }[]) names.add(tfOpName);
  }
  return names;
}

describe('what the executor of TensorFlow.js has', () => {
  test('is every operator that an inference graph can hold, or it is refused', async () => {
    const table = await executable();
    expect(table.size).toBeGreaterThan(150);
    const written = new Set<string>();
    for (const op of inferenceOps) {
      const drawn = fc.sample(fc.gen(), { ...runs(200), seed: 1 }).map((g) => cases[op](drawFrom(g)));
      for (const { attrs, inputs } of drawn) {
        const { graph } = oneOperator(op, { attrs, inputs: inputs.map(rounded) });
        for (const node of emitInference(graph, { images: 'channels-last' }).nodes) written.add(node.op);
      }
    }
    // And what sizes that are open add.
    for (const text of fc.sample(networkSpecs({ depth: 2, channels: 2 }), { ...runs(60), seed: 1 })) {
      const { folded } = build(networkOf(text));
      for (const node of emitInference(folded.graph, { weights: folded.weights, images: 'channels-last' }).nodes)
        written.add(node.op);
    }
    expect(written.size).toBeGreaterThan(40);
    expect([...written].filter((op) => !table.has(op) && !missing.has(op))).toEqual([]);
  });

  test('is none of what is refused', async () => {
    const table = await executable();
    expect([...missing].filter((op) => table.has(op))).toEqual([]);
  });
});

test.each([
  ['image |> conv_transpose(2, kernel: 2, stride: 2)', 'D, H, W', 'Conv3DBackpropInputV2'],
  ['image |> conv_transpose(2, kernel: 3, stride: [1, 2])', 'H, W', 'StridedSliceGrad'],
])('%s in %s is refused with its place, by the name of what is missing', (body, space, kernel) => {
  const text = small(body, space);
  const { folded } = build(networkOf(text));
  const { files, diagnostics } = emitGraphModel(folded.graph, {
    weights: folded.weights,
    generatedBy: 'test',
    metadata: {},
  });
  expect(files).toBeNull();
  expect(diagnostics).toMatchObject([
    {
      code: 'not-in-target',
      severity: 'error',
      message: `S.conv_transpose1 can't be run by TensorFlow.js: this conv_transpose takes ${kernel}, which it does not have`,
    },
  ]);
  expect(text.slice(diagnostics[0]!.span.start.offset)).toMatch(/^(image \|> )?conv_transpose/);
});

/** How many random networks are tried. */
const numRuns = Number(process.env.UNETC_CASES ?? 40);

test('a random network answers what ONNX Runtime does, one model at two sizes and two batches', async () => {
  const host = await nodeHost();
  await host.call(chooseBackend, { name: 'cpu' });
  const drawn = fc.record({ text: networkSpecs({ depth: 2, channels: 3 }), seed: fc.nat(1_000_000) });
  let said = 0;
  await fc.assert(
    fc.asyncProperty(drawn, async ({ text, seed }) => {
      const network = networkOf(text);
      const selection = fc.sample(selections(network), { seed, numRuns: 1 })[0]!;
      const { graph, weights, folded } = build(network, selection);
      const volumes = graph.nodes.some((n) => n.op === 'conv_transpose' && n.inputs[0]!.type.shape.length === 5);
      const opening = openGraphModel(host, folded.graph, folded.weights);
      if (volumes) return void (await expect(opening).rejects.toThrow('Conv3DBackpropInputV2'));
      said++;
      const model = await opening;
      const onnx = await ort.predictor(graph, weights);
      for (const sizes of [nthSizes(network, 1, [0, 1, 0]), nthSizes(network, 2, [1, 0, 0])]) {
        const [{ name, value }] = graph.inputs as [(typeof graph.inputs)[0]];
        const image = picture(
          value.type.shape.map((d) => (d.symbol === null ? d.offset : (sizes[d.symbol] as number))),
          seed,
        );
        const got = await model.run(new Map([[name, tensor(image.shape, image.data)]]));
        for (const [output, due] of await onnx.run(image)) {
          const t = got.get(output)!;
          expect(t.shape).toEqual(due.shape);
          expect(distance({ shape: t.shape, data: Float32Array.from(t.data) }, due)).toBeLessThan(1e-4);
        }
      }
      await onnx.dispose();
      await model.close();
    }),
    { numRuns },
  );
  expect(said).toBeGreaterThan(numRuns / 2);
});

test('the same network is the same files, with open sizes and its outputs by name', () => {
  const { folded } = build(networkOf(readFileSync('specs/starter.unet', 'utf8'), { width: '[2, 3, 4, 5]' }), {
    mode: 'all',
  });
  const options = { weights: folded.weights, generatedBy: 'test', metadata: { 'unetc.network': 'MyNet' } };
  const [first, second] = [emitGraphModel(folded.graph, options), emitGraphModel(folded.graph, options)];
  expect([...first.files!]).toEqual([...second.files!]);
  const model = JSON.parse(new TextDecoder().decode(first.files!.get('model.json')));
  const dims = (port: { tensorShape: { dim: { size: string }[] } }) => port.tensorShape.dim.map((d) => Number(d.size));
  expect(Object.keys(model.signature.inputs)).toEqual(['image']);
  expect(dims(model.signature.inputs.image)).toEqual([-1, -1, -1, 3]);
  expect(Object.keys(model.signature.outputs)).toEqual(folded.graph.outputs.map((o) => o.name));
  expect(dims(model.signature.outputs.mask)).toEqual([-1, -1, -1, 1]);
  expect(model.userDefinedMetadata).toEqual(options.metadata);
  const bytes = [...first.files!].reduce((n, [name, file]) => n + (name === 'model.json' ? 0 : file.length), 0);
  const weights = folded.graph.params.reduce((n, p) => n + knownShape(p.type.shape).reduce((a, b) => a * b, 1), 0);
  expect(bytes).toBeGreaterThanOrEqual(4 * weights);
});
