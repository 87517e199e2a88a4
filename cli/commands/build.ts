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
import { writeFolderAtomic } from '../../runtime/files/atomic-folder.js';
import { initialWeights } from '../../runtime/initialize.js';
import { specHash } from '../../runtime/run-folder.js';
import { version } from '../../runtime/version.js';
import { UsageError } from '../errors.js';
import type { Io, Outcome } from '../io.js';
import { modelFacts } from '../model-facts.js';
import { parseCount, parseSettings, parseSize } from '../options.js';
import { bytes, count, macs, sizeText } from '../render/numbers.js';
import { chooseSelection } from '../selection.js';
import { chooseSize } from '../sizes.js';
import { type GoodSpec, loadSpec } from '../spec.js';
import { arraysOf, isLayersFile, layersFiles } from '../tfjs-layers.js';
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

const later = ['tf', 'tf-train', 'tfjs'];
const targets = ['onnx', 'onnx-train', 'tfjs-layers'];
const targetHint = 'use onnx, onnx-train or tfjs-layers';

/** `unetc build FILE -o OUT`: the artefact. What the weights don't decide, nothing random does: the same input, the same bytes. */
export async function build(file: string, options: BuildOptions, io: Io): Promise<Outcome> {
  const { target = 'onnx' } = options;
  if (later.includes(target)) throw new UsageError(`--target ${target} is not available yet`, targetHint);
  if (!targets.includes(target)) throw new UsageError(`there is no target ${target}`, targetHint);
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
  if (source?.run && source.run.spec !== specHash(spec.text)) {
    io.err(`warning: ${source.path} was trained with another text of this spec; its weights are used by their paths\n`);
  }
  const built =
    target === 'onnx-train'
      ? buildStep(spec, options, { size, batch })
      : buildModel(spec, options, { size, batch, seed, source }, target, io);
  if (built.model instanceof Uint8Array) await writeAtomic(options.out, built.model);
  else await writeFolderAtomic(options.out, built.model, isLayersFile);
  const { graph, parameters, cost } = built;
  const json = {
    out: options.out,
    target,
    parameters,
    macs: cost.macs,
    macsAt: cost.size,
    nodes: graph.nodes.length,
    inputs: describe(graph.inputs, built.layout),
    outputs: describe(graph.outputs, built.layout),
    bytes: built.model instanceof Uint8Array ? built.model.length : total(built.model),
    ...(built.model instanceof Uint8Array ? {} : { files: [...built.model.keys()] }),
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

const describe = (values: Graph['inputs'], layout?: Built['layout']): Port[] =>
  values.map(({ name, value }) => {
    const shape = value.type.shape.map((d) => (d.symbol === null ? d.offset : printDim(d)));
    const [, channels, ...space] = shape;
    return { name, shape: layout ? [layout.batch, ...space, channels as number | string] : shape };
  });

const total = (files: ReadonlyMap<string, Uint8Array>): number => [...files.values()].reduce((n, f) => n + f.length, 0);

const portText = ({ name, shape }: Port): string => `${name} [${shape.join(', ')}]`;

interface Built {
  /** A file, or the files of a folder by name. */
  readonly model: Uint8Array | ReadonlyMap<string, Uint8Array>;
  /** For a model whose images are [N, H, W, C]: its N. */
  readonly layout?: { readonly batch: number | string };
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

function buildModel(
  spec: GoodSpec,
  options: BuildOptions,
  { size, batch, seed, source }: ModelInput,
  target: string,
  io: Io,
): Built {
  const { network, recipe } = spec;
  const selection = chooseSelection(network, options);
  const asLayers = target === 'tfjs-layers';
  const deployed = deploy(network, selection, { keepDropout: asLayers });
  const chosen = chooseSize(network, { size, batch, recipe: spec.hasTrain ? recipe : undefined });
  // Without a size the model stays open in every dimension that the spec leaves open.
  const fixed = size !== undefined || batch !== undefined;
  const graph = fixed ? bindGraph(deployed, chosen.sizes) : deployed;
  if (source) requireWeights(graph.params, source);
  const weights = source?.weights ?? initialWeights(graph.params, seed);
  const arrays = arraysOf(graph.params, weights);
  const metadata = modelFacts(spec, selection, source);
  const facts = {
    parameters: countParameters(deployed),
    cost: { macs: countMacs(fixed ? graph : bindGraph(deployed, chosen.sizes)), size: chosen.size },
    what: `${network.name} L${selection.level} ${selection.mode}`,
    weights: source ? `weights of ${source.path}` : `initial weights of seed ${seed} (untrained: give --weights)`,
  };
  if (asLayers) {
    const model = layersFiles(spec, { graph, weights: arrays, metadata, batch }, io);
    return { ...facts, model, graph, layout: { batch: batch ?? 'N' } };
  }
  const folded = foldBatchNorm(graph, arrays);
  const model = emitOnnx(folded.graph, { weights: folded.weights, name: network.name, metadata });
  return { ...facts, model, graph: folded.graph };
}

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
    'unetc.spec': specHash(spec.text),
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
