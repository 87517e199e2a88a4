import { UserError } from '../../support/user-error.js';

/** What an adaptive model says of one of its levels. */
export interface LevelFacts {
  readonly level: number;
  /** Of this level and those before it. */
  readonly parameters: number;
  /** Of an image that this level answers, at the size in `AdaptiveFacts.macsAt`. */
  readonly macs: number;
  /** From this uncertainty on the next level is asked; the last level has none. */
  readonly threshold?: number;
}

/** On what, and for what, thresholds were chosen. */
export interface Calibration {
  readonly images: number;
  /** `namesHash` of the images' names. */
  readonly names: string;
  /** What was allowed, with the margin of so few images: a share, 0.005 for half a percentage point of IoU below the deepest level's. */
  readonly loss: number;
  /** Mean IoU on these images: of the model, and of its deepest level; and the standard error of their difference. */
  readonly iou: number;
  readonly deepest: number;
  readonly standardError: number;
  /** Mean MACs of an image, as a share of the deepest level's. */
  readonly cost: number;
  /** Images that each level answered. */
  readonly answered: readonly number[];
}

export interface AdaptiveFacts {
  /** The spec's mode that every level answers in. */
  readonly answers: string;
  readonly macsAt: readonly number[];
  /** Ascending. */
  readonly levels: readonly LevelFacts[];
  /** Absent where thresholds were given by hand. */
  readonly calibration?: Calibration;
}

/** The metadata key under which an adaptive model keeps its `AdaptiveFacts`. */
export const adaptiveKey = 'unetc.adaptive';

/** What `unetc.mode` says of an adaptive model. */
export const adaptiveMode = 'adaptive';

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
