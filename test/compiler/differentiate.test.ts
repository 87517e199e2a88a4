import { expect, it } from 'vitest';
import { describeRules, sizeRules } from '../../compiler/2-infer/sizes.js';
import { specialize } from '../../compiler/2-infer/specialize.js';
import { prune } from '../../compiler/3-transform/prune.js';
import { simplify } from '../../compiler/3-transform/simplify.js';
import { trainingPlan } from '../../compiler/3-transform/train/index.js';
import { countMacs, countParameters } from '../../compiler/4-schedule/cost.js';
import { executionPlan } from '../../compiler/4-schedule/index.js';
import { verifyGraph } from '../../compiler/ir/verify.js';
import { defaultRecipe } from '../../compiler/recipe.js';
import { nestedNetwork } from './handmade.js';

it('plans the training step of a nested network in few nodes', () => {
  const network = nestedNetwork([16, 32, 64, 128, 256]);
  const plan = trainingPlan(network, defaultRecipe, { batch: 4, size: [128, 128] });
  expect(verifyGraph(plan.graph)).toBeNull();
  expect(plan.graph.params).toHaveLength(0);
  expect(plan.graph.outputs.map((o) => o.name)).toEqual([
    'loss',
    'head_losses',
    'gradient_norm',
    'parameters_next',
    'm_next',
    'v_next',
    'statistics_next',
  ]);
  const flat = plan.graph.outputs.find((o) => o.name === 'parameters_next');
  expect(flat?.value.type.shape.map((d) => d.offset)).toEqual([plan.parameters.length]);
  expect(plan.graph.nodes.length).toBeLessThan(1000);
  const execution = executionPlan(plan.graph);
  expect(execution.arenaBytes).toBeGreaterThanOrEqual(execution.peakBytes);
  expect(execution.arenaBytes).toBeLessThan(1.2 * execution.peakBytes);
});

it('prunes and counts as the literature does', () => {
  const network = nestedNetwork([32, 64, 128, 256, 512]);
  expect(describeRules(sizeRules(network))).toBe('H and W: multiples of 16');
  const bound = specialize(network, { N: 1, H: 256, W: 256 });
  const macs = network.levels.map((level) => countMacs(prune(bound, { level, mode: 'fast' })) / 1e9);
  expect(macs.map((m) => m.toFixed(1))).toEqual(['4.0', '10.3', '20.3', '34.5']);
  const parameters = network.levels.map((level) => countParameters(prune(network, { level, mode: 'fast' })));
  expect(parameters).toEqual([103_041, 519_105, 2_236_161, 9_163_329]);
  expect(countParameters(prune(network))).toBe(9_163_428);
  const single = simplify(prune(network, { level: 1, mode: 'accurate' }));
  expect(single.nodes.at(-1)?.op).toBe('sigmoid');
});
