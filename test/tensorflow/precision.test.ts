import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lowerPrecision, ruleOf } from '../../compiler/3-transform/precision.js';
import { initialState } from '../../compiler/6-build/initialize.js';
import {
  deploy,
  type Graph,
  load,
  type Node,
  specializeGraph,
  type TrainingPlan,
  trainingPlan,
  verifyGraph,
} from '../../compiler/index.js';
import { stream } from '../../compiler/random.js';
import { networkSpecs, nthSizes } from '../../testing/index.js';
import { randomTarget } from '../../testing/properties.js';
import { type Compute, evaluate, type Float64Tensor, kernels, tensor } from '../../testing/reference/index.js';
import { beyond, bfloat, distance } from '../backends/rounding.js';
import { cases } from '../cases.js';
import { anyWeights, picture } from '../tfjs-layers/builds.js';

const numRuns = Number(process.env.UNETC_CASES ?? 60);

const drawn = fc.record({ text: networkSpecs({ depth: 2, channels: 3 }), seed: fc.nat(1_000_000) });

function graphsOf(text: string) {
  const { network, recipe, diagnostics } = load(text);
  if (!network) throw new Error(diagnostics.map((d) => d.message).join('\n'));
  const { N = 1, ...sizes } = nthSizes(network, 2, []);
  const plan = trainingPlan(network, { ...recipe, weights: undefined }, { batch: N, size: Object.values(sizes) });
  const open = deploy(network, { mode: 'all' });
  return { network, open, fixed: specializeGraph(open, { N, ...sizes }), plan };
}

const typesOf = (list: readonly { readonly type: { readonly dtype: string } }[]) =>
  new Set(list.map((v) => v.type.dtype));

/** Statistics and coefficients of a norm stay in single precision beside its images. */
const imagesOf = (node: Node) =>
  ruleOf(node).precision === 'image' ? node.inputs.filter((v) => v.type.shape.length > 1) : node.inputs;

/** What holds of every lowered graph. */
function expectLowered(graph: Graph): void {
  const low = lowerPrecision(graph);
  expect(verifyGraph(low)).toBeNull();
  expect(low.inputs).toEqual(graph.inputs);
  expect(low.params).toEqual(graph.params);
  expect(low.outputs.map((o) => [o.name, o.value.type])).toEqual(graph.outputs.map((o) => [o.name, o.value.type]));
  const casts = new Set<string>();
  for (const node of low.nodes) {
    const [input] = node.inputs;
    if (node.op === 'cast') {
      const key = `${input!.id} ${node.attrs.to}`;
      expect(casts, 'a value is cast to a type once').not.toContain(key);
      casts.add(key);
      expect(input!.type.dtype, 'a cast changes the type').not.toBe(node.outputs[0]!.type.dtype);
      continue;
    }
    const { precision } = ruleOf(node);
    const types = typesOf(imagesOf(node));
    expect(types.has('bf16') && types.has('f32'), `${node.op} mixes types`).toBe(false);
    if (precision === 'low') expect([...types], node.op).toEqual(['bf16']);
    if (precision === 'high') expect(types, node.op).not.toContain('bf16');
    for (const v of node.inputs.filter((v) => !imagesOf(node).includes(v))) expect(v.type.dtype).toBe('f32');
  }
  const products = (g: Graph) => g.nodes.filter((n) => ruleOf(n).precision === 'low').length;
  expect(products(low)).toBe(products(graph));
  expect(low.nodes.filter((n) => n.op !== 'cast').map((n) => n.op)).toEqual(graph.nodes.map((n) => n.op));
}

/** The graph with noise of bf16's unit roundoff in place of its casts: what rounding does at most, in a random direction. */
const noisyCasts = (seed: number): Compute => {
  const random = stream(seed, 'casts');
  return (node, inputs) => {
    if (node.op !== 'cast' || node.attrs.to !== 'bf16') return kernels[node.op](node.attrs, inputs);
    const [x] = inputs as [Float64Tensor];
    return [{ shape: x.shape, data: x.data.map((v) => v * (1 + bfloat * random.uniform(-1, 1))) }];
  };
};

