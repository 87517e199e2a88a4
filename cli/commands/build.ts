import { emitOnnx } from '../../compiler/5-emit/onnx/index.js';
import {
  bindGraph,
  countMacs,
  countParameters,
  deploy,
  foldBatchNorm,
  type Graph,
  printDim,
  trainingPlan,
} from '../../compiler/index.js';
import { writeAtomic } from '../../runtime/files/atomic.js';
import { initialWeights } from '../../runtime/initialize.js';
import { modelMetadata } from '../../runtime/model-metadata.js';
import { specHash } from '../../runtime/run-folder.js';
import { classCount, type Task, taskOf } from '../../runtime/task.js';
import { version } from '../../runtime/version.js';
import { UsageError } from '../errors.js';
import type { Io, Outcome } from '../io.js';
import { parseCount, parseSettings, parseSize } from '../options.js';
import { bytes, count, macs, sizeText } from '../render/numbers.js';
import { chooseSelection } from '../selection.js';
import { chooseSize } from '../sizes.js';
import { type GoodSpec, loadSpec } from '../spec.js';
import { readWeights, requireWeights, type WeightsSource } from '../weights.js';

export interface BuildOptions {
  readonly out: string;
  readonly target?: string;
  readonly prune?: string;
  readonly mode?: string;
  readonly weights?: string;
  readonly seed?: string;
  readonly size?: string;
  readonly batch?: string;
  readonly set?: string[];
  readonly quantize?: string;
  readonly calibrate?: string;
}

const later = ['tf', 'tf-train', 'tfjs', 'tfjs-layers'];

/** `unetc build FILE -o OUT`: the artefact. What the weights don't decide, nothing random does: the same input, the same bytes. */
export async function build(file: string, options: BuildOptions, io: Io): Promise<Outcome> {
  const { target = 'onnx' } = options;
  if (later.includes(target)) throw new UsageError(`--target ${target} is not available yet`, 'use onnx or onnx-train');
  if (target !== 'onnx' && target !== 'onnx-train')
    throw new UsageError(`there is no target ${target}`, 'use onnx or onnx-train');
  if (options.quantize !== undefined || options.calibrate !== undefined) {
    throw new UsageError('--quantize is not available yet', 'leave --quantize and --calibrate out: weights stay fp32');
  }
  const started = performance.now();
  const size = options.size === undefined ? undefined : parseSize(options.size);
  const batch = options.batch === undefined ? undefined : parseCount(options.batch, '--batch');
  const seed = parseCount(options.seed ?? '0', '--seed', 0);
  const given = parseSettings(options.set);
  const source = options.weights === undefined ? null : await readWeights(options.weights);
  const spec = await loadSpec(file, { ...source?.run?.set, ...given }, io);
  if (source?.run && source.run.spec !== specHash(spec.text, spec.imports)) {
    io.err(`warning: ${source.path} was trained with another text of this spec; its weights are used by their paths\n`);
  }
  const built =
    target === 'onnx'
      ? buildModel(spec, options, { size, batch, seed, source })
      : buildStep(spec, options, { size, batch });
  await writeAtomic(options.out, built.model);
  const { graph, parameters, cost } = built;
  const json = {
    out: options.out,
    target,
    parameters,
    macs: cost.macs,
    macsAt: cost.size,
    nodes: graph.nodes.length,
    inputs: describe(graph.inputs),
    outputs: describe(graph.outputs),
    bytes: built.model.length,
    weights: built.weights,
    milliseconds: Math.round(performance.now() - started),
  };
  const text = [
    `${options.out}: ${built.what}, ${bytes(json.bytes)}`,
    `  inputs      ${json.inputs.map(portText).join(', ')}`,
    `  outputs     ${json.outputs.map(portText).join(', ')}`,
    `  parameters  ${count(parameters)}, ${built.weights}`,
    `  macs        ${macs(cost.macs)} at ${sizeText(cost.size)}; ${json.nodes} nodes`,
    `  built in ${json.milliseconds} ms`,
  ].join('\n');
  return { json, text };
}

