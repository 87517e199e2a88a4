import { stat } from 'node:fs/promises';
import type { TrainingPlan } from '../../compiler/3-transform/training-plan.js';
import type { TrainingState } from '../engines/engine.js';
import type { Validation } from '../evaluation/validate.js';
import { loadCheckpoint, stateOf } from '../run/checkpoint.js';
import { initialState } from '../run/initialize.js';
import { failedWith } from '../support/files/failure.js';
import { UserError } from '../support/user-error.js';

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
  { seed }: { readonly seed: number },
): Promise<Start> {
  try {
    await stat(file);
  } catch (error) {
    if (!failedWith(error, 'ENOENT')) throw error;
    return startAt({ lines: [], step: 0, lossSum: 0, seconds: 0, lr: 0 }, initialState(plan, seed));
  }
  const checkpoint = await loadCheckpoint(file);
  const notes = checkpoint.meta?.notes ?? {};
  try {
    const at = JSON.parse(notes.position ?? '') as Omit<Position, 'lines'>;
    const lines = JSON.parse(notes.lines ?? '') as EpochLine[];
    const numbers = [at.step, at.lossSum, at.seconds, at.lr];
    if (Array.isArray(lines) && numbers.every((n) => Number.isFinite(n))) {
      return startAt({ ...at, lines }, stateOf(checkpoint, plan));
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
  }
  throw new UserError(
    'checkpoint-foreign',
    `${file} does not say where its run stood`,
    'start a new run in another folder',
  );
}
