// What plans need, without running anything.
import { deploy, executionPlan, specializeGraph, trainingPlan } from '../../dist/compiler/index.js';
import { lowerBound } from './bound.mjs';
import { loadPreset } from './networks.mjs';

/**
 * Rows for prediction (the deepest level, its first mode, one image) and training (`batch` images) of presets, in bytes: `written`, `peak`
 * (planned), `bound` (of every possible order), `arena`.
 */
export const plans = (names, edge, batch) =>
  names.flatMap((name) => {
    const { network, recipe, size, sizes } = loadPreset(name, edge, batch);
    return [
      { use: 'predict', graph: specializeGraph(deploy(network, {}), { ...sizes, N: 1 }) },
      { use: 'train', graph: trainingPlan(network, recipe, { batch, size }).graph },
    ].map(({ use, graph }) => {
      const { writtenPeakBytes: written, peakBytes: peak, arenaBytes: arena } = executionPlan(graph);
      return { name, use, size, written, peak, bound: lowerBound(graph), arena };
    });
  });
