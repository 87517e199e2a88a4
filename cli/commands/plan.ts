import { chooseSize } from '../../compiler/6-build/size.js';
import {
  countMacs,
  countParameters,
  deploy,
  describeRules,
  type ExecutionPlan,
  executionPlan,
  type Graph,
  knownShape,
  lowerPrecision,
  nodeMacs,
  nodeParameters,
  receptiveFields,
  ruleOf,
  sizeRules,
  specializeGraph,
  trainingPlan,
} from '../../compiler/index.js';
import { BatchPlans, type MemoryLimit, memoryLimit } from '../flags/batch-memory.js';
import { readPrecision } from '../flags/engines.js';
import { parseCount, parseSettings, parseSize } from '../flags/options.js';
import { chooseSelection } from '../flags/selection.js';
import { type GoodSpec, loadSpec } from '../flags/spec.js';
import type { Io, Outcome } from '../io.js';
import { bytes, count, fieldText, macs, sizeText } from '../render/numbers.js';
import { batchReport, peakReport } from '../render/plan-memory.js';
import { type Timing, timingOf } from '../render/predicted-time.js';
import { table } from '../render/table.js';

export interface PlanOptions {
  readonly prune?: string;
  readonly mode?: string;
  readonly size?: string;
  readonly batch?: string;
  readonly train?: boolean;
  readonly precision?: string;
  readonly memory?: string;
  readonly set?: string[];
}

interface PlannedNode {
  readonly path: string;
  readonly op: string;
  readonly shape: readonly number[];
  readonly parameters: number;
  readonly macs: number;
  /** Bytes of values alive while it runs. */
  readonly live: number;
  /** What it takes on this machine, where that was calibrated; 0 if computed within another. */
  readonly milliseconds?: number;
  /** Input pixels along each spatial dimension; absent where a value is no image of the input (in training). */
  readonly receptiveField?: readonly number[];
  /** It sees the whole input beside, through a global mean or a normalization. */
  readonly seesWholeInput?: boolean;
}

/** `unetc plan FILE`: what running (or with `--train`, training) a level costs, node by node. */
export async function plan(file: string, options: PlanOptions, io: Io): Promise<Outcome> {
  const size = options.size === undefined ? undefined : parseSize(options.size);
  const batch = options.batch === undefined ? undefined : parseCount(options.batch, '--batch');
  const spec = await loadSpec(file, parseSettings(options.set), io);
  const low = readPrecision(options.precision) === 'bf16';
  const limit = memoryLimit(options.memory);
  return options.train
    ? planTraining(spec, size, batch, low, limit)
    : planInference(spec, options, size, batch ?? 1, low, limit);
}

async function planInference(
  spec: GoodSpec,
  options: PlanOptions,
  size: number[] | undefined,
  batch: number,
  low: boolean,
  limit: MemoryLimit,
): Promise<Outcome> {
  const { network, recipe, hasTrain } = spec;
  const selection = chooseSelection(network, options);
  const chosen = chooseSize(network, { size, batch, recipe: hasTrain ? recipe : undefined });
  const deployed = deploy(network, selection);
  const bound = specializeGraph(deployed, chosen.sizes);
  const graph = low ? lowerPrecision(bound) : bound;
  const execution = executionPlan(graph);
  const fields = receptiveFields(graph);
  const timing = await timingOf(graph, 'predict', low ? 'bf16' : 'fp32');
  const nodes = plannedNodes(execution, timing).map((planned, time) => {
    const field = fields.get(execution.order[time]?.outputs[0]?.id ?? -1);
    return field ? { ...planned, receptiveField: field.size, seesWholeInput: field.global } : planned;
  });
  const peak = peakReport(execution);
  const batches = batchReport(
    new BatchPlans((n) => specializeGraph(deployed, { ...chosen.sizes, N: n })),
    'predict',
    batch,
    limit,
  );
  const summary = {
    network: network.name,
    level: selection.level,
    mode: selection.mode,
    size: chosen.size,
    batch,
    parameters: countParameters(graph),
    macs: countMacs(graph),
    peakBytes: execution.peakBytes,
    arenaBytes: execution.arenaBytes,
    ...peak.json,
    ...batches.json,
    ...timing.json,
  };
  const rules = describeRules(sizeRules(network));
  const text = [
    `${network.name} at L${selection.level}, mode ${selection.mode}, input ${sizeText(inputShape(graph))} (${chosen.reason})`,
    ...(rules === '' ? [] : [rules]),
    '',
    nodeTable(nodes),
    '',
    ...peak.lines,
    '',
    `parameters  ${count(summary.parameters)}`,
    `macs        ${count(summary.macs)} (${macs(summary.macs)})`,
    `memory      ${bytes(summary.peakBytes)} alive at most, in an arena of ${bytes(summary.arenaBytes)}`,
    `weights     ${bytes(4 * summary.parameters)}`,
    ...batches.lines,
    ...timing.lines,
    'RF          input pixels each value depends on; all: every one, by a global mean or a normalization',
  ].join('\n');
  return { json: { ...summary, nodes }, text };
}

