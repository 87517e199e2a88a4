import { listAttr, numberAttr } from '../../../ops/attrs.js';
import { resolveWindow, type Window } from '../../../ops/spatial.js';
import { indices, product } from '../../shared.js';
import type { Lowering, LoweringContext } from '../lowering.js';
import { byExchange, exchange } from './filter-grad-conv.js';
import { arrangement, byFlatShifts, canShift } from './filter-grad-shifts.js';

/** (x, dy) -> dw, the sum over images and positions of dy[o] * x[c, shifted by the tap]. */
export const convFilterGrad: Lowering = (to) => {
  const shape = listAttr(to.attrs, 'shape');
  const window = resolveWindow(to.attrs, shape.length - 2);
  const groups = numberAttr(to.attrs, 'groups', 1);
  // A filter as large as an image is nothing that a GPU's convolution is made for.
  const best = groups === 1 && to.model.device === 'cpu' ? exchange(to.shape(0), to.shape(1), window) : null;
  if (best) return byExchange(to, shape, window, best);
  if (groups > 1 || !canShift(window)) return bySlices(to, shape, window, groups);
  return byFlatShifts(to, shape, window, arrangement(to.shape(0), shape[0] as number, window.kernel));
};

/**
 * Any stride, dilation and groups: a strided slice of padded x for each tap, stacked, times dy.
 * [N, G, O, L] x [N, G, L, C K] with G groups, K taps, L positions.
 */
export function bySlices(to: LoweringContext, shape: readonly number[], window: Window, groups: number): string {
  const { model } = to;
  const [n, channels] = to.shape(0) as [number, number];
  const [, outChannels, ...out] = to.shape(1) as [number, number, ...number[]];
  const positions = product(out);
  const taps = product(window.kernel);
  const parts = patches(to, window, out).map((part) =>
    model.node('Reshape', [part, model.ints([n, channels, 1, positions])]),
  );
  const columns = parts.length === 1 ? (parts[0] as string) : model.node('Concat', parts, { axis: 2 });
  const right = model.node('Reshape', [columns, model.ints([n, groups, (channels / groups) * taps, positions])]);
  const left = model.node('Reshape', [to.input(1), model.ints([n, groups, outChannels / groups, positions])]);
  const each = model.node('MatMul', [left, model.node('Transpose', [right], { perm: [0, 1, 3, 2] })]);
  const sum = n === 1 ? each : model.node('ReduceSum', [each, model.ints([0])], { keepdims: 0 });
  return model.node('Reshape', [sum, model.ints(shape)]);
}

/** For each tap, row-major, the element of x that it reads at each output position: [N, C, ...out]. */
function patches(to: LoweringContext, window: Window, out: readonly number[]): string[] {
  const { model } = to;
  const { kernel, stride, dilation, begin } = window;
  const space = to.shape(0).slice(2);
  const axes = model.ints(kernel.map((_, i) => i + 2));
  const extent = out.map((o, i) => (stride[i] as number) * (o - 1) + 1);
  const after = extent.map((e, i) => {
    const last = e + (dilation[i] as number) * ((kernel[i] as number) - 1);
    return Math.max(0, last - (space[i] as number) - (begin[i] as number));
  });
  const padded = [...begin, ...after].some((p) => p > 0)
    ? model.node('Pad', [to.input(0), model.ints([0, 0, ...begin, 0, 0, ...after])])
    : to.input(0);
  return indices(kernel).map((tap) => {
    const start = tap.map((t, i) => t * (dilation[i] as number));
    const end = start.map((s, i) => s + (extent[i] as number));
    return model.node('Slice', [padded, model.ints(start), model.ints(end), axes, model.ints(stride)]);
  });
}
