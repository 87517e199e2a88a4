import type { TrainingPlan } from '../../compiler/3-transform/training-plan.js';
import type { ImportedFile } from '../../compiler/index.js';
import type { Network } from '../../compiler/ir/graph.js';
import type { Recipe } from '../../compiler/recipe.js';
import type { Batches, Dataset } from '../data/index.js';
import type { Engine, TrainingEngine } from '../engines/engine.js';
import type { EvaluationRow } from '../evaluation/evaluate.js';
import type { HeldOut } from '../evaluation/held-out.js';
import type { RunRecord } from '../run/run-folder.js';
import type { LockOwner } from '../support/files/lock.js';
import { type BestMetric, bestOf } from './best.js';
import type { EpochLine } from './position.js';

export type TrainProgress =
  /** A process that is gone had locked the run's folder. */
  | { readonly kind: 'taken-over'; readonly from: LockOwner }
  | { readonly kind: 'prepare'; readonly done: number; readonly total: number }
  /** Something about the images or batches that a user may not expect; said once. */
  | { readonly kind: 'warning'; readonly message: string }
  | {
      readonly kind: 'start';
      readonly epoch: number;
      readonly epochs: number;
      readonly images: number;
      readonly heldOut: number;
      /** At what scale images are trained on and predicted, in words. */
      readonly scale: string;
      /** What the best epoch is chosen by, in words. */
      readonly bestBy: string;
      /** Images that each epoch leaves out, since its last batch would not be full. */
      readonly leftOut: number;
    }
  | {
      readonly kind: 'step';
      readonly epoch: number;
      readonly step: number;
      readonly steps: number;
      readonly loss: number;
      readonly lr: number;
    }
  | { readonly kind: 'validate'; readonly epoch: number; readonly done: number; readonly total: number }
  | { readonly kind: 'epoch'; readonly epochs: number; readonly line: EpochLine }
  | { readonly kind: 'report'; readonly done: number; readonly total: number };

export interface TrainOptions {
  readonly specText: string;
  /** The files it imports (`load().imports`). */
  readonly imports?: readonly ImportedFile[];
  /** `--set` values the network was loaded with. */
  readonly set?: Readonly<Record<string, string>>;
  /** The effective params, for the record (`load().params`). */
  readonly params?: Readonly<Record<string, unknown>>;
  readonly network: Network;
  /** The spec's, with command-line flags already applied. */
  readonly recipe: Recipe;
  /** Opened with `dataFormat(network, recipe)`. */
  readonly dataset: Dataset;
  /** Names to hold out; absent: what the run held out before, or a seeded share, `recipe.holdout`. */
  readonly heldOut?: readonly string[];
  readonly runFolder: string;
  /** The plan to train by in place of the one made: one that needs less memory, say. */
  readonly replan?: (plan: TrainingPlan) => TrainingPlan;
  /** Trains, and judges every epoch. */
  readonly engine: TrainingEngine;
  /** Judges the levels of the finished network: what it is measured in is what it is shipped in. Absent: `engine`. */
  readonly judge?: Engine;
  /** What chooses the best epoch, and what a plateau is seen by; default: what the run was started with, or `iou`. */
  readonly best?: BestMetric;
  /** Go on with the run in `runFolder`; without one there, start it. */
  readonly resume?: boolean;
  /** False: no evaluation by level and no `report.html` at the end. */
  readonly report?: boolean;
  readonly onProgress?: (progress: TrainProgress) => void;
  /** Aborting stops after the step that runs, saves, and returns with `interrupted`. */
  readonly signal?: AbortSignal;
}

export interface TrainResult {
  readonly run: string;
  /** Stopped by the signal: `resume` goes on with the next step. */
  readonly interrupted: boolean;
  /** Epochs finished, over all sessions of the run. */
  readonly epochs: number;
  /** A line for each of them. */
  readonly lines: readonly EpochLine[];
  readonly best: { readonly epoch: number; readonly score: number } | null;
  /** What chose it. */
  readonly bestMetric: BestMetric;
  /** Quality of the best epoch by level and mode, once the run is done. */
  readonly rows?: readonly EvaluationRow[];
}

/** What all of one call shares. */
export interface Session {
  readonly options: TrainOptions;
  readonly recipe: Recipe;
  readonly plan: TrainingPlan;
  readonly record: RunRecord;
  readonly batches: Batches;
  readonly held: HeldOut;
  readonly best: BestMetric;
}

export const resultOf = (
  { options, best }: Pick<Session, 'options' | 'best'>,
  lines: readonly EpochLine[],
  interrupted: boolean,
): TrainResult => ({
  run: options.runFolder,
  interrupted,
  epochs: lines.length,
  lines,
  best: bestOf(lines, best),
  bestMetric: best,
});
