import { emitOnnx } from '../../compiler/5-emit/onnx/index.js';
import { emitTraining, encodeSavedModel } from '../../compiler/5-emit/tensorflow/index.js';
import { countMacs, trainingPlan } from '../../compiler/index.js';
import { specHash } from '../../runtime/run/run-folder.js';
import { version } from '../../runtime/support/version.js';
import { UsageError } from '../errors.js';
import { chooseSize } from '../flags/sizes.js';
import type { GoodSpec } from '../flags/spec.js';
import type { ModelInput } from './model.js';
import { type BuildOptions, type Built, type StepTarget, savedModelFolder } from './targets.js';

/** A whole training step of the whole network. */
export function buildStep(
  spec: GoodSpec,
  options: BuildOptions,
  { size, batch }: Pick<ModelInput, 'size' | 'batch'>,
  target: StepTarget,
): Built {
  const { network, recipe } = spec;
  for (const flag of ['prune', 'mode', 'weights'] as const) {
    if (options[flag] === undefined) continue;
    throw new UsageError(
      `--${flag} has no meaning for --target ${target}`,
      'the training step is the whole network, and its state comes in later',
    );
  }
  const chosen = chooseSize(network, { size, recipe: spec.hasTrain ? recipe : undefined });
  const plan = trainingPlan(network, recipe, { batch: batch ?? recipe.batch, size: [...chosen.size] });
  const metadata = {
    'unetc.version': version(),
    'unetc.spec': specHash(spec.text, spec.imports),
    'unetc.network': network.name,
    'unetc.recipe': JSON.stringify(recipe),
    'unetc.heads': JSON.stringify(plan.heads),
    'unetc.slots': JSON.stringify(plan.slots),
    'unetc.parameters': JSON.stringify(plan.parameters),
    'unetc.statistics': JSON.stringify(plan.statistics),
  };
  const facts = {
    graph: plan.graph,
    parameters: plan.parameters.slots.reduce((n, s) => n + s.length, 0),
    cost: { macs: countMacs(plan.graph), size: chosen.size },
    what: `one training step of ${network.name}, batch ${plan.batch}`,
  };
  if (target === 'onnx-train') {
    return {
      ...facts,
      model: emitOnnx(plan.graph, { name: `${network.name}_step`, metadata, weights: new Map() }),
      nodes: plan.graph.nodes.length,
      weights: 'the state comes in as inputs, laid out as unetc.parameters in the metadata says',
    };
  }
  const { nodes, ...signatures } = emitTraining(plan, 'channels-last');
  const model = encodeSavedModel(nodes, { ...signatures, snapshot: { inputs: [], ...signatures.snapshot } });
  const order = { 'unetc.filters': 'in the vectors of the state a filter lies as [...kernel, in, out]' };
  // The state's vectors come in and go out by signatures of their own.
  const { inputs, outputs } = signatures.step;
  const of = (values: typeof plan.graph.inputs, ports: typeof inputs) =>
    values.filter(({ name }) => ports.some((port) => port.name === name));
  return {
    ...facts,
    graph: { ...plan.graph, inputs: of(plan.graph.inputs, inputs), outputs: of(plan.graph.outputs, outputs) },
    model: savedModelFolder(model, { ...metadata, ...order }),
    nodes: nodes.length,
    batch: plan.batch,
    weights: 'the state is kept in variables: signatures restore, step and snapshot',
  };
}