async function planTraining(
  spec: GoodSpec,
  size: number[] | undefined,
  batch: number | undefined,
  low: boolean,
  limit: MemoryLimit,
): Promise<Outcome> {
  const { network, recipe } = spec;
  const chosen = chooseSize(network, {
    size,
    batch: batch ?? recipe.batch,
    recipe: spec.hasTrain ? recipe : undefined,
  });
  const stepOf = (n: number) => trainingPlan(network, recipe, { batch: n, size: [...chosen.size] });
  const step = stepOf(batch ?? recipe.batch);
  const graph = low ? lowerPrecision(step.graph) : step.graph;
  const execution = executionPlan(graph);
  const timing = await timingOf(graph, 'train', low ? 'bf16' : 'fp32');
  const nodes = plannedNodes(execution, timing);
  const stateBytes = 4 * (step.parameters.length * (1 + step.slots.length) + step.statistics.length);
  const peak = peakReport(execution);
  const batches = batchReport(
    new BatchPlans((n) => (n === step.batch ? step : stepOf(n)).graph, step.slots.length),
    'train',
    step.batch,
    limit,
  );
  const summary = {
    network: network.name,
    train: true,
    size: chosen.size,
    batch: step.batch,
    parameters: step.parameters.length,
    macs: countMacs(step.graph),
    peakBytes: execution.peakBytes,
    arenaBytes: execution.arenaBytes,
    stateBytes,
    ...peak.json,
    ...batches.json,
    ...timing.json,
  };
  const operators = byOperator(graph);
  const text = [
    `one training step of ${network.name}, images ${sizeText(step.imageShape)} (${chosen.reason}), ${recipe.optimizer.name}, heads ${step.heads.join(' ')}`,
    '',
    table<OperatorUse>(
      [
        { title: 'operator', value: (o) => o.op },
        { title: 'nodes', value: (o) => count(o.nodes), align: 'right' },
        ...(low
          ? ([
              { title: 'in bf16', value: (o) => count(o.bf16), align: 'right' },
              { title: 'because it', value: (o) => o.why },
            ] satisfies Parameters<typeof table<OperatorUse>>[0])
          : []),
      ],
      operators,
    ),
    '',
    ...peak.lines,
    '',
    `nodes       ${count(nodes.length)}`,
    `parameters  ${count(summary.parameters)}`,
    `macs        ${count(summary.macs)} (${macs(summary.macs)})`,
    `memory      ${bytes(summary.peakBytes)} alive at most, in an arena of ${bytes(summary.arenaBytes)}`,
    `state       ${bytes(stateBytes)}: parameters${step.slots.map((s) => `, ${s}`).join('')}${step.statistics.length > 0 ? ', statistics' : ''}`,
    ...batches.lines,
    ...timing.lines,
  ].join('\n');
  return { json: { ...summary, ...(low ? { precision: operators } : {}), nodes }, text };
}

interface OperatorUse {
  readonly op: string;
  readonly nodes: number;
  /** How many of them answer in bf16. */
  readonly bf16: number;
  /** Why it computes in the precision that it does. */
  readonly why: string;
}

/** Most frequent first. */
function byOperator(graph: Graph): OperatorUse[] {
  const uses = new Map<string, OperatorUse>();
  for (const node of graph.nodes) {
    const before = uses.get(node.op) ?? { op: node.op, nodes: 0, bf16: 0, why: ruleOf(node).why };
    const bf16 = before.bf16 + (node.outputs[0]?.type.dtype === 'bf16' ? 1 : 0);
    uses.set(node.op, { ...before, nodes: before.nodes + 1, bf16 });
  }
  return [...uses.values()].sort((a, b) => b.nodes - a.nodes || (a.op < b.op ? -1 : 1));
}

const inputShape = (graph: Graph): number[] => knownShape(graph.inputs[0]?.value.type.shape ?? []);

function plannedNodes({ order, buffers }: ExecutionPlan, timing: Timing): PlannedNode[] {
  // A running sum over the intervals: what starts at a step is added, what ended before it is taken off.
  const change = new Float64Array(order.length + 2);
  for (const b of buffers) {
    change[b.from] = (change[b.from] ?? 0) + b.bytes;
    change[b.to + 1] = (change[b.to + 1] ?? 0) - b.bytes;
  }
  let live = 0;
  return order.map((node, time) => {
    live += change[time] ?? 0;
    const output = node.outputs[0];
    return {
      path: node.origin.path,
      op: node.op,
      shape: output ? knownShape(output.type.shape) : [],
      parameters: nodeParameters(node),
      macs: nodeMacs(node),
      live,
      milliseconds: timing.of(node),
    };
  });
}

const seenText = ({ receptiveField = [], seesWholeInput = false }: PlannedNode): string =>
  fieldText({ size: receptiveField, global: seesWholeInput });

const nodeTable = (nodes: readonly PlannedNode[]): string =>
  table<PlannedNode>(
    [
      { title: 'node', value: (n) => n.path },
      { title: 'op', value: (n) => n.op },
      { title: 'shape', value: (n) => sizeText(n.shape) },
      { title: 'parameters', value: (n) => (n.parameters === 0 ? '' : count(n.parameters)), align: 'right' },
      { title: 'macs', value: (n) => (n.macs === 0 ? '' : macs(n.macs)), align: 'right' },
      { title: 'live', value: (n) => bytes(n.live), align: 'right' },
      ...(nodes.some((n) => n.milliseconds !== undefined)
        ? [{ title: 'ms', value: (n: PlannedNode) => n.milliseconds?.toFixed(2) ?? '', align: 'right' as const }]
        : []),
      { title: 'RF', value: (n) => seenText(n), align: 'right' },
    ],
    nodes,
  );
