import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeUpsampling } from '../../compiler/3-transform/train/enlarged-convs.js';
import { bindGraph, deploy, type Graph, load, type Value, verifyGraph } from '../../compiler/index.js';
import { GraphBuilder } from '../../compiler/ir/builder.js';
import { num } from '../../compiler/ir/dim.js';
import { opOf } from '../../compiler/ops/index.js';
import { nowhere } from '../../grammar/diagnostic.js';
import { networkSpecs, nthSizes } from '../../testing/index.js';
import { evaluate, type Float64Tensor, tensor } from '../../testing/reference/index.js';
import { anyWeights, picture } from '../tfjs-layers/builds.js';

const waves = (shape: readonly number[], seed: number): Float64Tensor =>
  tensor(
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(1 + seed + 1.7 * i)),
  );

const macs = (graph: Graph): number =>
  graph.nodes.reduce((sum, { op, attrs, inputs, outputs }) => {
    const types = (list: Graph['nodes'][number]['inputs']) => list.map((v) => v.type);
    return sum + (opOf(op).macs?.(attrs, types(inputs), types(outputs)) ?? 0);
  }, 0);

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

/** conv(concat(parts)), each part of two channels as it is or enlarged. */
const joins = fc
  .record({
    rank: fc.constantFrom(1, 2, 3),
    parts: fc.array(fc.constantFrom('plain', 'nearest', 'linear'), { minLength: 1, maxLength: 4 }),
    bias: fc.boolean(),
  })
  .chain(({ rank, parts, bias }) => {
    const perDim = (min: number, max: number) =>
      fc.array(fc.integer({ min, max }), { minLength: rank, maxLength: rank });
    return fc.record({
      parts: fc.constant(parts),
      bias: fc.constant(bias),
      scale: perDim(1, 3),
      size: perDim(1, 2),
      kernel: perDim(1, 3),
      padding: fc.oneof(
        fc.constant('same' as const),
        fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 2 * rank, maxLength: 2 * rank }),
      ),
    });
  });

describe('a convolution over what upsample repeated', () => {
  it('reads the small image instead, and answers the same', () => {
    let merged = 0;
    fc.assert(
      fc.property(joins, ({ parts, bias, scale, size, kernel, padding }) => {
        const build = new GraphBuilder(0, { path: 'y', span: nowhere });
        const large = size.map((s, i) => s * scale[i]!);
        const images = parts.map((kind) => waves([2, 2, ...(kind === 'plain' ? large : size)], kind.length));
        const values = images.map((t) => build.value({ dtype: 'f32', shape: t.shape.map(num) }));
        const shown = values.map((v, k) =>
          parts[k] === 'plain'
            ? v
            : build.emit('upsample', [v], { scale, mode: parts[k] as string, align_corners: false }),
        );
        const image = shown.length === 1 ? shown[0]! : build.emit('concat', shown, { axis: 1 });
        const weights = [waves([3, 2 * parts.length, ...kernel], 9), ...(bias ? [waves([3], 4)] : [])];
        const owned = weights.map((t) => build.value({ dtype: 'f32', shape: t.shape.map(num) }));
        const attrs = { channels: 3, kernel, stride: 1, padding, dilation: 1, groups: 1, bias };
        const inputs = [...values, ...owned].map((value, k) => ({ name: `x${k}`, value }));
        const y = build.emit('conv', [image, ...owned], attrs);
        const graph: Graph = { inputs, params: [], nodes: build.nodes, outputs: [{ name: 'y', value: y }] };
        const after = expectSame(graph, new Map([...images, ...weights].map((t, k) => [`x${k}`, t])));
        const ops = after.nodes.map((n) => n.op);
        expect(macs(after)).toBeLessThanOrEqual(macs(graph));
        if (ops.includes('upsample_kernel')) {
          merged++;
          expect(ops.filter((op) => op === 'upsample').length).toBe(parts.filter((p) => p === 'linear').length);
          expect(macs(after)).toBeLessThan(macs(graph));
        }
      }),
      { numRuns: 300 },
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
        const graph = bindGraph(deploy(network, { mode: 'all' }), { N, ...sizes });
        const weights = anyWeights(network, seed);
        const shape = graph.inputs[0]!.value.type.shape.map((d) => d.offset);
        const feeds = new Map(Array.from(weights, ([path, t]) => [path, tensor(t.shape, t.data)]));
        feeds.set(graph.inputs[0]!.name, tensor(shape, picture(shape, seed).data));
        expectSame(graph, feeds);
      }),
      { numRuns: 60 },
    );
  });
});
