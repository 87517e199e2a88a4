import { join } from 'node:path';
import { trainingPlan } from '../../compiler/index.js';
import type { Recipe } from '../../compiler/recipe.js';
import { UserError } from '../../compiler/user-error.js';
import { Batches, type Dataset, split } from '../data/index.js';
import { HeldOut } from '../evaluation/held-out.js';
import { recordImages } from '../run/images.js';
import { recordFormat } from '../run/record-schema.js';
import {
  createRun,
  differences,
  holdsRun,
  lockRun,
  namesHash,
  type RunRecord,
  readRecord,
  readSpec,
  runFiles,
  runWeights,
  specHash,
  writeRecord,
} from '../run/run-folder.js';
import { taskOf } from '../run/task.js';
import { makeFolder, removeEmptyFolders, writeAtomic } from '../support/files/atomic.js';
import { version } from '../support/version.js';
import { bestBy, bestMetrics, defaultBest } from './best.js';
import { runEpochs } from './epochs.js';
import { type EpochLine, startPosition } from './position.js';
import { writeReport } from './report/index.js';
import { resultOf, type Session, type TrainOptions, type TrainResult } from './session.js';
import { refuseSingleValues } from './single-value.js';
import { scaleText, withTrainingSize } from './training-size.js';

export type { TrainOptions, TrainProgress, TrainResult } from './session.js';

/**
 * Trains a network into a run folder, or goes on with one. Everything random follows from the recipe's seed and the
 * position in the run, so a run that was killed at any moment and resumed ends with the same weights and the same
 * `metrics.jsonl` (but for `seconds`) as one that was not.
 *
 * At the end of an epoch `best` is written first, then `last`, which carries all metrics lines so far, then the line is
 * appended to `metrics.jsonl`. A kill between any two leaves either the old `last`, from which the epoch is trained
 * again to the same result, or the new one, from which `metrics.jsonl` is restored.
 *
 * The folder is locked meanwhile: of two trainings into one folder, the second is refused.
 *
 * @throws UserError for data, sizes and folders that can't be used, for a folder in which another process trains, and when
 *   training diverges; the run's files are then those of its last good epoch
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const made = await makeFolder(options.runFolder);
  try {
    const lock = await lockRun(options.runFolder);
    try {
      if (lock.before) options.onProgress?.({ kind: 'taken-over', from: lock.before });
      return await trainLocked(options);
    } finally {
      await lock.release();
    }
  } finally {
    // Nothing is left of a training that never began.
    await removeEmptyFolders(made);
  }
}

async function trainLocked(options: TrainOptions): Promise<TrainResult> {
  const { runFolder, onProgress } = options;
  checkIgnored(options.dataset, options.recipe);
  const recipe = withTrainingSize(options.network, options.recipe, options.dataset);
  const size = recipe.patch ?? recipe.resize ?? [];
  const before = await previous(options);
  const names = options.heldOut ?? before?.heldOut;
  const parts = split(options.dataset, names ? { names } : { holdout: recipe.holdout, seed: recipe.seed });
  const best = options.best ?? bestMetrics.find((m) => m === before?.best) ?? defaultBest;
  const record = recordOf({ ...options, best }, recipe, parts.held.names);
  if (before) await checkSame(runFolder, before, record);
  const batches = new Batches(parts.train, recipe, { size });
  await batches.prepare((done, total) => onProgress?.({ kind: 'prepare', done, total }));
  for (const message of batches.warnings()) onProgress?.({ kind: 'warning', message });
  const made = trainingPlan(options.network, recipe, { batch: recipe.batch, size });
  refuseSingleValues(made);
  const plan = options.replan?.(made) ?? made;
  if (!before) await createRun(runFolder, record, options.specText, options.imports);
  await recordImages(runFolder, parts.train, parts.held);

  const position = await startPosition(join(runFolder, runFiles.last), plan, record);
  await restoreMetrics(runFolder, position.lines);
  onProgress?.({
    kind: 'start',
    epoch: position.lines.length + 1,
    epochs: recipe.epochs,
    images: parts.train.names.length,
    heldOut: parts.held.names.length,
    scale: scaleText(recipe, options.dataset.sizes),
    bestBy: bestBy(best, parts.held.names.length > 0),
    leftOut: batches.leftOut,
  });
  const session = { options, recipe, plan, record, batches, held: new HeldOut(parts.held, record.task), best };
  const result =
    position.lines.length >= recipe.epochs
      ? resultOf(session, position.lines, false)
      : await runEpochs(session, position);
  if (result.interrupted || options.report === false) return result;
  return finished(session, result, parts.held);
}

/** A number that is no class must be known to the loss: it is not left out on a guess. */
function checkIgnored({ masks, folder }: Dataset, recipe: Recipe): void {
  const { ignore } = recipe;
  if (!masks.assumedIgnore || ignore !== undefined) return;
  throw new UserError(
    'mask-void',
    `${folder}: masks hold ${masks.ignore}, which is no class and by habit means "not annotated"`,
    `leave such pixels out of the loss: ignore = ${masks.ignore} in the train block; or say what they are: masks = ...`,
  );
}

/** Judges every level of the trained network, and writes the report. */
async function finished({ options, record }: Session, result: TrainResult, held: Dataset): Promise<TrainResult> {
  const { runFolder: folder, network, engine, judge = engine, signal, onProgress } = options;
  try {
    const rows = await writeReport({
      folder,
      record,
      network,
      weights: await runWeights(folder),
      lines: result.lines,
      held,
      engine: judge,
      ...(signal ? { signal } : {}),
      onProgress: (done, total) => onProgress?.({ kind: 'report', done, total }),
    });
    return { ...result, rows };
  } catch (error) {
    if (signal?.aborted) return { ...result, interrupted: true };
    throw error;
  }
}

/** The record of the run that is to be resumed; null where a new one starts. */
async function previous({ runFolder, resume }: TrainOptions): Promise<RunRecord | null> {
  if (!(await holdsRun(runFolder))) return null;
  if (resume) {
    const record = await readRecord(runFolder);
    await readSpec(runFolder, record);
    return record;
  }
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
    format: recordFormat,
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
    task: taskOf(network, recipe, dataset.classNames, dataset.masks),
    ...(options.best && options.best !== defaultBest ? { best: options.best } : {}),
  };
}

const restoreMetrics = (folder: string, lines: readonly EpochLine[]): Promise<void> =>
  writeAtomic(join(folder, runFiles.metrics), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
