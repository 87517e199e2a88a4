import { countMacs, countParameters, deploy, specializeGraph, topLevel } from '../../compiler/index.js';
import type { Network } from '../../compiler/ir/graph.js';
import { UserError } from '../../compiler/user-error.js';
import type { Dataset } from '../data/index.js';
import type { Engine, Predictor, Weights } from '../engines/engine.js';
import { type Task, validSize } from '../run/task.js';
import { HeldOut } from './held-out.js';
import { type JudgedSide, judge } from './judge.js';
import { type CaseRow, caseRows, type Judgement, judgementOf } from './rows.js';
import type { ScoresOptions } from './scores.js';
import { savingOf, timeRatio } from './times.js';

/** One level in one mode: its cost, its quality, its speed. */
export interface EvaluationRow extends Judgement {
  readonly level: number;
  readonly mode: string;
  readonly parameters: number;
  /** Of one image of the training size. */
  readonly macs: number;
  /** Share of the highest level's time, in the same mode, that is saved; null where the times can't tell. */
  readonly saving: number | null;
}

export interface Evaluation {
  readonly images: number;
  readonly rows: readonly EvaluationRow[];
  /** A row for each image, level and mode. */
  readonly cases: readonly CaseRow[];
}

export interface EvaluateOptions {
  readonly network: Network;
  readonly weights: Weights;
  readonly task: Task;
  /** Only these images are judged. */
  readonly dataset: Dataset;
  readonly engine: Engine;
  /** Absent: the highest level. */
  readonly prune?: 'all' | number;
  /** Absent: every mode the network declares. */
  readonly modes?: readonly string[];
  /** What absent classes count as, and which measures of objects are wanted. */
  readonly scores?: Pick<ScoresOptions, 'absent' | 'objects'>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Images that are answered once without being timed. */
export const warmUp = 2;

/**
 * Quality by level and mode. Every row runs a graph pruned for it, so its time is what a deployment would see; rows take turns at
 * each image. Images are judged at the resolution the network was trained for: resized if it was trained on resized images
 * (masks by the nearest pixel), else at their own, padded by reflection to a valid size; `native` of a row is the same at the
 * images' own size.
 *
 * @throws UserError without images, or for a level or mode that the network does not have
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { network, task, dataset, engine, signal } = options;
  if (dataset.names.length === 0) {
    throw new UserError(
      'data-empty',
      `there are no images to evaluate on in ${dataset.folder}`,
      'name a split that holds some out',
    );
  }
  const pairs = selections(network, options.prune, options.modes);
  const held = new HeldOut(dataset, task, { native: true });
  const graphs = pairs.map((pair) => deploy(network, pair));
  const predictors: Predictor[] = [];
  try {
    for (const graph of graphs) predictors.push(await engine.predictor(graph, options.weights));
    const sides = predictors.map((predictor) => ({ predictor, outputs: [network.outputName] }));
    const judged = await judge(sides, held, {
      task,
      native: true,
      warmUp,
      ...(options.scores ? { scores: options.scores } : {}),
      ...(signal ? { signal } : {}),
      onImage: ({ index, total }) => options.onProgress?.(index + 1, total),
    });
    const sizes = referenceSizes(network, task);
    const rows = judged.map((side, k): EvaluationRow => {
      const { level, mode } = pairs[k] as Selected;
      const graph = graphs[k] as (typeof graphs)[number];
      const full = judged[pairs.findLastIndex((p) => p.mode === mode)] as JudgedSide;
      return {
        level,
        mode,
        parameters: countParameters(graph),
        macs: countMacs(specializeGraph(graph, sizes)),
        ...judgementOf(side),
        saving: savingOf(timeRatio(side.milliseconds, full.milliseconds)),
      };
    });
    const cases = judged.flatMap((side, k) => caseRows(side, dataset.names, task.classes, pairs[k] as Selected));
    return { images: dataset.names.length, rows, cases };
  } finally {
    for (const predictor of predictors) await predictor.dispose();
  }
}

interface Selected {
  readonly level: number;
  readonly mode: string;
}

/** The pairs of level and mode to judge; levels ascend, modes come as declared. */
function selections(
  network: Network,
  prune: 'all' | number | undefined,
  modes: readonly string[] | undefined,
): Selected[] {
  const levels = prune === 'all' ? network.levels : [prune ?? topLevel(network)];
  const unknown = modes?.find((m) => !network.modes.includes(m));
  if (unknown !== undefined) {
    throw new UserError(
      'unknown-mode',
      `${network.name} has no output mode ${unknown}`,
      `its modes are ${network.modes.join(', ')}`,
    );
  }
  const pairs = levels.flatMap((level) =>
    (modes ?? network.modes)
      .filter((mode) => network.modeOutputs.some((m) => m.level === level && m.mode === mode))
      .map((mode) => ({ level, mode })),
  );
  if (pairs.length === 0) {
    throw new UserError(
      'unknown-level',
      `${network.name} has no output at L${levels.join(', L')}${modes ? ` in ${modes.join(', ')}` : ''}`,
      `its levels are ${network.levels.map((l) => `L${l}`).join(', ')}`,
    );
  }
  return pairs;
}

/** One image of the size the network was trained at; 256 along axes nothing is known of. */
export function referenceSizes(network: Network, task: Task): Record<string, number> {
  const sizes: Record<string, number> = { N: 1 };
  const trained = task.resize ?? task.patch;
  (network.graph.inputs[0]?.value.type.shape ?? []).slice(2).forEach((d, k) => {
    const axis = task.axes[k];
    if (d.symbol !== null && axis) sizes[d.symbol] = validSize(axis, trained?.[k] ?? 256);
  });
  return sizes;
}
