import fc from 'fast-check';
import type { Graph, Param } from '../../compiler/index.js';
import { GraphBuilder } from '../../compiler/ir/builder.js';
import { num } from '../../compiler/ir/dim.js';
import { opOf } from '../../compiler/ops/index.js';
import { nowhere } from '../../grammar/diagnostic.js';
import { type Float64Tensor, tensor } from '../../testing/reference/index.js';

// Convolutions that read what upsample repeated, beside other channels.

export const waves = (shape: readonly number[], seed: number): Float64Tensor =>
  tensor(
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(1 + seed + 1.7 * i)),
  );

export const macs = (graph: Graph): number =>
  graph.nodes.reduce((sum, { op, attrs, inputs, outputs }) => {
    const types = (list: Graph['nodes'][number]['inputs']) => list.map((v) => v.type);
    return sum + (opOf(op).macs?.(attrs, types(inputs), types(outputs)) ?? 0);
  }, 0);

export interface Join {
  /** Each of two channels: as it is, enlarged by `scale`, or enlarged from a single element. */
  readonly parts: readonly ('plain' | 'nearest' | 'linear' | 'point')[];
  readonly bias: boolean;
  readonly scale: readonly number[];
  /** Of the small image. */
  readonly size: readonly number[];
  readonly kernel: readonly number[];
  readonly padding: 'same' | readonly number[];
  readonly activation: 'relu' | 'silu' | null;
}

export const joins: fc.Arbitrary<Join> = fc
  .record({
    rank: fc.constantFrom(1, 2, 3),
    parts: fc.array(fc.constantFrom('plain', 'nearest', 'nearest', 'linear', 'point'), { minLength: 1, maxLength: 4 }),
    bias: fc.boolean(),
    activation: fc.constantFrom('relu', 'silu', null),
  })
  .chain(({ rank, ...rest }) => {
    const perDim = (min: number, max: number) =>
      fc.array(fc.integer({ min, max }), { minLength: rank, maxLength: rank });
    return fc.record({
      parts: fc.constant(rest.parts),
      bias: fc.constant(rest.bias),
      activation: fc.constant(rest.activation),
      scale: perDim(1, 3),
      size: perDim(1, 2),
      kernel: perDim(1, 3),
      padding: fc.oneof(
        fc.constant('same' as const),
        fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 2 * rank, maxLength: 2 * rank }),
      ),
    });
  });

/** A graph of it, and what its inputs x0, x1 ... and its parameters y.weight and y.bias hold. */
export function joined(join: Join): { graph: Graph; feeds: Map<string, Float64Tensor> } {
  const { parts, bias, scale, size, kernel, padding, activation } = join;
  const build = new GraphBuilder(0, { path: 'y', span: nowhere });
  const large = size.map((s, i) => s * scale[i]!);
  const shapeOf = { plain: large, nearest: size, linear: size, point: size.map(() => 1) };
  const images = parts.map((kind, k) => waves([2, 2, ...shapeOf[kind]], k));
  const values = images.map((t) => build.value({ dtype: 'f32', shape: t.shape.map(num) }));
  const shown = values.map((v, k) => {
    const kind = parts[k]!;
    if (kind === 'plain') return v;
    if (kind === 'point') return build.emit('upsample', [v], { scale: large, mode: 'nearest' });
    return build.emit('upsample', [v], { scale, mode: kind, align_corners: false });
  });
  const image = shown.length === 1 ? shown[0]! : build.emit('concat', shown, { axis: 1 });
  const weights = { 'y.weight': waves([3, 2 * parts.length, ...kernel], 9), ...(bias && { 'y.bias': waves([3], 4) }) };
  const params = Object.entries(weights).map(([path, t]): Param => {
    const value = build.value({ dtype: 'f32', shape: t.shape.map(num) }, { path, span: nowhere });
    return { ...value, role: 'weight', init: { kind: 'constant', value: 0 } };
  });
  const attrs = { channels: 3, kernel, stride: 1, padding, dilation: 1, groups: 1, bias };
  const sum = build.emit('conv', [image, ...params], attrs);
  const y = activation ? build.emit(activation, [sum]) : sum;
  const inputs = values.map((value, k) => ({ name: `x${k}`, value }));
  const feeds = new Map([...images.map((t, k) => [`x${k}`, t] as const), ...Object.entries(weights)]);
  return { graph: { inputs, params, nodes: build.nodes, outputs: [{ name: 'y', value: y }] }, feeds };
}
