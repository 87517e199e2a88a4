import type { Network } from '../../ir/graph.js';
import type { Recipe } from '../../recipe.js';
import type { TrainingPlan } from '../training-plan.js';
import { differentiate } from './differentiate.js';
import { flatStep } from './flat-step.js';

/**
 * Plans a whole training step: forward with batch statistics and dropout, every head's loss, backward, gradient clipping, optimizer, running
 * statistics; one graph, every shape a number.
 *
 * @param size one number for each spatial dimension; must be valid for the network (`sizeRules`).
 */
export const trainingPlan = (
  network: Network,
  recipe: Recipe,
  options: { readonly batch: number; readonly size: readonly number[] },
): TrainingPlan => flatStep(differentiate(network, recipe, options), recipe);
