import fc from 'fast-check';
import { onnx } from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { emitStaged } from '../../compiler/5-emit/onnx/staged.js';
import {
  checkStages,
  deploy,
  deployLevels,
  foldBatchNorm,
  type Graph,
  intoStages,
  knownShape,
  levelMode,
  levelOutput,
  levelsOf,
  load,
  lostInHalf,
  lowerPrecision,
  ruleOf,
  specializeGraph,
  toHalf,
  uncertaintyName,
  verifyGraph,
} from '../../compiler/index.js';
import { GraphBuilder } from '../../compiler/ir/builder.js';
import { num } from '../../compiler/ir/dim.js';
import { nowhere } from '../../grammar/diagnostic.js';
import type { OnnxEngine, Tensor } from '../../runtime/engines/engine.js';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import { networkSpecs, nthSizes, selections } from '../../testing/index.js';
import { float16 } from '../../testing/reference/elementwise.js';
import { evaluate, type Float64Tensor, kernels, tensor } from '../../testing/reference/index.js';
import { beyond, boundsOf, finite, running } from '../backends/rounding.js';
import { cases } from '../cases.js';
import { bytesOf, feedsOf, type Model } from '../quantize/networks.js';
import { anyWeights, picture } from '../tfjs-layers/builds.js';
import { openWeb } from '../web/open.js';

const drawn = fc.record({ text: networkSpecs({ depth: 2, channels: 4 }), seed: fc.nat(1_000_000) });

/** A random network's level and mode, folded; open in its sizes, and bound to some. */
function caseOf({ text, seed }: { readonly text: string; readonly seed: number }) {
  const { network, diagnostics } = load(text);
  if (!network) throw new Error(diagnostics.map((d) => d.message).join('\n'));
  const [selection] = fc.sample(selections(network), { seed, numRuns: 1 });
  const weights = new Map([...anyWeights(network, seed)].map(([path, t]) => [path, t.data]));
  const open = foldBatchNorm(deploy(network, selection), weights);
  const bound = specializeGraph(open.graph, nthSizes(network, 2, [0, 1, 0]));
  const image = picture(knownShape(bound.inputs[0]!.value.type.shape), seed);
  return { network, weights, open, bound: { graph: bound, weights: open.weights }, image };
}

/** What the reference says of a model in fp32, and how far from it fp16 may be. */
function judged({ graph, weights }: Model, image: Tensor) {
  const feeds = feedsOf({ graph, weights }, tensor(image.shape, image.data));
  const due = evaluate(graph, feeds);
  const low = lowerPrecision(graph, 'f16');
  return { due, bounds: finite(boundsOf(due, running(low, feeds), { functions: 4 }, 2)) };
}

async function answer(open: OnnxEngine['open'], file: Uint8Array, image: Tensor): Promise<Map<string, Float64Tensor>> {
  const predictor = await open(file);
  const answers = await predictor.run(image).finally(() => predictor.dispose());
  return new Map([...answers].map(([name, t]) => [name, tensor(t.shape, t.data)]));
}

const typesOf = (values: readonly { readonly type: { readonly dtype: string } }[]) => [
  ...new Set(values.map((v) => v.type.dtype)),
];

