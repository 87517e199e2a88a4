import { load, type Network, type Recipe, type TrainingPlan } from '../../compiler/index.js';
import { optimizerOf } from '../../compiler/recipe.js';
import type { TrainingState, Weights } from '../../runtime/engines/engine.js';
import { flat, inSlots, type RecordedNetwork } from './recorded.js';

export function loaded(text: string): { readonly network: Network; readonly recipe: Recipe } {
  const { network, recipe, diagnostics } = load(text);
  if (!network) throw new Error(diagnostics.map((d) => d.message).join('\n'));
  return { network, recipe };
}

/** With momentum and an empty slot, the slot after one step is the gradient itself. */
export const bareGradient = (recipe: Recipe): Recipe => ({
  ...recipe,
  clip: undefined,
  optimizer: optimizerOf('sgd', { lr: recipe.optimizer.lr }),
});

export const emptySlots = (plan: TrainingPlan): Record<string, Float32Array> =>
  Object.fromEntries(plan.slots.map((name) => [name, new Float32Array(plan.parameters.length)]));

/** The recorded weights, and statistics as they are before any step. */
export function startOf(plan: TrainingPlan, recorded: RecordedNetwork): TrainingState {
  const statistics = new Float32Array(plan.statistics.length);
  for (const { offset, length, init } of plan.statistics.slots) {
    statistics.fill(init.kind === 'constant' ? init.value : Number.NaN, offset, offset + length);
  }
  return { parameters: flat(inSlots(plan.parameters.slots, recorded.weights)), statistics, slots: emptySlots(plan) };
}

/** The recorded weights and the statistics after one step, by our paths. */
export function weightsOf(network: Pick<Network, 'graph'>, recorded: RecordedNetwork): Weights {
  return new Map(
    (['weight', 'statistic'] as const).flatMap((role) => {
      const params = network.graph.params.filter((p) => p.role === role);
      const slots = params.map((p) => ({ path: p.origin.path, shape: p.type.shape.map((d) => d.offset) }));
      const tensors = inSlots(slots, role === 'weight' ? recorded.weights : recorded.statistics);
      return tensors.map((t, k) => [slots[k]!.path, t] as const);
    }),
  );
}
