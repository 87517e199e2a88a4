import { levelOutput, type Stage, type StagedGraph } from '../../3-transform/stages.js';
import { bytesOf } from '../shared.js';
import { addWeights, nameOf, openValues, valueInfo, writeNode } from './index.js';
import type { PoolIndices } from './lowering.js';
import { ModelBuilder } from './model-builder.js';
import { encodeModel, type GraphProto, type ValueInfoProto } from './schema.js';

export interface StagedOptions {
  /** By parameter path, row-major. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** The graph's name. */
  readonly name: string;
  /** One for each stage but the last: from this uncertainty on the next stage runs. 0: always, above 1: never. */
  readonly thresholds: readonly number[];
  /** Written as the model's metadata_props. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The initializer, of the outermost graph, that holds a level's threshold; editing it trades accuracy for time. */
export const thresholdName = (level: number): string => `threshold@L${level}`;

/**
 * An ONNX file (IR 8, opset 17) that goes from stage to stage while it is unsure. The first stage's nodes are the graph's own; then
 *   If(max over the batch of its uncertainty >= threshold@L1) { the second stage's nodes, then the next If } else { its output }
 * A branch holds its own weights and uses what earlier stages computed from the graphs around it, so nothing is recomputed. A batch goes
 * deeper if any of its images is unsure. The output `level`, a scalar int64, is the level that the result of the batch is from. The same stages give the same bytes.
 *
 * Throws if a parameter has no weights, or of another length, or if there are not as many thresholds as decisions.
 */
export function emitStaged(staged: StagedGraph, options: StagedOptions): Uint8Array {
  const { stages, inputs, outputName } = staged;
  const { weights, thresholds } = options;
  const [first] = stages;
  if (!first || thresholds.length !== stages.length - 1)
    throw new Error(`${stages.length} stages need a threshold less`);
  const model = new ModelBuilder();
  const names = new Map<number, string>();
  const reserve = (id: number, name: string): void => {
    model.reserve(name);
    names.set(id, name);
  };
  for (const { name, value } of inputs) reserve(value.id, name);
  for (const p of stages.flatMap((s) => s.params)) reserve(p.id, p.origin.path);
  for (const name of [outputName, levelOutput]) model.reserve(name);
  stages.slice(0, -1).forEach(({ level }, k) => {
    const name = thresholdName(level);
    model.reserve(name);
    model.initializers.push({ name, type: 'float', dims: [], raw: bytesOf(Float32Array.of(thresholds[k] as number)) });
  });

  const answer = valueInfo({ name: outputName, value: first.answer });
  const outputs = ([mask, level]: Answer): ValueInfoProto[] => [
    { ...answer, name: mask },
    { name: level, type: 'int64', dims: [] },
  ];
  const pools: PoolIndices = { wanted: new Set(), names: new Map() };
  /** Writes stage k and the stages after it; their outputs have these names. */
  const write = (k: number, to: Answer): void => {
    const stage = stages[k] as Stage;
    for (const p of stage.params) addWeights(model, p, weights);
    for (const node of stage.nodes) writeNode(node, names, model, pools);
    model.at(`${outputName}@L${stage.level}`);
    const next = stages[k + 1];
    if (!stage.uncertainty || !next) {
      content(stage, to);
      return;
    }
    const most = model.node('ReduceMax', [nameOf(names, stage.uncertainty)], { keepdims: 0 });
    const unsure = model.node('GreaterOrEqual', [most, thresholdName(stage.level)]);
    const then = branch(`L${next.level}`, next, (inner) => write(k + 1, inner));
    const otherwise = branch(`L${stage.level}-is-sure`, null, (inner) => content(stage, inner));
    model.at(`${outputName}@L${stage.level}`);
    model.into('If', [unsure], to, { then_branch: { graph: then }, else_branch: { graph: otherwise } });
  };
  const content = (stage: Stage, [mask, level]: Answer): void => {
    model.identity(nameOf(names, stage.answer), mask);
    model.identity(model.int(stage.level), level);
  };
  const branch = (name: string, stage: Stage | null, body: (to: Answer) => void): GraphProto => {
    const to: Answer = [model.name(`${outputName}/${name}`), model.name(`${levelOutput}/${name}`)];
    const written = model.branch(() => body(to));
    const values = stage ? openValues(stage.nodes, written.nodes, names, outputs(to)) : [];
    return { name, inputs: [], outputs: outputs(to), values, ...written };
  };
  write(0, [outputName, levelOutput]);
  return encodeModel({
    ...{ irVersion: 8, opset: 17, producer: 'unetc', name: options.name, metadata: options.metadata },
    ...{ nodes: model.nodes, initializers: model.initializers },
    inputs: inputs.map(valueInfo),
    outputs: outputs([outputName, levelOutput]),
    values: openValues(first.nodes, model.nodes, names, outputs([outputName, levelOutput])),
  });
}

/** Names of the outputs: the probabilities, and the level they are from. */
type Answer = readonly [mask: string, level: string];
