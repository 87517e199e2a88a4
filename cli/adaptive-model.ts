import { readFile } from 'node:fs/promises';
import { type AdaptiveFacts, adaptiveFactsOf } from '../runtime/adaptive/facts.js';
import { fileFailure } from '../runtime/files/failure.js';
import { taskOfModel } from '../runtime/model-metadata.js';
import type { Task } from '../runtime/task.js';
import { UserError } from '../runtime/user-error.js';

/** A file that `build --mode adaptive` wrote. */
export interface AdaptiveModel {
  readonly bytes: Uint8Array;
  readonly facts: AdaptiveFacts;
  readonly task: Task;
}

/**
 * Reads an adaptive model, for a command that compares levels.
 * @throws UserError if the file can't be read, is no model of ours, or has one level only
 */
export async function readAdaptive(file: string): Promise<AdaptiveModel> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw fileFailure('read', file, error);
  });
  const task = taskOfModel(file, bytes);
  const facts = adaptiveFactsOf(file, bytes);
  if (facts) return { bytes, facts, task };
  throw new UserError(
    'one-level',
    `${file} is a model of one level: there are no levels to compare in it`,
    'name the run it was built from, or a file of build --mode adaptive',
  );
}
