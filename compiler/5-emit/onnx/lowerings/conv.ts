import { known } from '../../../ir/dim.js';
import type { Value } from '../../../ir/graph.js';
import { listAttr, numberAttr } from '../../../ops/attrs.js';
import { resolveTransposeWindow, resolveWindow } from '../../../ops/spatial.js';
import { product } from '../../shared.js';
import type { Lowering, LoweringContext } from '../lowering.js';
import { type BlockedConv, blockedBackwards, blockedFilters, convolved, pays } from './blocked.js';
import { byPhases } from './phases.js';
import { windowAttributes } from './window.js';

export const conv: Lowering = (to) => {
  const window = resolveWindow(to.attrs, to.spatialRank());
  const groups = numberAttr(to.attrs, 'groups', 1);
  if (to.model.block > 0) {
    const [filters, channels] = to.shape(1) as [number, number];
    const sizes: BlockedConv = { channels, filters, window, groups, positions: positionsOf(to) };
    if (pays(to.model, sizes)) return convolved(to, to.input(0), blockedFilters(to, 1), sizes, to.inputs.slice(2));
  }
  return to.model.node('Conv', to.inputs, { ...windowAttributes(window), group: groups });
};

/** Elements of a channel of what comes out, over all images. */
const positionsOf = (to: LoweringContext): number => {
  const [n, , ...space] = (to.node.outputs[0] as Value).type.shape.map(known) as [number, number, ...number[]];
  return n * product(space);
};
export const convTranspose: Lowering = (to) => {
  const window = resolveTransposeWindow(to.attrs, to.spatialRank());
  if (to.model.block > 0) {
    const [, , ...out] = (to.node.outputs[0] as Value).type.shape.map(known);
    const written = byPhases(to, out, window);
    if (written !== null) return written;
  }
  return to.model.node('ConvTranspose', to.inputs, windowAttributes(window));
};

/**
 * (dy, w) -> dx. With stride 1 a convolution of dy with the flipped weights, their channels exchanged, which engines run
 * several times faster than a transposed convolution; else that.
 */
export const convInputGrad: Lowering = (to) => {
  const shape = listAttr(to.attrs, 'shape');
  const window = resolveWindow(to.attrs, shape.length - 2);
  const { kernel, stride, dilation, begin, end } = window;
  const group = numberAttr(to.attrs, 'groups', 1);
  const reach = kernel.map((k, i) => (dilation[i] as number) * (k - 1));
  const direct =
    group === 1 &&
    stride.every((s) => s === 1) &&
    reach.every((r, i) => r >= (begin[i] as number) && r >= (end[i] as number));
  if (direct) {
    const backwards = {
      ...window,
      begin: reach.map((r, i) => r - (begin[i] as number)),
      end: reach.map((r, i) => r - (end[i] as number)),
    };
    const [channels, filters] = to.shape(1) as [number, number];
    const sizes: BlockedConv = { channels, filters, window: backwards, groups: 1, positions: positionsOf(to) };
    if (pays(to.model, sizes)) return convolved(to, to.input(0), blockedBackwards(to, 1), sizes);
    return to.model.node('Conv', [to.input(0), flipped(to, kernel)], windowAttributes(backwards));
  }
  const out = to.shape(0).slice(2);
  // What a stride left unread at the end still has a place in dx.
  const unread = out.map((n, i) => {
    const covered = (n - 1) * (stride[i] as number) + (reach[i] as number) + 1;
    return (shape[i + 2] as number) + (begin[i] as number) + (end[i] as number) - covered;
  });
  return to.model.node('ConvTranspose', to.inputs, {
    ...windowAttributes(window),
    group,
    output_padding: unread,
  });
};

/**
 * Weights [O, I, ...kernel] as [I, O, ...kernel] with every kernel read backwards: by a product with the exchange matrix, exact since
 * all but one term is 0. A slice with steps of -1 takes twice as long, element by element.
 */
function flipped(to: LoweringContext, kernel: readonly number[]): string {
  const { model } = to;
  const [outChannels, channels] = to.shape(1) as [number, number];
  const taps = product(kernel);
  const listed = model.node('Reshape', [to.input(1), model.ints([outChannels, channels, taps])]);
  const turned = taps === 1 ? listed : model.node('MatMul', [listed, backwards(to, taps)]);
  const moved = model.node('Transpose', [turned], { perm: [1, 0, 2] });
  return model.node('Reshape', [moved, model.ints([channels, outChannels, ...kernel])]);
}

/** The matrix that reads a row from its end. */
const backwards = ({ model }: LoweringContext, taps: number): string =>
  model.floats(
    Array.from({ length: taps * taps }, (_, k) => Number(Math.floor(k / taps) + (k % taps) === taps - 1)),
    [taps, taps],
  );
