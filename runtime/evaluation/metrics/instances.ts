/** IoU thresholds of AP: 0.5, 0.55, ..., 0.95. */
export const instanceThresholds: readonly number[] = Array.from({ length: 10 }, (_, k) => (50 + 5 * k) / 100);

/** Objects of two label maps that match, for any threshold of at least 0.5. */
export interface InstanceMatches {
  /** IoU of each pair above 0.5. Objects don't overlap within a map, so that each is in one such pair at most. */
  readonly ious: readonly number[];
  /** Objects predicted. */
  readonly predicted: number;
  /** Objects of the truth. */
  readonly truth: number;
}

/**
 * Matches the objects of two label maps of one size: 0 is background, any other number is an object, in one piece or not.
 */
export function matchInstances(predicted: ArrayLike<number>, truth: ArrayLike<number>): InstanceMatches {
  if (predicted.length !== truth.length) throw new Error('label maps differ in size');
  const areas = [new Map<number, number>(), new Map<number, number>()] as const;
  const both = new Map<number, Map<number, number>>();
  const count = <K>(map: Map<K, number>, key: K): void => void map.set(key, (map.get(key) ?? 0) + 1);
  for (let k = 0; k < truth.length; k++) {
    const p = predicted[k] as number;
    const t = truth[k] as number;
    if (p !== 0) count(areas[0], p);
    if (t !== 0) count(areas[1], t);
    if (p === 0 || t === 0) continue;
    const row = both.get(p) ?? new Map<number, number>();
    both.set(p, row);
    count(row, t);
  }
  const ious: number[] = [];
  for (const [p, row] of both) {
    for (const [t, common] of row) {
      const union = (areas[0].get(p) as number) + (areas[1].get(t) as number) - common;
      if (2 * common > union) ious.push(common / union);
    }
  }
  return { ious: ious.sort((a, b) => b - a), predicted: areas[0].size, truth: areas[1].size };
}

/**
 * tp / (tp + fp + fn) of objects whose IoU is above a threshold of at least 0.5: the AP of the 2018 Data Science Bowl, StarDist and
 * Cellpose. (COCO's is another: the area under a curve of precision and recall over scores, which a mask does not have.)
 * NaN without any object.
 */
export function averagePrecision({ ious, predicted, truth }: InstanceMatches, threshold: number): number {
  const tp = ious.filter((iou) => iou > threshold).length;
  return tp / (predicted + truth - tp);
}

/** The mean of `averagePrecision` over `instanceThresholds`. */
export const meanAveragePrecision = (matches: InstanceMatches): number =>
  instanceThresholds.reduce((sum, t) => sum + averagePrecision(matches, t), 0) / instanceThresholds.length;

export interface PanopticQuality {
  /** Recognition quality times segmentation quality. */
  readonly pq: number;
  /** Segmentation quality: mean IoU of the matched pairs. */
  readonly sq: number;
  /** Recognition quality: the F1 of detection. */
  readonly rq: number;
}

/**
 * Panoptic quality (Kirillov et al., CVPR 2019) of one class, over all its images: sums over matched pairs come before the ratio.
 * NaN without any object.
 */
export function panopticQuality(images: readonly InstanceMatches[]): PanopticQuality {
  let tp = 0;
  let objects = 0;
  let sum = 0;
  for (const { ious, predicted, truth } of images) {
    tp += ious.length;
    objects += predicted + truth;
    for (const iou of ious) sum += iou;
  }
  return { pq: (2 * sum) / objects, sq: tp === 0 && objects > 0 ? 0 : sum / tp, rq: (2 * tp) / objects };
}
