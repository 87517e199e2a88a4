import type { Window } from '../../compiler/ops/spatial.js';
import { forEachIndex, sizeOf, stridesOf } from './tensor.js';

/**
 * Every pair of an input and an output element that a sliding window connects, with the element (tap) of the window
 * between them: `in`, `out` and `tap` are flat indices. Ordered by output, then by tap, row-major.
 * Convolutions, pools and all of their gradients are sums over this list.
 */
export interface Taps {
  readonly in: readonly number[];
  readonly out: readonly number[];
  readonly tap: readonly number[];
}

/** The engines' rounded formula: how often the window fits. */
export const slideSize = (input: readonly number[], w: Window): number[] =>
  input.map((size, i) => {
    const padded = size + w.begin[i]! + w.end[i]!;
    return Math.floor((padded - w.dilation[i]! * (w.kernel[i]! - 1) - 1) / w.stride[i]!) + 1;
  });

export function tapsOf(input: readonly number[], output: readonly number[], w: Window): Taps {
  const taps = { in: [] as number[], out: [] as number[], tap: [] as number[] };
  const strides = stridesOf(input);
  forEachIndex(output, (o, out) => {
    forEachIndex(w.kernel, (k, tap) => {
      let at = 0;
      for (let i = 0; i < input.length; i++) {
        const position = o[i]! * w.stride[i]! + k[i]! * w.dilation[i]! - w.begin[i]!;
        if (position < 0 || position >= input[i]!) return;
        at += position * strides[i]!;
      }
      taps.in.push(at);
      taps.out.push(out);
      taps.tap.push(tap);
    });
  });
  return taps;
}

export const windowArea = (w: Window): number => sizeOf(w.kernel);
