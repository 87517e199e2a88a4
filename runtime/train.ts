import { join } from 'node:path';
import type { TrainingPlan } from '../compiler/3-transform/training-plan.js';
import { type ImportedFile, trainingPlan } from '../compiler/index.js';
import type { Network } from '../compiler/ir/graph.js';
import type { Recipe } from '../compiler/recipe.js';
import { saveCheckpoint, saveWeights, weightsOfState } from './checkpoint.js';
import { Batches, type Dataset, split } from './data/index.js';
import type { Engine, Trainer, TrainingState } from './engine.js';
import type { EvaluationRow } from './evaluate.js';
import { makeFolder, writeAtomic } from './files/atomic.js';
import { appendRecord } from './files/json-lines.js';
import { HeldOut } from './held-out.js';
import { bestOf, type EpochLine, type Position, positionNotes, startPosition } from './position.js';
import { stream } from './random.js';
import { writeReport } from './report.js';
import {
  createRun,
  differences,
  holdsRun,
  namesHash,
  type RunRecord,
  readRecord,
  runFiles,
  runWeights,
  specHash,
  writeRecord,
} from './run-folder.js';
import { learningRate } from './schedule.js';
import { taskOf } from './task.js';
import { withTrainingSize } from './training-size.js';
import { UserError } from './user-error.js';
import { type Validation, validate } from './validate.js';
import { version } from './version.js';

export type TrainProgress =
  | { readonly kind: 'prepare'; readonly done: number; readonly total: number }
  | {
      readonly kind: 'start';
      readonly epoch: number;
      readonly epochs: number;
      readonly images: number;
      readonly heldOut: number;
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
  readonly engine: Engine;
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
  /** Quality of the best epoch by level and mode, once the run is done. */
  readonly rows?: readonly EvaluationRow[];
}

/**
 * Trains a network into a run folder, or goes on with one. Everything random follows from the recipe's seed and the
 * position in the run, so a run that was killed at any moment and resumed ends with the same weights and the same
 * `metrics.jsonl` (but for `seconds`) as one that was not.
 *
 * At the end of an epoch `best` is written first, then `last`, which carries all metrics lines so far, then the line is
 * appended to `metrics.jsonl`. A kill between any two leaves either the old `last`, from which the epoch is trained
 * again to the same result, or the new one, from which `metrics.jsonl` is restored.
 *
 * @throws UserError for data, sizes and folders that can't be used, and when training diverges; the run's files are then
 *   those of its last good epoch
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { runFolder, onProgress } = options;
  const recipe = withTrainingSize(options.network, options.recipe, options.dataset);
  const size = recipe.patch ?? recipe.resize ?? [];
  const before = await previous(options);
  const names = options.heldOut ?? before?.heldOut;
  const parts = split(options.dataset, names ? { names } : { holdout: recipe.holdout, seed: recipe.seed });
  const record = recordOf(options, recipe, parts.held.names);
  if (before) await checkSame(runFolder, before, record);
  const batches = new Batches(parts.train, recipe, { size });
  await batches.prepare((done, total) => onProgress?.({ kind: 'prepare', done, total }));
  const plan = trainingPlan(options.network, recipe, { batch: recipe.batch, size });
  if (!before) {
    await makeFolder(runFolder);
    await createRun(runFolder, record, options.specText, options.imports);
  }

  const position = await startPosition(join(runFolder, runFiles.last), plan, record);
  await restoreMetrics(runFolder, position.lines);
  onProgress?.({
    kind: 'start',
    epoch: position.lines.length + 1,
    epochs: recipe.epochs,
    images: parts.train.names.length,
    heldOut: parts.held.names.length,
  });
  const session = { options, recipe, plan, record, batches, held: new HeldOut(parts.held, record.task) };
  const result =
    position.lines.length >= recipe.epochs
      ? resultOf(runFolder, position.lines, false)
      : await runEpochs(session, position);
  if (result.interrupted || options.report === false) return result;
  return finished(session, result, parts.held);
}

/** Judges every level of the trained network, and writes the report. */
async function finished({ options, record }: Session, result: TrainResult, held: Dataset): Promise<TrainResult> {
  const { runFolder: folder, network, engine, signal, onProgress } = options;
  try {
    const rows = await writeReport({
      folder,
      record,
      network,
      weights: await runWeights(folder),
      lines: result.lines,
      held,
      engine,
      ...(signal ? { signal } : {}),
      onProgress: (done, total) => onProgress?.({ kind: 'report', done, total }),
    });
    return { ...result, rows };
  } catch (error) {
    if (signal?.aborted) return { ...result, interrupted: true };
    throw error;
  }
}

