import { GraphBuilder } from '../../ir/builder.js';
import { known, num } from '../../ir/dim.js';
import type { NamedValue, Value } from '../../ir/graph.js';
import { checked } from '../../ir/verify.js';
import { slotNames, updated } from '../../optimizers/index.js';
import type { Recipe } from '../../recipe.js';
import { simplified } from '../simplify.js';
import { type Differentiated, type TrainingPlan, written } from '../training-plan.js';
import { clipFactor, normOf, scalarInput } from './step-parts.js';

/** A training step whose state is one vector of each kind: gradients joined, their norm, clipping, the optimizer over all parameters at once. */
export function flatStep(differentiated: Differentiated, { optimizer, clip }: Recipe): TrainingPlan {
  const { origin, loss, headLosses, gradients, nextStatistics, arenas } = differentiated;
  const { image, target, parameters, statistics, seed } = differentiated.inputs;
  const build = new GraphBuilder(differentiated.nextId, { ...origin, path: 'optimizer' });
  const slots = slotNames(optimizer);
  const vector = (path: string): Value =>
    build.value({ dtype: 'f32', shape: [num(arenas.parameters.length)] }, { ...origin, path });
  const slotInputs = slots.map((name) => ({ name, value: vector(name) }));
  const [lr, step] = [scalarInput('lr', origin, build), scalarInput('step', origin, build)];

  const flat = build.emit('concat', gradients, { axis: 0 });
  const norm = normOf([flat], build);
  const gradient = clip === undefined ? flat : build.emit('mul', [flat, clipFactor(norm, clip, build)]);
  const whole = {
    parameters,
    slots: slotInputs.map((s) => s.value),
    gradient,
    parts: arenas.parameters.slots.map(({ length }, parameter) => ({ parameter, length })),
  };
  const [next] = updated(optimizer, [whole], { lr, step }, build);
  if (!next) throw new Error(`${optimizer.name} gives nothing for its one piece`);

  const outputs: NamedValue[] = [
    { name: 'loss', value: loss },
    { name: 'head_losses', value: headLosses },
    { name: 'gradient_norm', value: norm },
    { name: written('parameters'), value: next.parameters },
    ...slots.map((name, k) => ({ name: written(name), value: next.slots[k] as Value })),
    ...(nextStatistics ? [{ name: written('statistics'), value: nextStatistics }] : []),
  ];
  const inputs = [
    ...Object.entries({ image, target, parameters }).map(([name, value]) => ({ name, value })),
    ...slotInputs,
    ...Object.entries({ statistics, lr, step, seed }).map(([name, value]) => ({ name, value })),
  ];
  const { graph, resolve } = simplified({
    inputs,
    params: [],
    // Nothing waits for the running statistics.
    nodes: [...differentiated.nodes, ...build.nodes, ...differentiated.statisticsNodes],
    outputs,
  });
  const used = new Set(graph.nodes.flatMap((n) => n.inputs.map((v) => v.id)));
  return {
    graph: checked('flat step', { ...graph, inputs: graph.inputs.filter((i) => used.has(i.value.id)) }),
    batch: differentiated.batch,
    imageShape: image.type.shape.map(known),
    targetShape: target.type.shape.map(known),
    parameters: arenas.parameters,
    statistics: arenas.statistics,
    slots,
    heads: differentiated.heads,
    optimizer,
    ...(clip === undefined ? {} : { clip }),
    differentiated: {
      ...differentiated,
      loss: resolve(loss),
      headLosses: resolve(headLosses),
      gradients: gradients.map(resolve),
      nextStatistics: nextStatistics && resolve(nextStatistics),
    },
  };
}
