import { bindGraph, countMacs, countParameters, deploy, topLevel } from '../../compiler/index.js';
import type { Network } from '../../compiler/ir/graph.js';
import type { Dataset } from '../data/index.js';
import type { Engine, Weights } from '../engines/engine.js';
import { type Task, validSize } from '../run/task.js';
import { UserError } from '../support/user-error.js';
import { HeldOut } from './held-out.js';
import { judge } from './judge.js';
import type { Quality } from './metrics.js';

/** One level in one mode: its cost, its quality, its speed. */
export interface EvaluationRow extends Quality {
  readonly level: number;
  readonly mode: string;
  readonly parameters: number;
  /** Of one image of the training size. */
  readonly macs: number;
  /** Median over images, from the network's input to maps of the image's size. */
  readonly milliseconds: number;
}

export interface Evaluation {
  readonly images: number;
  readonly rows: readonly EvaluationRow[];
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
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
  /** Told the IoU of each image, as it is judged. */
  readonly onImage?: (row: {
    readonly level: number;
    readonly mode: string;
    readonly index: number;
    readonly iou: number;
  }) => void;
}

/**
 * Quality by level and mode. Every row runs a graph pruned for it, so its time is what a deployment would see.
 * Images are judged at the resolution the network was trained for: resized if it was trained on resized images (masks
 * by the nearest pixel), else at their own, padded by reflection to a valid size.
 *
 * @throws UserError without images, or for a level or mode that the network does not have
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { network, dataset } = options;
  if (dataset.names.length === 0) {
    throw new UserError(
      'data-empty',
      `there are no images to evaluate on in ${dataset.folder}`,
      'name a split that holds some out',
    );
  }
  const pairs = selections(network, options.prune, options.modes);
  const held = new HeldOut(dataset, options.task);
  const rows: EvaluationRow[] = [];
  for (const [k, pair] of pairs.entries()) {
    const progress = (done: number): void => options.onProgress?.(k * held.length + done, pairs.length * held.length);
    rows.push(await evaluateOne(options, held, pair.level, pair.mode, progress));
  }
  return { images: dataset.names.length, rows };
}

async function evaluateOne(
  options: EvaluateOptions,
  held: HeldOut,
  level: number,
  mode: string,
  progress: (done: number) => void,
): Promise<EvaluationRow> {
  const { network, task, engine, signal } = options;
  const graph = deploy(network, { level, mode });
  const predictor = await engine.predictor(graph, options.weights);
  try {
    const { quality, milliseconds } = await judge(predictor, held, {
      task,
      output: network.outputName,
      ...(signal ? { signal } : {}),
      onImage: (iou, done) => {
        options.onImage?.({ level, mode, index: done - 1, iou });
        progress(done);
      },
    });
    const macs = countMacs(bindGraph(graph, referenceSizes(network, task)));
    return { level, mode, parameters: countParameters(graph), macs, ...quality, milliseconds: median(milliseconds) };
  } finally {
    await predictor.dispose();
  }
}

/** The pairs of level and mode to judge; levels ascend, modes come as declared. */
function selections(
  network: Network,
  prune: 'all' | number | undefined,
  modes: readonly string[] | undefined,
): { level: number; mode: string }[] {
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

/** The middle of a list, or the mean of its two middle ones; NaN if it is empty. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? Number.NaN) + (sorted[Math.floor(half)] ?? Number.NaN)) / 2;
}
