import {
  countMacs,
  type EngineMemory,
  lowerPrecision,
  type Network,
  type Recipe,
  recompute,
  type TrainingPlan,
  trainingPlan,
} from '../../compiler/index.js';
import { UserError } from '../../compiler/user-error.js';
import type { Dataset } from '../../runtime/data/index.js';
import { type Engine, titleOf } from '../../runtime/engines/engine.js';
import { findEngine } from '../../runtime/engines/registry.js';
import { withTrainingSize } from '../../runtime/training/training-size.js';
import { bytes, count, sizeText } from '../render/numbers.js';
import { BatchPlans, batchMemory, bytesWithCopies, parseMemory, runBytes } from './batch-memory.js';

/** What was decided about a run's batch, and why. */
export interface ChosenBatch {
  readonly recipe: Recipe;
  /** To be said before training starts. */
  readonly said: string;
  /** A plan that holds less and computes part twice, where the batch would not fit otherwise. */
  readonly replan?: (plan: TrainingPlan) => TrainingPlan;
}

/**
 * A batch for `train --memory`: the largest whose process is predicted to fit, at most all images; one that was given is kept, and it
 * is said whether it fits. One that does not is made to, if it can be, by computing values twice.
 *
 * @param given who gave the recipe's batch; undefined where it is only the default
 * @throws UserError where not even one image fits, or the engine's memory is not the machine's
 */
export function chooseBatch(
  limitText: string,
  options: {
    readonly network: Network;
    readonly recipe: Recipe;
    readonly dataset: Dataset;
    readonly engine: Engine;
    readonly given: string | undefined;
  },
): ChosenBatch {
  const most = parseMemory(limitText);
  const limit = most - runBytes;
  const { network, dataset, engine, given } = options;
  if (engine.device !== 'cpu') {
    throw new UserError(
      'memory-device',
      `--memory counts what a process takes of the machine's memory, and ${titleOf(engine)} keeps values in its own`,
      'give --batch instead, or --device cpu',
    );
  }
  const { memory } = findEngine(engine.name) ?? {};
  if (!memory) {
    throw new UserError(
      'memory-engine',
      `what ${engine.title} takes of a machine's memory was never measured`,
      'give --batch instead, or use --engine ort',
    );
  }
  const recipe = withTrainingSize(network, options.recipe, dataset);
  const size = recipe.patch ?? recipe.resize ?? [];
  const stepOf = (batch: number) => trainingPlan(network, recipe, { batch, size });
  const slots = stepOf(1).slots.length;
  const plans = new BatchPlans((n) => {
    const { graph } = stepOf(n);
    return engine.precision === 'bf16' ? lowerPrecision(graph) : graph;
  }, slots);
  const found = batchMemory(plans, {
    engine: engine.name,
    memory,
    purpose: 'train',
    batch: given === undefined ? 1 : recipe.batch,
    limit,
  });
  const { largestBatch: largest, fixedBytes, imageBytes } = found;
  const why = `${bytes(fixedBytes + runBytes)} and ${bytes(imageBytes)} for each image of ${sizeText(size)}, in ${titleOf(engine)}`;
  if (given !== undefined) {
    const what = `the batch of ${count(recipe.batch)} that ${given} gives`;
    if (recipe.batch <= largest) {
      return {
        recipe: options.recipe,
        said: `${what} fits ${bytes(most)}: ${bytes(found.processBytes + runBytes)} predicted (${why})`,
      };
    }
    const fits = largest === 0 ? 'not even one image does' : `the largest that does is ${count(largest)}`;
    const over = `${what} does not fit ${bytes(most)}, ${fits}: ${bytes(found.processBytes + runBytes)} predicted (${why})`;
    const less = computingTwice(stepOf(recipe.batch), engine, memory, limit);
    if (typeof less === 'string') return { recipe: options.recipe, said: `warning: ${over}; ${less}` };
    return { recipe: options.recipe, said: `${over}; ${less.said}`, replan: () => less.plan };
  }
  if (largest === 0) {
    throw new UserError(
      'memory-too-small',
      `one image does not fit ${bytes(most)}: ${why}`,
      'give more --memory, or train on smaller images, with --patch or --resize',
    );
  }
  const batch = Math.min(largest, dataset.names.length);
  const bound = batch < largest ? `all images there are; ${count(largest)} would fit` : 'the largest that fits';
  return {
    recipe: { ...options.recipe, batch },
    said: `batch ${count(batch)}, ${bound} ${bytes(most)} (${why})`,
  };
}

/** A plan that fits by computing part of its forward pass twice, and what that costs; or why there is none. */
function computingTwice(
  plan: TrainingPlan,
  { name, precision }: Engine,
  memory: EngineMemory,
  limit: number,
): { readonly plan: TrainingPlan; readonly said: string } | string {
  if (!findEngine(name)?.recomputes)
    return 'computing values twice would spare memory in TensorFlow alone (--engine tensorflow)';
  if (precision !== 'fp32') return 'values are computed twice in fp32 alone (--precision fp32)';
  const slots = plan.slots.length;
  const found = recompute(plan.graph, (graph) => bytesWithCopies(graph, slots, memory) <= limit);
  if (!found) return 'nor would it if values were computed twice';
  const extra = (100 * found.extraMacs) / countMacs(plan.graph);
  return {
    plan: { ...plan, graph: found.graph },
    said: `so ${count(found.nodes)} values are computed twice, for ${extra.toFixed(1)} % more multiplications, and ${bytes(bytesWithCopies(found.graph, slots, memory) + runBytes)} are predicted`,
  };
}
