import type { Attrs } from '../../compiler/ir/graph.js';
import { resolveScale } from '../../compiler/ops/upsample.js';
import { type Float64Tensor, forEachIndex, planesOf, stridesOf, zeros } from './tensor.js';

/** Which input an output takes, and with what weight. */
type Blend = readonly { readonly from: number; readonly weight: number }[];

/** The blend of output `i` along one dimension that grows from `size` by `scale` (PyTorch's F.interpolate). */
function blend(i: number, size: number, scale: number, attrs: Attrs): Blend {
  if ((attrs.mode ?? 'nearest') === 'nearest') return [{ from: Math.floor(i / scale), weight: 1 }];
  const out = size * scale;
  const aligned = out > 1 ? (i * (size - 1)) / (out - 1) : 0;
  const position = attrs.align_corners ? aligned : Math.max((i + 0.5) / scale - 0.5, 0);
  const low = Math.min(Math.floor(position), size - 1);
  const high = Math.min(low + 1, size - 1);
  return [
    { from: low, weight: 1 - (position - low) },
    { from: high, weight: position - low },
  ];
}

/** Visits (input, output, weight) of a plane of sizes `space`. */
function forEachBlend(
  attrs: Attrs,
  space: readonly number[],
  visit: (input: number, output: number, weight: number) => void,
): void {
  const scale = resolveScale(attrs, space.length);
  const strides = stridesOf(space);
  const grown = space.map((size, i) => size * scale[i]!);
  forEachIndex(grown, (index, output) => {
    let blends: Blend = [{ from: 0, weight: 1 }];
    for (const [dim, i] of index.entries()) {
      const along = blend(i, space[dim]!, scale[dim]!, attrs);
      blends = blends.flatMap((a) =>
        along.map((b) => ({ from: a.from + b.from * strides[dim]!, weight: a.weight * b.weight })),
      );
    }
    for (const { from, weight } of blends) visit(from, output, weight);
  });
}

export function upsample(attrs: Attrs, x: Float64Tensor): Float64Tensor {
  const { batch, channels, space, area } = planesOf(x.shape);
  const scale = resolveScale(attrs, space.length);
  const y = zeros([batch, channels, ...space.map((size, i) => size * scale[i]!)]);
  const outArea = planesOf(y.shape).area;
  forEachBlend(attrs, space, (input, output, weight) => {
    for (let p = 0; p < batch * channels; p++) y.data[p * outArea + output]! += weight * x.data[p * area + input]!;
  });
  return y;
}

export function upsampleGrad(attrs: Attrs, dy: Float64Tensor, shape: readonly number[]): Float64Tensor {
  const { batch, channels, space, area } = planesOf(shape);
  const outArea = planesOf(dy.shape).area;
  const dx = zeros(shape);
  forEachBlend(attrs, space, (input, output, weight) => {
    for (let p = 0; p < batch * channels; p++) dx.data[p * area + input]! += weight * dy.data[p * outArea + output]!;
  });
  return dx;
}