describe('a random network in fp16', () => {
  it.each([
    ['onnxruntime-node', ort.open, 60],
    ['onnxruntime-web', openWeb, 20],
  ] as const)('answers in %s what it does in fp32, as near as fp16 is', async (_, open, runs) => {
    await fc.assert(
      fc.asyncProperty(drawn, async (d) => {
        const { open: model, bound, image } = caseOf(d);
        const { due, bounds } = judged(bound, image);
        const got = await answer(open, bytesOf({ ...model, graph: toHalf(model.graph) }), image);
        expect(beyond(got, due, bounds)).toEqual([]);
      }),
      cases(runs),
    );
  });

  it('stays as near where every number between operators is stored in f16, as on a GPU', () => {
    fc.assert(
      fc.property(drawn, (d) => {
        const { bound, image } = caseOf(d);
        const { due, bounds } = judged(bound, image);
        const graph = toHalf(bound.graph);
        const feeds = feedsOf({ ...bound, graph }, tensor(image.shape, image.data));
        for (const p of graph.params.filter((v) => v.type.dtype === 'f16')) {
          const { shape, data } = feeds.get(p.origin.path)!;
          feeds.set(p.origin.path, tensor(shape, data.map(float16)));
        }
        const got = evaluate(graph, feeds, (node, inputs) =>
          kernels[node.op](node.attrs, inputs).map((t, k) =>
            node.outputs[k]?.type.dtype === 'f16' ? tensor(t.shape, t.data.map(float16)) : t,
          ),
        );
        expect(beyond(got, due, bounds)).toEqual([]);
      }),
      cases(60),
    );
  });

  it('is f32 to who uses it, and f16 wherever its rules allow', () => {
    fc.assert(
      fc.property(drawn, (d) => {
        const { graph } = caseOf(d).open;
        const half = toHalf(graph);
        expect(verifyGraph(half)).toBeNull();
        expect(half.inputs).toEqual(graph.inputs);
        expect(half.outputs.map((o) => [o.name, o.value.type])).toEqual(
          graph.outputs.map((o) => [o.name, o.value.type]),
        );
        const multiplied = half.nodes.filter((n) => n.op === 'conv' || n.op === 'conv_transpose');
        expect(multiplied.length).toBe(graph.nodes.filter((n) => n.op === 'conv' || n.op === 'conv_transpose').length);
        for (const node of multiplied) expect(typesOf([...node.inputs, ...node.outputs])).toEqual(['f16']);
        // A parameter is stored in the one type that it is used in, so none is cast.
        const params = new Set(half.params.map((p) => p.id));
        for (const node of half.nodes) {
          if (node.op === 'cast') expect(params).not.toContain(node.inputs[0]!.id);
          else if (ruleOf(node, 'f16').precision === 'high') expect(typesOf(node.inputs)).not.toContain('f16');
          else expect(typesOf(node.inputs).length).toBe(1);
        }
      }),
      cases(200),
    );
  });

  it('has half the bytes of weights, and is the same every time', () => {
    fc.assert(
      fc.property(drawn, (d) => {
        const { graph, weights } = caseOf(d).open;
        const file = bytesOf({ graph: toHalf(graph), weights });
        expect(Buffer.compare(bytesOf({ graph: toHalf(graph), weights }), file)).toBe(0);
        const raw = (bytes: Uint8Array, paths: ReadonlySet<string>) =>
          (onnx.ModelProto.decode(bytes).graph?.initializer ?? [])
            .filter((t) => paths.has(t.name!))
            .reduce((n, t) => n + t.rawData!.length, 0);
        const inHalf = new Set(toHalf(graph).params.flatMap((p) => (p.type.dtype === 'f16' ? [p.origin.path] : [])));
        expect(inHalf.size).toBeGreaterThan(0);
        expect(raw(file, inHalf) * 2).toBe(raw(bytesOf({ graph, weights }), inHalf));
      }),
      cases(40),
    );
  });

  it('adaptive, it stops where it does in fp32', async () => {
    let tried = 0;
    await fc.assert(
      fc.asyncProperty(drawn, async (d) => {
        const { network, weights, image } = caseOf(d);
        const mode = levelMode(network);
        const levels = levelsOf(network, mode);
        fc.pre(checkStages(network, { mode, levels }) === null);
        tried++;
        const { graph, weights: folded } = foldBatchNorm(deployLevels(network, { levels, mode }), weights);
        const symbols = nthSizes(network, 2, [0, 1, 0]);
        const { due, bounds } = judged({ graph: specializeGraph(graph, symbols), weights: folded }, image);
        const doubts = levels.slice(0, -1).map((l) => Math.max(...due.get(uncertaintyName(l))!.data));
        for (const [stop, level] of levels.entries()) {
          const thresholds = doubts.map((u, k) => (k === stop ? 1.5 * u : 0.5 * u));
          const staged = intoStages(toHalf(graph), network, levels);
          const file = emitStaged(staged, { name: 'test', metadata: {}, weights: folded, thresholds });
          const got = await answer(ort.open, file, image);
          expect(got.get(levelOutput)?.data[0]).toBe(level);
          const name = `${network.outputName}@L${level}`;
          const answered = new Map([[name, got.get(network.outputName)!]]);
          expect(beyond(answered, new Map([[name, due.get(name)!]]), bounds)).toEqual([]);
        }
      }),
      cases(15),
    );
    expect(tried).toBeGreaterThan(0);
  });
});