interface Session {
  readonly options: TrainOptions;
  readonly recipe: Recipe;
  readonly plan: TrainingPlan;
  readonly record: RunRecord;
  readonly batches: Batches;
  readonly held: HeldOut;
}

async function runEpochs(session: Session, start: Position): Promise<TrainResult> {
  const trainer = await session.options.engine.trainer(session.plan, start.state);
  try {
    return await trainEpochs(session, trainer, start);
  } finally {
    await trainer.dispose();
  }
}

async function trainEpochs(session: Session, trainer: Trainer, start: Position): Promise<TrainResult> {
  const { options, recipe } = session;
  const { runFolder, signal } = options;
  let lines = start.lines;
  let position = start;
  while (lines.length < recipe.epochs) {
    const epoch = lines.length + 1;
    const stepped = await runSteps(session, trainer, position);
    const stop = async (): Promise<TrainResult> => {
      await saveLast(session, stepped, await trainer.snapshot());
      return resultOf(runFolder, lines, true);
    };
    if (signal?.aborted) return stop();
    const started = performance.now();
    const state = await trainer.snapshot();
    const loss = stepped.lossSum / session.batches.perEpoch;
    const judged = await judge(session, state, epoch);
    if (judged === 'aborted') return stop();
    const seconds = stepped.seconds + (performance.now() - started) / 1000;
    const line: EpochLine = {
      epoch,
      loss,
      lr: stepped.lr,
      seconds: Math.round(seconds * 1000) / 1000,
      heads: judged?.heads ?? [],
      average: judged?.average ?? null,
      output: judged?.output ?? null,
    };
    const best = bestOf(lines);
    lines = [...lines, line];
    if (bestOf(lines)?.epoch !== best?.epoch) await saveBest(session, state, line);
    position = { lines, step: 0, lossSum: 0, seconds: 0, lr: 0, state };
    await saveLast(session, position, state);
    await appendRecord(join(runFolder, runFiles.metrics), { ...line });
    options.onProgress?.({ kind: 'epoch', epochs: recipe.epochs, line });
    if (signal?.aborted) break;
  }
  return resultOf(runFolder, lines, lines.length < recipe.epochs || (signal?.aborted ?? false));
}

/** An epoch's validation; null without held-out images. */
async function judge(
  { options, plan, record, held }: Session,
  state: TrainingState,
  epoch: number,
): Promise<Validation | null | 'aborted'> {
  const { network, engine, signal } = options;
  if (held.length === 0) return null;
  try {
    return await validate({
      network,
      weights: weightsOfState(plan, state),
      engine,
      task: record.task,
      held,
      ...(signal ? { signal } : {}),
      onImage: (done, total) => options.onProgress?.({ kind: 'validate', epoch, done, total }),
    });
  } catch (error) {
    if (signal?.aborted) return 'aborted';
    throw error;
  }
}

