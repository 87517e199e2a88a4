import { adaptiveGraph } from '../../../compiler/6-build/adaptive.js';
import { modelTask } from '../../../compiler/6-build/metadata.js';
import { requireNetwork } from '../../../compiler/6-build/require-network.js';
import { type AdaptiveOptions, type Calibration, knownShape, type Loaded } from '../../../compiler/index.js';
import type { Dataset } from '../../data/index.js';
import { ort } from '../../engines/onnxruntime/index.js';
import { namesHash } from '../../run/run-folder.js';
import { observe } from '../adaptive/calibrate.js';
import { chooseThresholds } from '../adaptive/thresholds.js';
import type { BuildHooks } from './hooks.js';

export interface ThresholdOptions extends Omit<AdaptiveOptions, 'thresholds' | 'calibration' | 'quantized'> {
  /** Images with masks that the weights were not trained on. */
  readonly dataset: Dataset;
  /** IoU that may be lost against the deepest level, as a share; default 0.005. */
  readonly iouLoss?: number;
}

/**
 * The thresholds of an adaptive model, chosen on images: the cheapest that lose no more IoU than allowed, with 95 % certainty.
 * Spread what is returned into the options of `build`.
 */
export async function calibrateThresholds(
  spec: Loaded,
  options: ThresholdOptions,
  hooks: BuildHooks = {},
): Promise<{ readonly thresholds: readonly number[]; readonly calibration: Calibration }> {
  const good = requireNetwork(spec);
  const { dataset, iouLoss: loss = 0.005 } = options;
  const { graph, weights, levels, costs } = adaptiveGraph(good, options);
  const shapes = new Map(graph.params.map((p) => [p.origin.path, knownShape(p.type.shape)]));
  const observations = await observe({
    graph,
    levels,
    weights: new Map(Array.from(weights, ([path, data]) => [path, { data, shape: shapes.get(path) ?? [] }])),
    task: modelTask(good, options.task),
    dataset,
    engine: ort,
    ...(hooks.signal ? { signal: hooks.signal } : {}),
    onProgress: (done, total) => hooks.onProgress?.('', done, total),
  });
  const macs = costs.map((c) => c.macs);
  const choice = chooseThresholds(observations, macs, loss);
  const calibration = {
    ...{ images: dataset.names.length, names: namesHash(dataset.names), loss },
    ...{ iou: choice.iou, deepest: choice.deepest, standardError: choice.standardError },
    ...{ cost: choice.cost / (macs.at(-1) as number), answered: choice.answered },
  };
  return { thresholds: choice.thresholds, calibration };
}
