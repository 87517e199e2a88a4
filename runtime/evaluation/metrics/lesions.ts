import { type Connectivity, components } from './components.js';
import type { Region } from './grid.js';

/** Components found and missed. */
export interface LesionCounts {
  /** Components of the truth that a predicted place lies in. */
  readonly tp: number;
  /** Predicted components that no true place lies in. */
  readonly fp: number;
  /** Components of the truth that no predicted place lies in. */
  readonly fn: number;
}

/**
 * Lesions found: components of the truth and of the prediction, matched by one common place (ISLES'22, Hernandez Petzsche et al.,
 * Scientific Data 2022, with 26-connected components).
 */
export function lesionCounts(
  predicted: Region,
  truth: Region,
  shape: readonly number[],
  connectivity: Connectivity = 'full',
): LesionCounts {
  const found = components(predicted, shape, connectivity);
  const real = components(truth, shape, connectivity);
  const hit = new Uint8Array(real.count + 1);
  const right = new Uint8Array(found.count + 1);
  for (let k = 0; k < predicted.length; k++) {
    const p = found.labels[k] as number;
    const t = real.labels[k] as number;
    if (p === 0 || t === 0) continue;
    hit[t] = 1;
    right[p] = 1;
  }
  const sum = (flags: Uint8Array): number => flags.reduce((n, v) => n + v, 0);
  const tp = sum(hit);
  return { tp, fp: found.count - sum(right), fn: real.count - tp };
}

/** 2 tp / (2 tp + fp + fn); NaN without any lesion in either. */
export const lesionF1 = ({ tp, fp, fn }: LesionCounts): number => (2 * tp) / (2 * tp + fp + fn);
