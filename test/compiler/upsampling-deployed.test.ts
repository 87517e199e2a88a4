import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldBatchNorm } from '../../compiler/3-transform/fold.js';
import { mergeUpsampling, type UpsamplingForm } from '../../compiler/3-transform/upsampling/deployed.js';
import {
  deploy,
  type Graph,
  knownShape,
  load,
  printGraph,
  specializeGraph,
  verifyGraph,
} from '../../compiler/index.js';
import { networkSpecs, nthSizes } from '../../testing/index.js';
import { evaluate, type Float64Tensor, tensor } from '../../testing/reference/index.js';
import { cases } from '../cases.js';
import { anyWeights, picture } from '../tfjs-layers/builds.js';
import { joined, joins, macs } from './joins.js';

const forms: readonly UpsamplingForm[] = ['phases', 'transposed'];

/** What a graph answers, its parameters being these arrays. */
function answers(graph: Graph, arrays: ReadonlyMap<string, Float32Array>, feeds: ReadonlyMap<string, Float64Tensor>) {
  const all = new Map(feeds);
  for (const { origin, type } of graph.params)
    all.set(origin.path, tensor(knownShape(type.shape), arrays.get(origin.path)!));
  return evaluate(graph, all);
}

/** Merges; the answers are the same but for the rounding of summed weights to single precision, a few of 2^-24. */
function expectSame(
  graph: Graph,
  weights: ReadonlyMap<string, Float32Array>,
  feeds: ReadonlyMap<string, Float64Tensor>,
  form: UpsamplingForm,
): Graph {
  const merged = mergeUpsampling(graph, weights, form);
  expect(verifyGraph(merged.graph)).toBeNull();
  expect(merged.graph.outputs).toEqual(graph.outputs);
  expect([...merged.weights.keys()].sort()).toEqual(merged.graph.params.map((p) => p.origin.path).sort());
  // A plan sees the same graph.
  expect(mergeUpsampling(graph, null, form).graph).toEqual(merged.graph);
  const due = answers(graph, weights, feeds);
  for (const [name, { shape, data }] of answers(merged.graph, merged.weights, feeds)) {
    const expected = due.get(name) as Float64Tensor;
    expect(shape).toEqual(expected.shape);
    const scale = expected.data.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
    for (const [i, v] of data.entries()) expect(Math.abs(v - expected.data[i]!)).toBeLessThanOrEqual(2e-6 * scale);
  }
  return merged.graph;
}

const rounded = (feeds: ReadonlyMap<string, Float64Tensor>): Map<string, Float32Array> =>
  new Map([...feeds].map(([name, { data }]) => [name, Float32Array.from(data)]));

const count = (graph: Graph, op: string): number => graph.nodes.filter((n) => n.op === op).length;

describe.each(forms)('a convolution over what upsample repeated, %s', (form) => {
  it('reads the small image instead, and answers the same', () => {
    let merged = 0;
    fc.assert(
      fc.property(joins, (join) => {
        const { graph, feeds } = joined(join);
        const weights = rounded(new Map([...feeds].filter(([name]) => name.startsWith('y'))));
        const after = expectSame(graph, weights, feeds, form);
        if (after.nodes.every((n) => n.op !== 'interleave' && n.op !== 'conv_transpose')) {
          expect(after.nodes).toEqual(graph.nodes);
          return;
        }
        merged++;
        expect(macs(after)).toBeLessThan(macs(graph));
        expect(count(after, 'upsample')).toBeLessThan(count(graph, 'upsample'));
        // Every phase has its own activation, and nothing is computed on the large image.
        if (form === 'phases') expect(after.nodes.at(-1)?.op).toBe('interleave');
      }),
      cases(300),
    );
    expect(merged).toBeGreaterThan(20);
  });

  it('takes 16 multiplications for 36', () => {
    const { graph } = joined({
      parts: ['nearest'],
      bias: true,
      scale: [2, 2],
      size: [2, 2],
      kernel: [3, 3],
      padding: 'same',
      activation: 'relu',
    });
    expect(macs(mergeUpsampling(graph, null, form).graph) / macs(graph)).toBe(16 / 36);
  });

  it('does not change what a network answers, whatever its size', () => {
    fc.assert(
      fc.property(networkSpecs({ depth: 2, channels: 3 }), fc.nat(1000), (text, seed) => {
        const network = load(text).network!;
        const { N = 1, ...sizes } = nthSizes(network, 1, []);
        const open = deploy(network, { mode: 'all' });
        const arrays = new Map(Array.from(anyWeights(network, seed), ([path, { data }]) => [path, data]));
        const { graph, weights } = foldBatchNorm(open, arrays);
        const bound = specializeGraph(graph, { N, ...sizes });
        const shape = knownShape(bound.inputs[0]!.value.type.shape);
        const feeds = new Map([[bound.inputs[0]!.name, tensor(shape, picture(shape, seed).data)]]);
        const merged = expectSame(bound, weights, feeds, form);
        // Open sizes are rewritten as numbers are.
        const rewritten = mergeUpsampling(graph, null, form).graph;
        expect(printGraph(specializeGraph(rewritten, { N, ...sizes }))).toBe(printGraph(merged));
      }),
      cases(60),
    );
  });
});
