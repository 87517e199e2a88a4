import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeUpsampling } from '../../compiler/3-transform/upsampling/in-training.js';
import { deploy, type Graph, load, specializeGraph, type Value, verifyGraph } from '../../compiler/index.js';
import { GraphBuilder } from '../../compiler/ir/builder.js';
import { num } from '../../compiler/ir/dim.js';
import { nowhere } from '../../grammar/diagnostic.js';
import { networkSpecs, nthSizes } from '../../testing/index.js';
import { evaluate, type Float64Tensor, tensor } from '../../testing/reference/index.js';
import { cases } from '../cases.js';
import { anyWeights, picture } from '../tfjs-layers/builds.js';
import { joined, joins, macs } from './joins.js';

function expectSame(graph: Graph, feeds: ReadonlyMap<string, Float64Tensor>): Graph {
  const merged = mergeUpsampling(graph);
  expect(verifyGraph(merged)).toBeNull();
  expect(merged.outputs).toEqual(graph.outputs);
  const due = evaluate(graph, feeds);
  for (const [name, { shape, data }] of evaluate(merged, feeds)) {
    const expected = due.get(name) as Float64Tensor;
    expect(shape).toEqual(expected.shape);
    const scale = expected.data.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
    for (const [i, v] of data.entries()) expect(Math.abs(v - expected.data[i]!)).toBeLessThanOrEqual(1e-12 * scale);
  }
  return merged;
}

const ofUpsample = (graph: Graph): number => graph.nodes.filter((n) => n.op === 'upsample').length;

describe('a convolution over what upsample repeated', () => {
  it('reads the small image instead, and answers the same', () => {
    let merged = 0;
    fc.assert(
      fc.property(joins, (join) => {
        const { graph, feeds } = joined(join);
        const after = expectSame(graph, feeds);
        const ops = after.nodes.map((n) => n.op);
        expect(macs(after)).toBeLessThanOrEqual(macs(graph));
        if (ops.includes('upsample_kernel')) {
          merged++;
          expect(ops.filter((op) => op === 'upsample').length).toBeLessThan(ofUpsample(graph));
          expect(macs(after)).toBeLessThan(macs(graph));
        }
      }),
      cases(300),
    );
    expect(merged).toBeGreaterThan(50);
  });

  it('takes 16 multiplications for 36', () => {
    const build = new GraphBuilder(0, { path: 'y', span: nowhere });
    const [x, w] = [
      [1, 4, 4, 4],
      [2, 4, 3, 3],
    ].map((shape) => build.value({ dtype: 'f32', shape: shape.map(num) })) as [Value, Value];
    const enlarged = build.emit('upsample', [x], { scale: 2 });
    const y = build.emit('conv', [enlarged, w], { channels: 2, kernel: 3, padding: 'same' });
    const inputs = [x, w].map((value, k) => ({ name: `x${k}`, value }));
    const graph: Graph = { inputs, params: [], nodes: build.nodes, outputs: [{ name: 'y', value: y }] };
    expect(macs(mergeUpsampling(graph)) / macs(graph)).toBe(16 / 36);
  });

  it('does not change what a network answers', () => {
    fc.assert(
      fc.property(networkSpecs({ depth: 2, channels: 3 }), fc.nat(1000), (text, seed) => {
        const network = load(text).network!;
        const { N = 1, ...sizes } = nthSizes(network, 1, []);
        const graph = specializeGraph(deploy(network, { mode: 'all' }), { N, ...sizes });
        const weights = anyWeights(network, seed);
        const shape = graph.inputs[0]!.value.type.shape.map((d) => d.offset);
        const feeds = new Map(Array.from(weights, ([path, t]) => [path, tensor(t.shape, t.data)]));
        feeds.set(graph.inputs[0]!.name, tensor(shape, picture(shape, seed).data));
        expectSame(graph, feeds);
      }),
      cases(60),
    );
  });
});
