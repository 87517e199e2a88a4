import type { QuantizationReport } from '../../compiler/index.js';
import { count, percent } from './numbers.js';

/** What `build --quantize` says beside: how much is in whole numbers, what is not and why, what it costs. */
export function quantizationLines({ layers, float, calibration, ranges, error, iou }: QuantizationReport): string[] {
  const all = layers.length + float.length;
  return [
    `  int8        ${layers.length} of ${all} convolutions; ranges (${ranges}) of ${count(calibration.images)} images in ${calibration.folder}`,
    ...float.map(({ path, reason }) => `  float       ${path}: ${reason}`),
    iou
      ? `  IoU         ${percent(iou.before)} % in float, ${percent(iou.after)} % in int8 (${points(iou.after - iou.before)} points), ${iou.images} images judged`
      : `  IoU         not measured: ${calibration.folder} has no masks/; answers differ by ${error.toFixed(4)} on average`,
  ];
}

/** Of a share, with its sign: `-0.25`. */
const points = (share: number): string => `${share < 0 ? '-' : '+'}${Math.abs(100 * share).toFixed(2)}`;
