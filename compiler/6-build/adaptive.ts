import { specializeGraph } from '../2-infer/specialize.js';
import { deployLevels } from '../3-transform/deploy.js';
import type { WeightArrays } from '../3-transform/fold.js';
import { optimizeForRuntime } from '../3-transform/optimize-for-runtime.js';
import { intoStages, levelOutput, type StagedGraph, type StageSelection } from '../3-transform/stages.js';
import { countMacs, countParameters, nodeMacs } from '../4-schedule/cost.js';
import { emitStaged } from '../5-emit/onnx/staged.js';
import type { Graph, Network, Value } from '../ir/graph.js';
import { UserError } from '../user-error.js';
import { type AdaptiveFacts, adaptiveKey, adaptiveMode, type LevelFacts } from './adaptive-facts.js';
import { type Artifact, onnxFile, portsOf } from './artifact.js';
import { halfReport, halved } from './half.js';
import { chooseLevels } from './levels.js';
import { type GoodSpec, metadataKeys, specMetadata } from './metadata.js';
import type { AdaptiveOptions } from './options.js';
import { sealed, sealLength } from './seal.js';
import { type ChosenSize, chooseSize } from './size.js';
import { weightArrays, weightsText } from './weights.js';

/** Every level of a network in one graph, before it is cut into stages: what thresholds are chosen by. */
export interface AdaptiveGraph extends StageSelection {
  readonly mode: string;
  /** Finished for ONNX Runtime, open where the spec is, and its weights. */
  readonly graph: Graph;
  readonly weights: WeightArrays;
  /** Of each level, those before it included, at `size`. */
  readonly costs: readonly { readonly level: number; readonly parameters: number; readonly macs: number }[];
  readonly size: ChosenSize;
  readonly parameters: number;
  /** Of the deepest level, for a batch of the size asked for. */
  readonly macs: number;
}

type GraphOptions = Omit<AdaptiveOptions, 'thresholds' | 'target' | 'quantized'>;

/** @throws UserError for a mode or level that the network doesn't have, or levels that can't stand in for each other */
export function adaptiveGraph(spec: GoodSpec, options: GraphOptions): AdaptiveGraph {
  const { network } = spec;
  const { size, batch } = options;
  const selection = chooseLevels(network, options);
  const open = deployLevels(network, selection);
  const chosen = chooseSize(network, { size, batch, recipe: spec.hasTrain ? spec.recipe : undefined });
  const folded = optimizeForRuntime(open, weightArrays(open.params, options), 'ort');
  return {
    ...selection,
    ...folded,
    costs: costsOf(open, network, selection.levels, { ...chosen.sizes, N: 1 }),
    size: chosen,
    parameters: countParameters(open),
    macs: countMacs(specializeGraph(open, chosen.sizes)),
  };
}

/** Every level in one ONNX file, which goes deeper while it is unsure. */
export function buildAdaptive(spec: GoodSpec, options: AdaptiveOptions): Artifact {
  const { network } = spec;
  const { size, batch, calibration } = options;
  const found = adaptiveGraph(spec, options);
  const { levels, mode, weights } = found;
  const values = thresholdsOf(options.thresholds, levels.length - 1);
  // Without a size the model stays open in every dimension that the spec leaves open.
  const fixed = size !== undefined || batch !== undefined;
  const float = fixed ? specializeGraph(found.graph, found.size.sizes) : found.graph;
  const half = options.precision === 'fp16' ? halved(float, weights) : undefined;
  const graph = half?.graph ?? float;
  const staged = intoStages(graph, network, levels);
  const facts: AdaptiveFacts = {
    answers: mode,
    macsAt: found.size.size,
    levels: found.costs.map(
      (cost, k): LevelFacts => ({ ...cost, ...(k < values.length ? { threshold: values[k] } : {}) }),
    ),
    ...(calibration ? { calibration } : {}),
  };
  const top = levels.at(-1) as number;
  const metadata = {
    ...specMetadata(
      spec,
      { level: top, mode: adaptiveMode },
      options.task,
      fixed ? { size: found.size.size, batch: batch ?? 1 } : undefined,
    ),
    [adaptiveKey]: JSON.stringify(facts),
  };
  const emit = (stages: StagedGraph, more = {}) =>
    emitStaged(stages, {
      ...{ weights, name: network.name, thresholds: values },
      metadata: { ...metadata, ...more },
    });
  const model = emit(staged, half ? { [metadataKeys.precision]: 'fp16' } : {});
  const inHalf = half ? { half: halfReport(graph, emit(intoStages(float, network, levels)).length + sealLength) } : {};
  const what = `${network.name} L${levels[0]} to L${top} as needed, each answering in mode ${mode}`;
  return {
    target: options.target,
    files: new Map([[onnxFile, sealed(model)]]),
    inputs: portsOf(graph.inputs),
    outputs: portsOf(outputsOf(staged)),
    parameters: found.parameters,
    macs: found.macs,
    macsAt: found.size.size,
    nodes: graph.nodes.length,
    report: { what: `${what}${half ? ', in fp16' : ''}`, weights: weightsText(options), adaptive: facts, ...inHalf },
    warnings: half?.warnings ?? [],
    diagnostics: [],
  };
}

/** One threshold for each level but the deepest. @throws UserError for another number of them */
function thresholdsOf(given: number | readonly number[], decisions: number): readonly number[] {
  const list = typeof given === 'number' ? [given] : given;
  if (list.length === decisions) return list;
  if (list.length === 1) return Array.from({ length: decisions }, () => list[0] as number);
  throw new UserError(
    'thresholds-count',
    `there are ${list.length} thresholds, and ${decisions} of these levels can be unsure`,
    `give one number for all, or ${decisions}`,
  );
}

/** Parameters and MACs of each level, those before it included. */
function costsOf(
  graph: Graph,
  network: Network,
  levels: readonly number[],
  sizes: Readonly<Record<string, number>>,
): { level: number; parameters: number; macs: number }[] {
  let [parameters, macs] = [0, 0];
  return intoStages(specializeGraph(graph, sizes), network, levels).stages.map((stage) => {
    parameters += countParameters({ ...graph, params: stage.params });
    macs += stage.nodes.reduce((n, node) => n + nodeMacs(node), 0);
    return { level: stage.level, parameters, macs };
  });
}

/** The outputs of the file: the mask, and the level it is from. */
function outputsOf({ stages, outputName }: StagedGraph): Graph['outputs'] {
  const answer = stages[0]?.answer as Value;
  const level: Value = { ...answer, id: -1, type: { dtype: 'i64', shape: [] } };
  return [
    { name: outputName, value: answer },
    { name: levelOutput, value: level },
  ];
}
