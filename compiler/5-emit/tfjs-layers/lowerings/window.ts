import type { Window } from '../../../ops/spatial.js';

/** Configuration of a layer's windows. */
export interface Placement {
  readonly padding: 'same' | 'valid';
  /** Zeros to put around first; null where there are none. */
  readonly zeros: { readonly begin: readonly number[]; readonly end: readonly number[] } | null;
}

/** TensorFlow's `same` for sizes that the stride divides: `max(reach - stride, 0)` in all, the smaller half before. */
function samePadding(reach: number, stride: number): readonly [begin: number, end: number] {
  const total = Math.max(reach - stride, 0);
  const begin = Math.floor(total / 2);
  return [begin, total - begin];
}

/** Windows beyond those that start within a size that the stride divides: `size / stride + surplus` in all. */
function surplus({ kernel, stride, dilation, begin, end }: Window, i: number): number {
  const reach = (dilation[i] as number) * ((kernel[i] as number) - 1) + 1;
  return Math.floor(((begin[i] as number) + (end[i] as number) - reach) / (stride[i] as number)) + 1;
}

/** Whether a size comes out as `size / stride`. */
export const keepsSize = (window: Window): boolean => window.kernel.every((_, i) => surplus(window, i) === 0);

/**
 * The padding of a window as layers take it. With a stride, `same` of a spec (from PyTorch) and of TensorFlow put
 * the windows at different places, so `same` is said only where they agree, and zeros are put around otherwise. Sizes
 * are those that the stride divides; what no window reaches of the padding at the end is left out.
 */
export function placement(window: Window): Placement {
  const dims = window.kernel.map((k, i) => {
    const [s, b] = [window.stride[i] as number, window.begin[i] as number];
    const reach = (window.dilation[i] as number) * (k - 1) + 1;
    const extra = surplus(window, i);
    const after = Math.max(0, (extra - 1) * s + reach - b);
    const [sameBegin, sameEnd] = samePadding(reach, s);
    return { b, after, same: extra === 0 && b === sameBegin && after === sameEnd };
  });
  if (dims.every(({ b, after }) => b === 0 && after === 0)) return { padding: 'valid', zeros: null };
  if (dims.every(({ same }) => same)) return { padding: 'same', zeros: null };
  return { padding: 'valid', zeros: { begin: dims.map((d) => d.b), end: dims.map((d) => d.after) } };
}
