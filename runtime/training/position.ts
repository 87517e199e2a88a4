import { stat } from 'node:fs/promises';
import type { TrainingPlan } from '../../compiler/3-transform/training-plan.js';
import { initialState } from '../../compiler/6-build/initialize.js';
import { UserError } from '../../compiler/user-error.js';
import type { TrainingState } from '../engines/engine.js';
import type { Validation } from '../evaluation/validate.js';
import { type Checkpoint, loadCheckpoint, stateOf } from '../run/checkpoint.js';
import { epochLinesSchema, positionSchema } from '../run/record-schema.js';
import { failedWith, fileFailure } from '../support/files/failure.js';
import { checked, Mismatch, parseJson } from '../support/schema.js';

/** One line of `metrics.jsonl`. */
export interface EpochLine {
  /** From 1. */
  readonly epoch: number;
  /** Mean over the epoch's steps. */
  readonly loss: number;
  /** Of its last step. */
  readonly lr: number;
  /** Wall-clock, training and validation; the one figure a resumed run does not repeat. */
  readonly seconds: number;
  readonly heads: Validation['heads'];
  /** Null without held-out images. */
  readonly average: Validation['average'] | null;
  readonly output: Validation['output'] | null;
}

/** Where a run stands: after `lines.length` whole epochs and `step` steps of the next. */
export interface Position {
  readonly lines: readonly EpochLine[];
  readonly step: number;
  /** Over those steps. */
  readonly lossSum: number;
  readonly seconds: number;
  readonly lr: number;
}

/** And with what: the state is handed out once, so that nobody keeps it while an engine has its own. */
export interface Start extends Position {
  takeState(): TrainingState;
}

const startAt = (position: Position, state: TrainingState): Start => {
  let kept: TrainingState | undefined = state;
  return {
    ...position,
    takeState() {
      if (!kept) throw new Error('the state was taken before');
      const taken = kept;
      kept = undefined;
      return taken;
    },
  };
};

/** What a checkpoint says beside its tensors, so that it alone is enough to go on. Numbers survive JSON to the last bit. */
export function positionNotes({ lines, step, lossSum, seconds, lr }: Position): Record<string, string> {
  return { position: JSON.stringify({ step, lossSum, seconds, lr }), lines: JSON.stringify(lines) };
}

/**
 * Where to start: at the run's checkpoint, or before the first step where there is none yet.
 * @throws UserError if the checkpoint is damaged, or of another network
 */
export async function startPosition(
  file: string,
  plan: TrainingPlan,
  { seed, spec }: { readonly seed: number; readonly spec?: string },
): Promise<Start> {
  try {
    await stat(file);
  } catch (error) {
    if (!failedWith(error, 'ENOENT')) throw fileFailure('read', file, error);
    return startAt({ lines: [], step: 0, lossSum: 0, seconds: 0, lr: 0 }, initialState(plan, seed));
  }
  const checkpoint = await loadCheckpoint(file);
  return startAt(positionOf(checkpoint, { seed, spec }), stateOf(checkpoint, plan));
}

function positionOf({ file, meta }: Checkpoint, run: { readonly seed: number; readonly spec?: string }): Position {
  const hint = 'put back the checkpoint of this run, or start a new run in another folder';
  const foreign = (why: string): UserError => new UserError('checkpoint-foreign', `${file} ${why}`, hint);
  if (!meta) throw foreign('does not say where its run stood');
  if (run.spec !== undefined && meta.spec !== run.spec) throw foreign('is of a run with another spec');
  if (meta.seed !== run.seed) throw foreign(`is of a run with the seed ${meta.seed}, and this one has ${run.seed}`);
  const part = <T>(name: 'position' | 'lines', schema: Parameters<typeof checked>[0]): T => {
    try {
      return checked(schema, parseJson(meta.notes?.[name] ?? '')) as T;
    } catch (error) {
      if (!(error instanceof Mismatch)) throw error;
      throw foreign(`does not say where its run stood: ${name}: ${error.message}`);
    }
  };
  const lines = part<EpochLine[]>('lines', epochLinesSchema);
  const position = part<Omit<Position, 'lines'>>('position', positionSchema);
  if (lines.length !== meta.epoch) throw foreign(`is of epoch ${meta.epoch}, and has the figures of ${lines.length}`);
  return { ...position, lines };
}
