import { join } from 'node:path';
import { stream } from '../../compiler/random.js';
import { UserError } from '../../compiler/user-error.js';
import type { Trainer, TrainingState } from '../engines/engine.js';
import { type Validation, validate } from '../evaluation/validate.js';
import { saveCheckpoint, saveWeights, weightsOfState } from '../run/checkpoint.js';
import { runFiles } from '../run/run-folder.js';
import { appendRecord } from '../support/files/json-lines.js';
import { collectGarbage } from '../support/garbage.js';
import { bestOf } from './best.js';
import { learningRate } from './lr-schedule.js';
import { type EpochLine, type Position, positionNotes, type Start } from './position.js';
import { resultOf, type Session, type TrainResult } from './session.js';

/** Trains from a position to the end, or until the signal says so. */
export async function runEpochs(session: Session, start: Start): Promise<TrainResult> {
  const trainer = await session.options.engine.trainer(session.plan, start.takeState());
  try {
    collectGarbage();
    return await trainEpochs(session, trainer, start);
  } finally {
    await trainer.dispose();
  }
}

async function trainEpochs(session: Session, trainer: Trainer, start: Position): Promise<TrainResult> {
  const { options, recipe } = session;
  const { signal } = options;
  let position = start;
  while (position.lines.length < recipe.epochs) {
    const stepped = await runSteps(session, trainer, position);
    const closed = signal?.aborted ? null : await closeEpoch(session, trainer, stepped);
    if (!closed) {
      await saveLast(session, stepped, await trainer.snapshot());
      return resultOf(session, position.lines, true);
    }
    position = closed;
    collectGarbage();
    if (signal?.aborted) break;
  }
  return resultOf(session, position.lines, position.lines.length < recipe.epochs || (signal?.aborted ?? false));
}

/** Judges an epoch and saves where the run stands after it; null where the signal stopped it before it was saved. */
async function closeEpoch(session: Session, trainer: Trainer, stepped: Position): Promise<Position | null> {
  const { options, recipe } = session;
  const epoch = stepped.lines.length + 1;
  const started = performance.now();
  const state = await trainer.snapshot();
  const judged = await judge(session, state, epoch);
  if (judged === 'aborted') return null;
  const seconds = stepped.seconds + (performance.now() - started) / 1000;
  const line: EpochLine = {
    epoch,
    loss: stepped.lossSum / session.batches.perEpoch,
    lr: stepped.lr,
    seconds: Math.round(seconds * 1000) / 1000,
    heads: judged?.heads ?? [],
    average: judged?.average ?? null,
    output: judged?.output ?? null,
  };
  const lines = [...stepped.lines, line];
  if (bestOf(lines, session.best)?.epoch !== bestOf(stepped.lines, session.best)?.epoch)
    await saveBest(session, state, line);
  const position = { lines, step: 0, lossSum: 0, seconds: 0, lr: 0 };
  await saveLast(session, position, state);
  await appendRecord(join(options.runFolder, runFiles.metrics), { ...line });
  options.onProgress?.({ kind: 'epoch', epochs: recipe.epochs, line });
  return position;
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
      best: session.best,
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
