import { emitStaged } from '../../compiler/5-emit/onnx/staged.js';
import {
  bindGraph,
  checkSelection,
  checkStages,
  countMacs,
  countParameters,
  deployLevels,
  finish,
  type Graph,
  intoStages,
  levelMode,
  levelOutput,
  levelsOf,
  type Network,
  nodeMacs,
  type StagedGraph,
  type Value,
} from '../../compiler/index.js';
import {
  type AdaptiveFacts,
  adaptiveKey,
  adaptiveMode,
  type LevelFacts,
} from '../../runtime/deployment/adaptive/facts.js';
import { initialWeights } from '../../runtime/run/initialize.js';
import { metadataKeys } from '../../runtime/run/metadata.js';
import { UserError } from '../../runtime/support/user-error.js';
import { parseLevel } from '../flags/options.js';
import { chooseSize } from '../flags/sizes.js';
import type { GoodSpec } from '../flags/spec.js';
import { requireWeights } from '../flags/weights.js';
import type { Io } from '../io.js';
import { modelFacts } from '../model-facts.js';
import { adaptiveLines } from '../render/adaptive.js';
import { aboutHalf, halved, wantsHalf } from './half.js';
import { arraysOf, type ModelInput } from './model.js';
import { runtimeOf } from './runtime.js';
import type { BuildOptions, Built } from './targets.js';
import { chooseThresholds, type ThresholdSource } from './thresholds.js';

/** Every level in one ONNX file, which goes deeper while it is unsure. */
export async function buildAdaptive(
  spec: GoodSpec,
  options: BuildOptions,
  { size, batch, seed, source }: ModelInput,
  thresholds: ThresholdSource,
  io: Io,
): Promise<Built> {
  const { network } = spec;
  const selection = chooseLevels(network, options);
  const { levels, mode } = selection;
  const open = deployLevels(network, selection);
  const chosen = chooseSize(network, { size, batch, recipe: spec.hasTrain ? spec.recipe : undefined });
  if (source) requireWeights(open.params, source);
  const arrays = arraysOf(open.params, source?.weights ?? initialWeights(open.params, seed));
  const folded = finish(open, arrays, runtimeOf(options));
  // Without a size the model stays open in every dimension that the spec leaves open.
  const float = size !== undefined || batch !== undefined ? bindGraph(folded.graph, chosen.sizes) : folded.graph;
  const half = wantsHalf(options, 'onnx');
  const graph = half ? halved(float, folded.weights, io) : float;
  const staged = intoStages(graph, network, levels);
  const costs = costsOf(open, network, levels, { ...chosen.sizes, N: 1 });
  const subject = { spec, source, folded, levels, costs: costs.map((c) => c.macs) };
  const { values, calibration } = await chooseThresholds(thresholds, subject, io);
  const facts: AdaptiveFacts = {
    answers: mode,
    macsAt: chosen.size,
    levels: costs.map((cost, k): LevelFacts => ({ ...cost, ...(k < values.length ? { threshold: values[k] } : {}) })),
    ...(calibration ? { calibration } : {}),
  };
  const top = levels.at(-1) as number;
  const metadata = {
    ...modelFacts(spec, { level: top, mode: adaptiveMode }, source),
    [adaptiveKey]: JSON.stringify(facts),
  };
  const emit = (stages: StagedGraph, more = {}) =>
    emitStaged(stages, {
      ...{ weights: folded.weights, name: network.name, thresholds: values },
      metadata: { ...metadata, ...more },
    });
  const model = emit(staged, half ? { [metadataKeys.precision]: 'fp16' } : {});
  const inHalf = half && aboutHalf(graph, emit(intoStages(float, network, levels)).length, model.length);
  return {
    model,
    graph: { ...graph, outputs: outputsOf(staged) },
    nodes: graph.nodes.length,
    parameters: countParameters(open),
    cost: { macs: countMacs(bindGraph(open, chosen.sizes)), size: chosen.size },
    what: `${network.name} L${levels[0]} to L${top} as needed, each answering in mode ${mode}${half ? ', in fp16' : ''}`,
    weights: source ? `weights of ${source.path}` : `initial weights of seed ${seed} (untrained: give --weights)`,
    more: {
      json: { adaptive: facts, ...(inHalf ? inHalf.json : {}) },
      lines: [...adaptiveLines(facts), ...(inHalf ? inHalf.lines : [])],
    },
  };
}

/** @throws UserError for a mode or level that the network doesn't have, or levels that can't stand in for each other */
function chooseLevels(network: Network, options: BuildOptions): { levels: readonly number[]; mode: string } {
  const mode = options.levelMode ?? levelMode(network);
  const level = options.prune === undefined ? undefined : parseLevel(options.prune);
  const selection = { mode, levels: levelsOf(network, mode, level) };
  const refused =
    (mode === 'all' ? unknownMode(network, mode) : checkSelection(network, { mode, level })) ??
    checkStages(network, selection);
  if (refused) throw new UserError(refused.code, refused.message, refused.hint);
  return selection;
}

const unknownMode = (network: Network, mode: string) => ({
  code: 'unknown-mode',
  message: `mode ${mode} is every head at once, and a level of an adaptive model gives one answer`,
  hint: `use ${network.modes.join(' or ')}`,
});

/** Parameters and MACs of each level, those before it included. */
function costsOf(
  graph: Graph,
  network: Network,
  levels: readonly number[],
  sizes: Readonly<Record<string, number>>,
): { level: number; parameters: number; macs: number }[] {
  let [parameters, macs] = [0, 0];
  return intoStages(bindGraph(graph, sizes), network, levels).stages.map((stage) => {
    parameters += countParameters({ ...graph, params: stage.params });
    macs += stage.nodes.reduce((n, node) => n + nodeMacs(node), 0);
    return { level: stage.level, parameters, macs };
  });
}

/** What the file puts out: the answer, and which level it is from. */
function outputsOf({ stages, outputName }: StagedGraph): Graph['outputs'] {
  const answer = stages[0]?.answer as Value;
  const level: Value = { ...answer, id: -1, type: { dtype: 'i64', shape: [] } };
  return [
    { name: outputName, value: answer },
    { name: levelOutput, value: level },
  ];
}
