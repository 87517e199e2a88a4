import { stat } from 'node:fs/promises';
import type { Param } from '../../compiler/index.js';
import { knownShape } from '../../compiler/index.js';
import type { Weights } from '../../runtime/engines/engine.js';
import { loadCheckpoint, weightsOf } from '../../runtime/run/checkpoint.js';
import { type RunRecord, readRecord, runWeights } from '../../runtime/run/run-folder.js';
import { UserError } from '../../runtime/support/user-error.js';

export interface WeightsSource {
  readonly path: string;
  /** Null for a plain weights file. */
  readonly run: RunRecord | null;
  readonly weights: Weights;
}

/** Reads `--weights`: a run's folder (its best weights) or a safetensors file. */
export async function readWeights(path: string): Promise<WeightsSource> {
  const isFolder = await stat(path).then(
    (s) => s.isDirectory(),
    () => false,
  );
  if (!isFolder) return { path, run: null, weights: weightsOf(await loadCheckpoint(path)) };
  return { path, run: await readRecord(path), weights: await runWeights(path) };
}

/** Throws a `UserError` unless every parameter has its weights, in its shape. More is fine: a pruned network needs less. */
export function requireWeights(params: readonly Param[], { path, weights }: WeightsSource): void {
  for (const param of params) {
    const shape = knownShape(param.type.shape);
    const found = weights.get(param.origin.path);
    if (found && found.shape.length === shape.length && found.shape.every((n, k) => n === shape[k])) continue;
    const hint = 'use the spec, and the --set values, it was trained with';
    const needs = `[${shape.join(', ')}]`;
    throw found
      ? new UserError(
          'weights-shape',
          `${path}: ${param.origin.path} is [${found.shape.join(', ')}], but this network needs ${needs}`,
          hint,
        )
      : new UserError(
          'weights-missing',
          `${path} has no ${param.origin.path} ${needs}, which this network needs`,
          hint,
        );
  }
}
