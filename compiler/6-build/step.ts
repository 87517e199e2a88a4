import { trainingPlan } from '../3-transform/train/index.js';
import { countMacs } from '../4-schedule/cost.js';
import { emitOnnx } from '../5-emit/onnx/index.js';
import { emitTraining, encodeSavedModel } from '../5-emit/tensorflow/index.js';
import { version } from '../version.js';
import { type Artifact, onnxFile, portsOf } from './artifact.js';
import { savedModelFolder } from './folder.js';
import type { GoodSpec } from './metadata.js';
import type { StepOptions } from './options.js';
import { sealed } from './seal.js';
import { chooseSize } from './size.js';
import { specHash } from './spec-hash.js';

/** A whole training step of the whole network. */
export function buildStep(spec: GoodSpec, { target, size, batch }: StepOptions): Artifact {
  const { network, recipe } = spec;
  const chosen = chooseSize(network, { size, recipe: spec.hasTrain ? recipe : undefined });
  const plan = trainingPlan(network, recipe, { batch: batch ?? recipe.batch, size: [...chosen.size] });
  const metadata = {
    'unetc.version': version,
    'unetc.spec': specHash(spec.text, spec.imports),
    'unetc.network': network.name,
    'unetc.recipe': JSON.stringify(recipe),
    'unetc.heads': JSON.stringify(plan.heads),
    'unetc.slots': JSON.stringify(plan.slots),
    'unetc.parameters': JSON.stringify(plan.parameters),
    'unetc.statistics': JSON.stringify(plan.statistics),
  };
  const what = `one training step of ${network.name}, batch ${plan.batch}`;
  const facts = {
    target,
    parameters: plan.parameters.slots.reduce((n, s) => n + s.length, 0),
    macs: countMacs(plan.graph),
    macsAt: chosen.size,
    warnings: [],
    diagnostics: [],
  };
  if (target === 'onnx-train') {
    const weights = 'the state comes in as inputs, laid out as unetc.parameters in the metadata says';
    return {
      ...facts,
      files: new Map([
        [onnxFile, sealed(emitOnnx(plan.graph, { name: `${network.name}_step`, metadata, weights: new Map() }))],
      ]),
      inputs: portsOf(plan.graph.inputs),
      outputs: portsOf(plan.graph.outputs),
      nodes: plan.graph.nodes.length,
      report: { what, weights },
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
    files: savedModelFolder(model, { ...metadata, ...order }),
    inputs: portsOf(of(plan.graph.inputs, inputs), plan.batch),
    outputs: portsOf(of(plan.graph.outputs, outputs), plan.batch),
    nodes: nodes.length,
    report: { what, weights: 'the state is kept in variables: signatures restore, step and snapshot' },
  };
}
