/** Facts of one level of an adaptive model. */
export interface LevelFacts {
  readonly level: number;
  /** Of this level and those before it. */
  readonly parameters: number;
  /** Of an image whose result is from this level, at the size in `AdaptiveFacts.macsAt`. */
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
  /** The number of images whose result is from each level. */
  readonly answered: readonly number[];
}

export interface AdaptiveFacts {
  /** The spec's mode of every level's output. */
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
