import type { Window } from '../../../ops/spatial.js';
import { product } from '../../shared.js';
import type { LoweringContext } from '../lowering.js';
import type { ModelBuilder } from '../model-builder.js';
import { windowAttributes } from './window.js';

/*
 * Convolutions in ONNX Runtime's blocked layout, [N, C / block, H, W, block]: its direct kernels for that are 1.1 to 2 times as fast as those
 * for plain images, which gather columns first. Its optimizer turns to them by itself, but only for weights that are constants; in training they
 * change with every step. So a step names those operators (domain com.microsoft.nchwc) and brings the weights into their order
 * itself. Only for an engine that has been found to have them (runtime/engines/onnxruntime/blocks.ts).
 */
const domain = 'com.microsoft.nchwc';

/**
 * Positions from which on it pays: to reorder a weight costs about 5 ns, and each position that it is multiplied with saves about 6 ps
 * (bench/onnx-lowerings.mjs --only conv).
 */
const fewest = 2048;

/** A convolution with its sizes; its filters are [filters, channels, ...kernel] or what stands for them. */
export interface BlockedConv {
  readonly channels: number;
  readonly filters: number;
  readonly window: Window;
  readonly groups: number;
  /** Elements of a channel of what comes out, over all images. */
  readonly positions: number;
}

/** Whether a convolution can be blocked, and is worth it. */
export function pays({ block }: ModelBuilder, { channels, filters, window, groups, positions }: BlockedConv): boolean {
  if (block === 0 || window.kernel.length !== 2 || groups !== 1 || product(window.kernel) === 1) return false;
  return filters % block === 0 && (channels < block || channels % block === 0) && positions >= fewest;
}

/** An image in blocks; once for all who ask. Fewer channels than a block stay as they are, which is how the kernels want them. */
export function blocked(model: ModelBuilder, image: string, channels: number): string {
  if (channels < model.block) return image;
  const key = `blocked ${image}`;
  const known = model.shared.get(key);
  if (known !== undefined) return known;
  const made = model.foreign(domain, 'ReorderInput', [image]);
  model.shared.set(key, made);
  return made;
}

/** A blocked image as it is elsewhere. */
export const plain = (model: ModelBuilder, image: string, channels: number): string =>
  model.foreign(domain, 'ReorderOutput', [image], { channels });

/** The convolution, from and to plain images; `weights` as the kernels have them. */
export function convolved(
  { model }: LoweringContext,
  image: string,
  weights: string,
  { channels, filters, window }: BlockedConv,
  bias: readonly string[] = [],
): string {
  return plain(model, blockedWhole(model, blocked(model, image, channels), weights, window, bias), filters);
}

/** The convolution, from and to blocked images. */
export const blockedWhole = (
  model: ModelBuilder,
  image: string,
  weights: string,
  window: Window,
  bias: readonly string[],
): string => model.foreign(domain, 'Conv', [image, weights, ...bias], { ...windowAttributes(window), group: 1 });

/** Filters [O, C, ...kernel] in blocks: [O / block, C / block, taps, block of C, block of O], or [O / block, C, taps, block of O]. */
export function blockedFilters(to: LoweringContext, k: number): string {
  const { model } = to;
  const { block } = model;
  const [filters, channels, ...kernel] = to.shape(k) as [number, number, ...number[]];
  const taps = product(kernel);
  const whole = model.ints([filters, channels, ...kernel]);
  const wide = channels >= block;
  const split = wide
    ? [filters / block, block, channels / block, block, taps]
    : [filters / block, block, channels, taps];
  const listed = model.node('Reshape', [to.input(k), model.ints(split)]);
  const ordered = model.node('Transpose', [listed], { perm: wide ? [0, 2, 4, 3, 1] : [0, 2, 3, 1] });
  return model.node('Reshape', [ordered, whole]);
}

/**
 * The same for the input gradient, whose filters are the forward ones backwards with channels exchanged: of [O, C, ...kernel],
 * [C / block, O / block, taps, block of O, block of C], or [C / block, O, taps, block of C].
 */
export function blockedBackwards(to: LoweringContext, k: number): string {
  const { model } = to;
  const { block } = model;
  const [outChannels, channels, ...kernel] = to.shape(k) as [number, number, ...number[]];
  const taps = product(kernel);
  const wide = outChannels >= block;
  const outer = wide ? outChannels / block : outChannels;
  const split = wide ? [outer, block, channels / block, block, taps] : [outer, channels / block, block, taps];
  const listed = model.node('Reshape', [to.input(k), model.ints(split)]);
  const ordered = model.node('Transpose', [listed], { perm: wide ? [2, 0, 4, 1, 3] : [1, 0, 3, 2] });
  const rows = model.node('Reshape', [ordered, model.ints([(channels / block) * outer, taps, -1])]);
  const order = model.ints(Array.from({ length: taps }, (_, t) => taps - 1 - t));
  const turned = model.node('Gather', [rows, order], { axis: 1 });
  return model.node('Reshape', [turned, model.ints([channels, outChannels, ...kernel])]);
}
