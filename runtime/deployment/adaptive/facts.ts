import { type AdaptiveFacts, adaptiveKey } from '../../../compiler/6-build/adaptive-facts.js';
import { readMetadataProps } from '../../run/metadata.js';
import { UserError } from '../../support/user-error.js';

export {
  type AdaptiveFacts,
  adaptiveKey,
  adaptiveMode,
  type Calibration,
  type LevelFacts,
} from '../../../compiler/6-build/adaptive-facts.js';

/**
 * What a model file says of its levels; null for a model of one level.
 * @throws UserError if it is no ONNX file, or says it in a way that is not ours
 */
export function adaptiveFactsOf(file: string, bytes: Uint8Array): AdaptiveFacts | null {
  const text = readMetadataProps(file, bytes).get(adaptiveKey);
  if (text === undefined) return null;
  try {
    const facts = JSON.parse(text) as AdaptiveFacts;
    if (facts.levels.length >= 2 && facts.levels.every((l) => Number.isInteger(l.level))) return facts;
  } catch {
    // Not JSON, or without levels: damaged as well.
  }
  throw new UserError('model-corrupt', `${file} does not say which levels it has`, "build it again with 'unetc build'");
}