/** The lowered graph, whose casts round, is as near the exact one as random errors of a unit roundoff leave it. */
function expectNear(graph: Graph, feeds: ReadonlyMap<string, Float64Tensor>): void {
  const low = lowerPrecision(graph);
  const due = evaluate(graph, feeds);
  const bounds = new Map([...due.keys()].map((name) => [name, 0]));
  // A loss is one number, and of few draws all may be small. The largest of twelve is 1.46 times that of four in the mean, and varies less.
  for (let seed = 1; seed <= 12; seed++) {
    for (const [name, t] of evaluate(low, feeds, noisyCasts(seed)))
      bounds.set(name, Math.max(bounds.get(name)!, 2.75 * distance(t, due.get(name)!)));
  }
  expect(beyond(evaluate(low, feeds), due, bounds)).toEqual([]);
}

function feedsOf(plan: TrainingPlan, seed: number): Map<string, Float64Tensor> {
  const { parameters, statistics, slots } = initialState(plan, seed);
  const all: Record<string, Float64Tensor> = {
    image: tensor(plan.imageShape, picture(plan.imageShape, seed).data),
    target: tensor(plan.targetShape, randomTarget(plan.targetShape, seed)),
    ...Object.fromEntries(
      Object.entries({ parameters, statistics, ...slots }).map(([name, data]) => [name, tensor([data.length], data)]),
    ),
    lr: tensor([], [1e-2]),
    step: tensor([], [1]),
    seed: tensor([], [seed]),
  };
  return new Map(plan.graph.inputs.map(({ name }) => [name, all[name]!]));
}

describe('mixed precision', () => {
  test('keeps random networks and their training plans sound, and what goes in and out in single precision', () => {
    fc.assert(
      fc.property(drawn, ({ text }) => {
        const { open, fixed, plan } = graphsOf(text);
        for (const graph of [open, fixed, plan.graph]) expectLowered(graph);
      }),
      { numRuns },
    );
  });

  test('answers what rounding by a unit in the casts explains', () => {
    fc.assert(
      fc.property(drawn, ({ text, seed }) => {
        const { network, fixed } = graphsOf(text);
        const shape = fixed.inputs[0]!.value.type.shape.map((d) => d.offset);
        const weights = [...anyWeights(network, seed)].map(([path, t]) => [path, tensor(t.shape, t.data)] as const);
        expectNear(fixed, new Map([...weights, [fixed.inputs[0]!.name, tensor(shape, picture(shape, seed).data)]]));
      }),
      { numRuns: Math.ceil(numRuns / 3) },
    );
  });

  test('so does a training step: losses, and every parameter after it', () => {
    fc.assert(
      fc.property(drawn, ({ text, seed }) => {
        const { plan } = graphsOf(text);
        expectNear(plan.graph, feedsOf(plan, seed));
      }),
      { numRuns: Math.ceil(numRuns / 6) },
    );
  });
});

describe('a cast to bf16', () => {
  const cast = (...values: number[]) =>
    Array.from(kernels.cast({ to: 'bf16' }, [tensor([values.length], values)])[0]!.data);

  test('is within a unit roundoff, and exact for what bf16 holds', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, min: Math.fround(-1e38), max: Math.fround(1e38) }), (x) => {
        fc.pre(Math.abs(x) > 2 ** -120);
        const [y] = cast(x) as [number];
        expect(Math.abs(y - x)).toBeLessThanOrEqual(bfloat * Math.abs(x));
        expect(cast(y)).toEqual([y]);
        // The upper half of a float32, the lower zero.
        expect(new Uint32Array(Float32Array.of(y).buffer)[0]! & 0xffff).toBe(0);
      }),
      cases(2000),
    );
  });

  test('goes to the nearest, and of two as near to the even one', () => {
    expect(cast(1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -20, -1 - 2 ** -8, 0, 256.5)).toEqual([
      1,
      1 + 2 ** -6,
      1 + 2 ** -7,
      -1,
      0,
      256,
    ]);
  });
});