interface Port {
  readonly name: string;
  /** Numbers, and names of what stays open: [`N`, 3, `H`, `W`]. */
  readonly shape: readonly (number | string)[];
}

const describe = (values: Graph['inputs']): Port[] =>
  values.map(({ name, value }) => ({
    name,
    shape: value.type.shape.map((d) => (d.symbol === null ? d.offset : printDim(d))),
  }));

const portText = ({ name, shape }: Port): string => `${name} [${shape.join(', ')}]`;

interface Built {
  readonly model: Uint8Array;
  readonly graph: Graph;
  readonly parameters: number;
  readonly cost: { readonly macs: number; readonly size: readonly number[] };
  readonly what: string;
  readonly weights: string;
}

interface ModelInput {
  readonly size: readonly number[] | undefined;
  readonly batch: number | undefined;
  readonly seed: number;
  readonly source: WeightsSource | null;
}

function buildModel(spec: GoodSpec, options: BuildOptions, { size, batch, seed, source }: ModelInput): Built {
  const { network, recipe } = spec;
  const selection = chooseSelection(network, options);
  const deployed = deploy(network, selection);
  const chosen = chooseSize(network, { size, batch, recipe: spec.hasTrain ? recipe : undefined });
  // Without a size the model stays open in every dimension that the spec leaves open.
  const fixed = size !== undefined || batch !== undefined;
  const graph = fixed ? bindGraph(deployed, chosen.sizes) : deployed;
  if (source) requireWeights(graph.params, source);
  const weights = source?.weights ?? initialWeights(graph.params, seed);
  const arrays = new Map(
    graph.params.map((p) => [p.origin.path, (weights.get(p.origin.path) as { data: Float32Array }).data]),
  );
  const folded = foldBatchNorm(graph, arrays);
  const metadata = modelMetadata(
    {
      version: version(),
      spec: specHash(spec.text, spec.imports),
      network: network.name,
      level: selection.level,
      mode: selection.mode,
    },
    source?.run ? taskOfRun(spec, source.run.task) : taskOf(network, recipe, classNames(spec)),
  );
  return {
    model: emitOnnx(folded.graph, { weights: folded.weights, name: network.name, metadata }),
    graph: folded.graph,
    parameters: countParameters(deployed),
    cost: { macs: countMacs(fixed ? graph : bindGraph(deployed, chosen.sizes)), size: chosen.size },
    what: `${network.name} L${selection.level} ${selection.mode}`,
    weights: source ? `weights of ${source.path}` : `initial weights of seed ${seed} (untrained: give --weights)`,
  };
}

/** What a run was trained to see and to say; sizes are those of the network that is built. */
const taskOfRun = (spec: GoodSpec, trained: Task): Task => ({
  ...trained,
  axes: taskOf(spec.network, spec.recipe, trained.classes).axes,
});

const classNames = ({ network }: GoodSpec): string[] => {
  const classes = classCount(network);
  return classes === 1 ? ['mask'] : Array.from({ length: classes }, (_, k) => String(k));
};

function buildStep(spec: GoodSpec, options: BuildOptions, { size, batch }: Pick<ModelInput, 'size' | 'batch'>): Built {
  const { network, recipe } = spec;
  for (const flag of ['prune', 'mode', 'weights'] as const) {
    if (options[flag] === undefined) continue;
    throw new UsageError(
      `--${flag} has no meaning for --target onnx-train`,
      'the training step is the whole network, and its state an input',
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
  return {
    model: emitOnnx(plan.graph, { name: `${network.name}_step`, metadata, weights: new Map() }),
    graph: plan.graph,
    parameters: plan.parameters.slots.reduce((n, s) => n + s.length, 0),
    cost: { macs: countMacs(plan.graph), size: chosen.size },
    what: `one training step of ${network.name}, batch ${plan.batch}`,
    weights: 'the state comes in as inputs, laid out as unetc.parameters in the metadata says',
  };
}