/** The rest of an epoch's steps, from where a position stands; stops early when the signal says so. */
async function runSteps(session: Session, trainer: Trainer, from: Position): Promise<Position> {
  const { options, recipe, batches } = session;
  const epoch = from.lines.length + 1;
  const steps = batches.perEpoch;
  let { step, lossSum, lr } = from;
  const started = performance.now();
  for await (const { image, target } of batches.epoch(epoch, step)) {
    if (options.signal?.aborted) break;
    const done = (epoch - 1) * steps + step;
    lr = learningRate(recipe.schedule, recipe.optimizer.lr, {
      step: done,
      total: recipe.epochs * steps,
      stepsPerEpoch: steps,
      lines: from.lines,
    });
    const seed = stream(recipe.seed, 'dropout', done).uint32();
    const result = await trainer.step({ image, target, lr, step: done + 1, seed });
    step++;
    if (!Number.isFinite(result.loss) || !Number.isFinite(result.gradientNorm))
      throw diverged(session, epoch, step, result.loss);
    lossSum += result.loss;
    options.onProgress?.({ kind: 'step', epoch, step, steps, loss: result.loss, lr });
  }
  return { ...from, step, lossSum, lr, seconds: from.seconds + (performance.now() - started) / 1000 };
}

function diverged({ options, recipe }: Session, epoch: number, step: number, loss: number): UserError {
  const what = Number.isFinite(loss) ? 'the gradient is no longer finite' : `the loss became ${loss}`;
  const kept = epoch > 1 ? `; ${options.runFolder} keeps epoch ${epoch - 1}` : '';
  return new UserError(
    'training-diverged',
    `training diverged: ${what} in epoch ${epoch}, step ${step}${kept}`,
    `start again with a smaller lr (it is ${recipe.optimizer.lr}), a warm-up, or clip = 1`,
  );
}

/** The record of the run that is to be resumed; null where a new one starts. */
async function previous({ runFolder, resume }: TrainOptions): Promise<RunRecord | null> {
  if (!(await holdsRun(runFolder))) return null;
  if (resume) return readRecord(runFolder);
  throw new UserError(
    'run-exists',
    `${runFolder} holds a run already`,
    'go on with it with --resume, or choose another folder',
  );
}

async function checkSame(folder: string, before: RunRecord, now: RunRecord): Promise<void> {
  const found = differences(before, now);
  if (found.length > 0) {
    throw new UserError(
      'run-differs',
      `${folder} was trained with other settings: ${found.join(', ')}`,
      'resume with the settings it was started with, or start a new run in another folder',
    );
  }
  if (JSON.stringify(before) !== JSON.stringify(now)) await writeRecord(folder, now);
}

function recordOf(options: TrainOptions, recipe: Recipe, heldOut: readonly string[]): RunRecord {
  const { network, dataset } = options;
  const { name, device, precision } = options.engine;
  return {
    unetc: version(),
    network: network.name,
    spec: specHash(options.specText, options.imports),
    set: options.set ?? {},
    params: options.params ?? {},
    recipe,
    seed: recipe.seed,
    engine: { name, device, precision },
    data: { folder: dataset.folder, images: dataset.names.length, names: namesHash(dataset.names) },
    heldOut,
    task: taskOf(network, recipe, dataset.classNames),
  };
}

const restoreMetrics = (folder: string, lines: readonly EpochLine[]): Promise<void> =>
  writeAtomic(join(folder, runFiles.metrics), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));

async function saveLast(
  { options, plan, record, batches }: Session,
  position: Position,
  state: TrainingState,
): Promise<void> {
  const epoch = position.lines.length;
  await saveCheckpoint(join(options.runFolder, runFiles.last), {
    layout: plan,
    state,
    meta: {
      spec: record.spec,
      options: { set: record.set },
      epoch,
      step: epoch * batches.perEpoch + position.step,
      seed: record.seed,
      notes: positionNotes(position),
    },
  });
}

async function saveBest({ options, plan, record }: Session, state: TrainingState, line: EpochLine): Promise<void> {
  await saveWeights(join(options.runFolder, runFiles.best), weightsOfState(plan, state), {
    spec: record.spec,
    options: JSON.stringify({ set: record.set }),
    epoch: String(line.epoch),
  });
}

const resultOf = (run: string, lines: readonly EpochLine[], interrupted: boolean): TrainResult => ({
  run,
  interrupted,
  epochs: lines.length,
  lines,
  best: bestOf(lines),
});
