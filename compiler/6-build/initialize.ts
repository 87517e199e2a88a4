import type { ArenaSlot, TrainingPlan } from '../3-transform/training-plan.js';
import { knownShape } from '../ir/dim.js';
import type { Param } from '../ir/graph.js';
import { stream } from '../random.js';
import type { Tensor, TrainingState, Weights } from '../tensor.js';

/**
 * The state before the first step. Every weight draws from a stream of its own, named by its path, so that a weight
 * starts the same whatever else the network holds: L2 of a grid starts as the full grid's L2 does.
 */
export function initialState(plan: TrainingPlan, seed: number): TrainingState {
  return {
    parameters: filled(plan.parameters.length, plan.parameters.slots, seed),
    statistics: filled(plan.statistics.length, plan.statistics.slots, seed),
    slots: Object.fromEntries(plan.slots.map((name) => [name, new Float32Array(plan.parameters.length)])),
  };
}

/** Initial weights and statistics of a graph by path, the same numbers as `initialState` gives them. */
export function initialWeights(params: readonly Param[], seed: number): Weights {
  return new Map(
    params.map((p): [string, Tensor] => {
      const shape = knownShape(p.type.shape);
      const data = new Float32Array(shape.reduce((n, d) => n * d, 1));
      fill(data, { path: p.origin.path, init: p.init }, seed);
      return [p.origin.path, { data, shape }];
    }),
  );
}

function filled(length: number, slots: readonly ArenaSlot[], seed: number): Float32Array {
  const arena = new Float32Array(length);
  for (const slot of slots) fill(arena.subarray(slot.offset, slot.offset + slot.length), slot, seed);
  return arena;
}

/** `he_normal`: N(0, sqrt(2 / fanIn)) redrawn beyond two deviations (He et al., 2015, eq. 10; the cut as in Keras). */
function fill(into: Float32Array, { path, init }: Pick<ArenaSlot, 'path' | 'init'>, seed: number): void {
  if (init.kind === 'constant') {
    into.fill(init.value);
    return;
  }
  const random = stream(seed, 'initialize', path);
  const deviation = Math.sqrt(2 / init.fanIn);
  for (let k = 0; k < into.length; k++) into[k] = deviation * random.truncatedNormal(2);
}
