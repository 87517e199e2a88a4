import { listAttr, numberAttr } from '../../../ops/attrs.js';
import { resolveWindow, type Window } from '../../../ops/spatial.js';
import { type Lowering, type LoweringContext, product } from '../lowering.js';

/** (x, dy) -> dw, the sum over images and positions of dy[o] * x[c, shifted by the tap]. */
export const convFilterGrad: Lowering = (to) => {
  const shape = listAttr(to.attrs, 'shape');
  const window = resolveWindow(to.attrs, shape.length - 2);
  return bySlices(to, shape, window);
};

/**
 * Any stride, dilation and groups: a strided slice of padded x for each tap, stacked, times dy.
 * [N, G, O, L] x [N, G, L, C K] with G groups, K taps, L positions.
 */
function bySlices(to: LoweringContext, shape: readonly number[], window: Window): string {
  const { model } = to;
  const { kernel, stride, dilation, begin } = window;
  const [n, channels, ...space] = to.shape(0) as [number, number, ...number[]];
  const [, outChannels, ...out] = to.shape(1) as [number, number, ...number[]];
  const groups = numberAttr(to.attrs, 'groups', 1);
  const positions = product(out);
  const taps = product(kernel);
  const axes = model.ints(kernel.map((_, i) => i + 2));
  const extent = out.map((o, i) => (stride[i] as number) * (o - 1) + 1);
  const after = extent.map((e, i) =>
    Math.max(
      0,
      e + (dilation[i] as number) * ((kernel[i] as number) - 1) - (space[i] as number) - (begin[i] as number),
    ),
  );
  const padded = [...begin, ...after].some((p) => p > 0)
    ? model.node('Pad', [to.input(0), model.ints([0, 0, ...begin, 0, 0, ...after])])
    : to.input(0);
  const stacked = model.ints([n, channels, 1, positions]);
  const parts = offsets(kernel).map((tap) => {
    const start = tap.map((t, i) => t * (dilation[i] as number));
    const end = start.map((s, i) => s + (extent[i] as number));
    const part = model.node('Slice', [padded, model.ints(start), model.ints(end), axes, model.ints(stride)]);
    return model.node('Reshape', [part, stacked]);
  });
  const columns = parts.length === 1 ? (parts[0] as string) : model.node('Concat', parts, { axis: 2 });
  const right = model.node('Reshape', [columns, model.ints([n, groups, (channels / groups) * taps, positions])]);
  const left = model.node('Reshape', [to.input(1), model.ints([n, groups, outChannels / groups, positions])]);
  const each = model.node('MatMul', [left, model.node('Transpose', [right], { perm: [0, 1, 3, 2] })]);
  const sum = n === 1 ? each : model.node('ReduceSum', [each, model.ints([0])], { keepdims: 0 });
  return model.node('Reshape', [sum, model.ints(shape)]);
}

/** Every index into a box, row-major. */
function offsets(box: readonly number[]): number[][] {
  return box.reduce<number[][]>(
    (heads, size) => heads.flatMap((head) => Array.from({ length: size }, (_, i) => [...head, i])),
    [[]],
  );
}
