import type { WeightArrays } from '../3-transform/fold.js';
import { knownShape } from '../ir/dim.js';
import type { Param } from '../ir/graph.js';
import type { Weights } from '../tensor.js';
import { UserError } from '../user-error.js';
import { initialWeights } from './initialize.js';

interface Given {
  readonly weights?: Weights;
  readonly weightsName?: string;
  readonly seed?: number;
}

/**
 * The weights of a graph's parameters: those given, or the initial ones of a seed.
 * @throws UserError unless every parameter has its weights, in its shape
 */
export function weightArrays(params: readonly Param[], { weights, weightsName, seed = 0 }: Given): WeightArrays {
  if (weights) requireWeights(params, weights, weightsName);
  const all = weights ?? initialWeights(params, seed);
  return new Map(params.map(({ origin: { path } }) => [path, (all.get(path) as { data: Float32Array }).data]));
}

/** What is said of where weights come from. */
export const weightsText = ({ weights, weightsName, seed = 0 }: Given): string =>
  weights ? `weights of ${weightsName ?? 'the caller'}` : `initial weights of seed ${seed} (untrained: give --weights)`;

/**
 * @param name what messages call the weights
 * @throws UserError unless every parameter has its weights, in its shape. More is fine: a pruned network needs less.
 */
export function requireWeights(params: readonly Param[], weights: Weights, name = 'the weights given'): void {
  for (const param of params) {
    const shape = knownShape(param.type.shape);
    const found = weights.get(param.origin.path);
    if (found && found.shape.length === shape.length && found.shape.every((n, k) => n === shape[k])) continue;
    const hint = 'use the spec, and the --set values, it was trained with';
    const needs = `[${shape.join(', ')}]`;
    throw found
      ? new UserError(
          'weights-shape',
          `${name}: ${param.origin.path} is [${found.shape.join(', ')}], but this network needs ${needs}`,
          hint,
        )
      : new UserError(
          'weights-missing',
          `${name} has no ${param.origin.path} ${needs}, which this network needs`,
          hint,
        );
  }
}
