import { type AdaptiveFacts, adaptiveKey, type LevelFacts } from '../../../compiler/6-build/adaptive-facts.js';
import { UserError } from '../../../compiler/user-error.js';

export {
  type AdaptiveFacts,
  adaptiveKey,
  adaptiveMode,
  type Calibration,
  type LevelFacts,
} from '../../../compiler/6-build/adaptive-facts.js';

/**
 * What a model file says of its levels; null for a model of one level.
 * @param metadata of the file
 * @throws UserError if it says it in a way that is not ours
 */
export function adaptiveFactsOf(file: string, metadata: ReadonlyMap<string, string>): AdaptiveFacts | null {
  const text = metadata.get(adaptiveKey);
  if (text === undefined) return null;
  try {
    const facts: unknown = JSON.parse(text);
    if (areFacts(facts)) return facts;
  } catch {
    // Not JSON: damaged as well.
  }
  throw new UserError('model-corrupt', `${file} does not say which levels it has`, "build it again with 'unetc build'");
}

const isObject = (v: unknown): v is Readonly<Record<string, unknown>> => typeof v === 'object' && v !== null;
const isCount = (v: unknown): v is number => typeof v === 'number' && Number.isSafeInteger(v) && v >= 0;

/** As much of them as is used: the rest is only shown. */
function areFacts(facts: unknown): facts is AdaptiveFacts {
  if (!isObject(facts) || typeof facts.answers !== 'string' || !Array.isArray(facts.levels)) return false;
  const levels: readonly unknown[] = facts.levels;
  return (
    levels.length >= 2 &&
    levels.length <= 100 &&
    levels.every(
      (l, k) =>
        isObject(l) &&
        isCount(l.level) &&
        isCount(l.parameters) &&
        typeof l.macs === 'number' &&
        l.macs >= 0 &&
        (l.threshold === undefined || typeof l.threshold === 'number') &&
        (k === 0 || l.level > ((levels[k - 1] as LevelFacts).level ?? 0)),
    )
  );
}
