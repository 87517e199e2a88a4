import { readFile } from 'node:fs/promises';
import { type AdaptiveFacts, adaptiveFactsOf } from '../runtime/deployment/adaptive/facts.js';
import { taskOfModel } from '../runtime/run/metadata.js';
import type { Task } from '../runtime/run/task.js';
import { fileFailure } from '../runtime/support/files/failure.js';

/** A file that `build --mode adaptive` wrote. */
export interface AdaptiveModel {
  readonly bytes: Uint8Array;
  readonly facts: AdaptiveFacts;
  readonly task: Task;
}

/**
 * An adaptive model, for a command that compares levels; null for a model of one level.
 * @throws UserError if the file can't be read, or is no model of ours
 */
export async function adaptiveModel(file: string): Promise<AdaptiveModel | null> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw fileFailure('read', file, error);
  });
  const task = taskOfModel(file, bytes);
  const facts = adaptiveFactsOf(file, bytes);
  return facts ? { bytes, facts, task } : null;
}
