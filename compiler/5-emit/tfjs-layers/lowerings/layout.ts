import { isNumber, known } from '../../../ir/dim.js';
import type { Value } from '../../../ir/graph.js';
import type { CantSay, LoweringContext } from '../lowering.js';
import { cantSay } from '../lowering.js';

/** Configuration of every layer with spatial dimensions. */
export const channelsLast = { data_format: 'channels_last' } as const;

/**
 * Layers of two dimensions for data of one: [N, W, C] as [N, W, 1, C]. TensorFlow.js has padding, cropping,
 * upsampling, transposed and depthwise convolution in two dimensions only.
 */
export const lifted = (to: LoweringContext, x: string, channels: number, part = 'lift'): string =>
  to.helper(part, 'Reshape', [x], { target_shape: [-1, 1, channels] });

/** The configuration of the layer that undoes `lifted`; `size` as in `layerShape`, without which other layers take it for open. */
export const lowered = (size: number, channels: number) => ({ target_shape: [size, channels] });

/** [N, D, H, W, C] as [N, D H, W, C], for layers that see no further than a channel: only where the sizes are numbers. */
export function flattened(to: LoweringContext, x: string, space: readonly number[], part = 'flatten'): string {
  const [depth = 1, height = 1, width = 1] = space;
  return to.helper(part, 'Reshape', [x], { target_shape: [depth * height, width, to.channels()] });
}

/** The shape of a value as a layer has it, without the batch: channels last, -1 for a size that is open. */
export function layerShape(value: Value): number[] {
  const [, channels, ...space] = value.type.shape.map((d) => (isNumber(d) ? known(d) : -1));
  return [...space, channels as number];
}

/** Zeros around [N, ...space, channels]; `last`: whether the result is the node's own, or a helper's. */
export function padded(
  to: LoweringContext,
  x: string,
  { begin, end }: { readonly begin: readonly number[]; readonly end: readonly number[] },
  { channels, last }: { readonly channels: number; readonly last: boolean },
): string | CantSay {
  if (begin.length === 3) {
    return cantSay('TensorFlow.js has no layer that pads in three dimensions', 'use padding: same, or valid');
  }
  const own = last ? to.layer.bind(to) : to.helper.bind(to, 'pad');
  if (begin.length === 2) {
    return own('ZeroPadding2D', [x], {
      padding: [
        [begin[0] as number, end[0] as number],
        [begin[1] as number, end[1] as number],
      ],
      ...channelsLast,
    });
  }
  const [before, after] = [begin[0] as number, end[0] as number];
  const zeros = to.helper('zeros', 'ZeroPadding2D', [lifted(to, x, channels, 'pad.lift')], {
    padding: [
      [before, after],
      [0, 0],
    ],
    ...channelsLast,
  });
  const size = to.fixedSpace()?.[0];
  return own('Reshape', [zeros], lowered(size === undefined ? -1 : before + size + after, channels));
}

/** The inner part of [N, ...space, channels], `begin` and `end` cut off, which is the node's output. */
export function cropped(
  to: LoweringContext,
  x: string,
  { begin, end }: { readonly begin: readonly number[]; readonly end: readonly number[] },
  { channels, last }: { readonly channels: number; readonly last: boolean },
): string | CantSay {
  if (begin.length === 3) return cantSay('TensorFlow.js has no layer that crops in three dimensions');
  const own = last ? to.layer.bind(to) : to.helper.bind(to, 'crop');
  const sides = begin.map((n, k) => [n, end[k] as number]);
  if (begin.length === 1) {
    const cropping = [...sides, [0, 0]];
    const image = lifted(to, x, channels, 'crop.lift');
    const inner = to.helper('inner', 'Cropping2D', [image], { cropping, ...channelsLast });
    return own('Reshape', [inner], { target_shape: layerShape(to.output) });
  }
  const config = { cropping: sides, ...channelsLast };
  if (to.fixedSpace(to.output)) return own('Cropping2D', [x], config);
  const inner = to.helper('inner', 'Cropping2D', [x], config);
  // Cropping2D takes an open size for 0 and says it is negative then; padding by nothing says again that it is open,
  // without which Concatenate refuses its inputs.
  const nothing = [0, 0];
  return own('ZeroPadding2D', [inner], { padding: [nothing, nothing], ...channelsLast });
}