describe('what f16 does not hold', () => {
  const text = `network Small {
    input image: f32[N, 1, H, W]
    head S = image |> conv(2, kernel: 3) |> relu |> conv(1, kernel: 1) |> sigmoid
    output mask = S
  }`;
  const { network } = load(text);
  const graph = toHalf(deploy(network!));
  const [first, bias, last] = graph.params.map((p) => p.origin.path) as [string, string, string];
  const all = new Map(
    graph.params.map((p) => [p.origin.path, new Float32Array(knownShape(p.type.shape).reduce((a, b) => a * b, 1))]),
  );
  const lost = (path: string, ...numbers: number[]) => {
    const data = all.get(path)!.slice();
    data.set(numbers);
    return lostInHalf(graph, new Map([...all, [path, data]]));
  };

  it('is named: numbers beyond its range, and filters below its precision', () => {
    expect(lost(first, 1, -65504)).toEqual([]);
    expect(lost(first, 1, -65505)).toEqual([{ path: first, kind: 'beyond', largest: 65505 }]);
    expect(lost(bias, 1e6)).toEqual([{ path: bias, kind: 'beyond', largest: 1e6 }]);
    expect(lost(last, 2 ** -14, 1e-30)).toEqual([]);
    expect(lost(last, 2 ** -15, 1e-9)).toEqual([{ path: last, kind: 'below', largest: 2 ** -15 }]);
    // Nothing is lost of zeros, and what a small bias is added to is not known.
    expect(lost(last, 0)).toEqual([]);
    expect(lost(bias, 1e-9)).toEqual([]);
  });

  it.each([
    [0.5, 'f16'],
    [1e5, 'f32'],
    [1e-5, 'f32'],
  ])('a coefficient of %d is multiplied by in %s', async (scale, type) => {
    const { graph, weights, image } = scaledBy(scale);
    const half = toHalf(graph);
    expect(half.nodes.find((n) => n.op === 'affine')?.outputs[0]?.type.dtype).toBe(type);
    const { due, bounds } = judged({ graph, weights }, image);
    expect(beyond(await answer(ort.open, bytesOf({ graph: half, weights }), image), due, bounds)).toEqual([]);
  });

  /** A convolution of ones, and its answers times a number. */
  function scaledBy(scale: number) {
    const origin = { path: 'scaled', span: nowhere };
    const build = new GraphBuilder(0, origin);
    const type = (...shape: number[]) => ({ dtype: 'f32', shape: shape.map(num) }) as const;
    const x = build.value(type(1, 1, 4, 4));
    const w = build.value(type(1, 1, 1, 1), { ...origin, path: 'w' });
    const y = build.emit('conv', [x, w], { channels: 1, kernel: 1 });
    const value = build.emit('affine', [y], { scale, shift: 0 });
    const params = [{ ...w, role: 'weight', init: { kind: 'constant', value: 1 } } as const];
    const graph: Graph = {
      ...{ inputs: [{ name: 'image', value: x }], params },
      ...{ nodes: build.nodes, outputs: [{ name: 'y', value }] },
    };
    return { graph, weights: new Map([['w', Float32Array.of(1)]]), image: picture([1, 1, 4, 4], 3) };
  }
});
