import { type AdaptiveFacts, adaptiveFactsOf } from '../runtime/deployment/adaptive/facts.js';
import { type ModelFile, readModelFile } from '../runtime/run/model-file.js';

/** A file that `build --mode adaptive` wrote. */
export interface AdaptiveModel {
  readonly model: ModelFile;
  readonly facts: AdaptiveFacts;
}

/**
 * An adaptive model, for a command that compares levels; null for a model of one level.
 * @throws UserError if the file can't be read, is refused, or is no model of ours
 */
export async function adaptiveModel(
  file: string,
  options: { readonly trust?: boolean },
): Promise<AdaptiveModel | null> {
  const model = await readModelFile(file, options);
  const facts = adaptiveFactsOf(file, model.metadata);
  return facts ? { model, facts } : null;
}
