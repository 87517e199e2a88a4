import { onnx } from 'onnx-proto';
import { describe, expect, test } from 'vitest';
import { specializeGraph } from '../../compiler/2-infer/specialize.js';
import { prune } from '../../compiler/3-transform/prune.js';
import { simplify } from '../../compiler/3-transform/simplify.js';
import { trainingPlan } from '../../compiler/3-transform/train/index.js';
import { emitOnnx } from '../../compiler/5-emit/onnx/index.js';
import { initialWeights } from '../../compiler/6-build/initialize.js';
import { GraphBuilder } from '../../compiler/ir/builder.js';
import { num } from '../../compiler/ir/dim.js';
import type { Graph } from '../../compiler/ir/graph.js';
import { defaultRecipe } from '../../compiler/recipe.js';
import { nowhere } from '../../grammar/diagnostic.js';
import { evaluate, type Float64Tensor, tensor } from '../../testing/reference/index.js';
import { nestedNetwork } from '../compiler/handmade.js';
import { expectClose, runModel, runOnnx } from './run.js';

const network = nestedNetwork([3, 4, 5]);
const graph = simplify(prune(network));
const drawn = initialWeights(network.graph.params, 1);
const weights = new Map(Array.from(drawn, ([path, t]) => [path, t.data]));
const emit = () => emitOnnx(graph, { name: 'Nested', metadata: { level: '2', mode: 'accurate' }, weights });
const decode = (bytes: Uint8Array) => onnx.ModelProto.decode(bytes);

function picture(n: number, h: number, w: number): Float64Tensor {
  const values = Array.from({ length: n * 3 * h * w }, (_, i) => Math.fround(Math.sin(i * 1.7)));
  return tensor([n, 3, h, w], values);
}

describe('an inference file', () => {
  const model = decode(emit());

  test('says its version, its producer and what it was told to say', () => {
    expect(Number(model.irVersion)).toBe(8);
    expect(model.opsetImport.map((o) => [o.domain, Number(o.version)])).toEqual([['', 17]]);
    expect(model.producerName).toBe('unetc');
    expect(model.metadataProps).toMatchObject([
      { key: 'level', value: '2' },
      { key: 'mode', value: 'accurate' },
    ]);
    expect(model.graph?.name).toBe('Nested');
  });

  test('names inputs, outputs, initializers and nodes, and leaves N, H and W open', () => {
    const dims = (v: onnx.IValueInfoProto | undefined) =>
      v?.type?.tensorType?.shape?.dim?.map((d) => d.dimParam || Number(d.dimValue));
    expect(model.graph?.input?.map((i) => i.name)).toEqual(['image']);
    expect(model.graph?.output?.map((o) => o.name)).toEqual(['mask']);
    expect(dims(model.graph?.input?.[0])).toEqual(['N', 3, 'H', 'W']);
    expect(dims(model.graph?.output?.[0])).toEqual(['N', 1, 'H', 'W']);
    const initializers = new Map(model.graph?.initializer?.map((t) => [t.name, t]));
    for (const p of graph.params) {
      const t = initializers.get(p.origin.path);
      expect(t?.dims?.map(Number)).toEqual(p.type.shape.map((d) => d.offset));
      const raw = t?.rawData as Uint8Array;
      const data = new Float32Array(raw.slice().buffer);
      expect(data).toEqual(weights.get(p.origin.path));
    }
    expect(model.graph?.node?.map((n) => n.name)).toContain('X[0,1].conv1');
  });

  test('defines every value once, before its use', () => {
    const { node = [], input = [], initializer = [], output = [] } = model.graph ?? {};
    const known = new Set([...(input ?? []), ...(initializer ?? [])].map((v) => v.name));
    const names = new Set<string>();
    for (const n of node ?? []) {
      for (const name of n.input ?? []) if (name !== '') expect(known).toContain(name);
      for (const name of n.output ?? []) {
        expect(known).not.toContain(name);
        known.add(name);
      }
      expect(names).not.toContain(n.name);
      names.add(n.name ?? '');
    }
    for (const o of output ?? []) expect(known).toContain(o.name);
  });

  test('is the same bytes every time', () => {
    expect(Buffer.compare(emit(), emit())).toBe(0);
  });

  test.each([
    [1, 4, 4],
    [2, 8, 12],
  ])('one file is right at %i x %i x %i', async (n, h, w) => {
    const image = picture(n, h, w);
    const feeds = new Map([['image', image]]);
    for (const [path, t] of drawn) feeds.set(path, tensor(t.shape, t.data));
    const due = evaluate(specializeGraph(graph, { N: n, H: h, W: w }), feeds);
    const got = await runModel(emit(), graph, new Map([['image', image]]));
    expectClose(got.get('mask')!, due.get('mask')!, 'mask');
    // Without weights, parameters are inputs.
    const fed = await runOnnx(graph, feeds);
    expectClose(fed.get('mask')!, due.get('mask')!, 'mask');
  });

  test('refuses weights of another length', () => {
    const wrong = new Map(weights).set('X[0,1].conv1.weight', new Float32Array(3));
    expect(() => emitOnnx(graph, { name: 'x', metadata: {}, weights: wrong })).toThrow('X[0,1].conv1.weight needs 189');
  });
});

describe('names', () => {
  const at = (path: string) => ({ path, span: nowhere });

  test('outputs may be inputs, constants, or two names for one value', async () => {
    const builder = new GraphBuilder(0, at('y'));
    const x = builder.value({ dtype: 'f32', shape: [num(2)] });
    const twice = builder.emit('affine', [x], { scale: 2, shift: 0 });
    const three = builder.emit('constant', [], { value: 3, shape: [] });
    // A node's path, y, is an output's name as well.
    const named: Graph = {
      inputs: [{ name: 'x', value: x }],
      params: [],
      nodes: builder.nodes,
      outputs: [
        { name: 'same', value: x },
        { name: 'y', value: twice },
        { name: 'y/Mul', value: twice },
        { name: 'three', value: three },
      ],
    };
    const got = await runOnnx(named, new Map([['x', tensor([2], [1, -4])]]));
    expect(Array.from(got, ([name, t]) => [name, ...t.data])).toEqual([
      ['same', 1, -4],
      ['y', 2, -8],
      ['y/Mul', 2, -8],
      ['three', 3],
    ]);
  });
});

test('a training step of 9 million parameters is a small file: no weights, nor the zeros that lowerings need', () => {
  const recipe = { ...defaultRecipe, loss: [{ name: 'bce', weight: 1, args: {} }] as const };
  const plan = trainingPlan(nestedNetwork([32, 64, 128, 256, 512]), recipe, { batch: 2, size: [64, 64] });
  expect(emitOnnx(plan.graph, { name: 'step', metadata: {} }).length).toBeLessThan(600_000);
});
