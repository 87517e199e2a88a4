import { stat } from 'node:fs/promises';
import type { Weights } from '../../compiler/tensor.js';
import { loadCheckpoint, weightsOf } from './checkpoint.js';
import { type RunRecord, readRecord, runWeights } from './run-folder.js';

export interface WeightsSource {
  readonly path: string;
  /** Null for a plain weights file. */
  readonly run: RunRecord | null;
  readonly weights: Weights;
}

/**
 * Reads weights: a run's folder (its best ones) or a safetensors file.
 * @throws UserError if it is neither, or damaged
 */
export async function readWeights(path: string): Promise<WeightsSource> {
  const isFolder = await stat(path).then(
    (s) => s.isDirectory(),
    () => false,
  );
  if (!isFolder) return { path, run: null, weights: weightsOf(await loadCheckpoint(path)) };
  return { path, run: await readRecord(path), weights: await runWeights(path) };
}
