import type { Graph, WeightArrays } from '../../compiler/index.js';
import { knownShape } from '../../compiler/index.js';
import type { Calibration } from '../../runtime/deployment/adaptive/facts.js';
import { namesHash } from '../../runtime/run/run-folder.js';
import { dataFormat } from '../../runtime/run/task.js';
import { UsageError } from '../errors.js';
import { imagesToJudge } from '../flags/held-out.js';
import { parseWithin } from '../flags/options.js';
import type { GoodSpec } from '../flags/spec.js';
import type { WeightsSource } from '../flags/weights.js';
import type { Io } from '../io.js';
import { taskFor } from '../model-facts.js';
import { progressBar } from '../render/progress.js';
import type { BuildOptions, Target } from './targets.js';

/** Where an adaptive model's thresholds come from: given, or chosen on images for an IoU that may be lost. */
export type ThresholdSource =
  | { readonly given: readonly number[] }
  | { readonly folder: string; readonly split?: string; readonly loss: number };

/** Percentage points of IoU that may be lost unless told otherwise. */
const usualLoss = '0.5';

/** Reads the flags. @throws UsageError if they don't name one source, are out of range, or of another kind of model */
export function thresholdSource(options: BuildOptions, target: Target): ThresholdSource {
  if (target !== 'onnx') {
    throw new UsageError(
      `--mode adaptive has no --target ${target}: a model that decides as it runs is written as ONNX alone`,
      'leave --target out, or choose a mode of the spec',
    );
  }
  refuse(options, { quantize: '--quantize', maxLoss: '--max-loss', for: '--for' }, (flag) => [
    `${flag} is for a model of one level, and --mode adaptive has several`,
    'leave one of the two out',
  ]);
  const { calibrate, thresholdUncertainty, iouLoss, split } = options;
  if (calibrate === undefined && thresholdUncertainty === undefined) {
    throw new UsageError(
      '--mode adaptive needs to know how unsure a level may be to answer',
      '--calibrate DIR chooses it on images with masks; --threshold-uncertainty 0.1 says it',
    );
  }
  if (thresholdUncertainty === undefined) {
    return {
      folder: calibrate as string,
      ...(split === undefined ? {} : { split }),
      loss: parseWithin(iouLoss ?? usualLoss, '--iou-loss', 0, 100) / 100,
    };
  }
  for (const [flag, value] of Object.entries({ '--calibrate': calibrate, '--iou-loss': iouLoss, '--split': split })) {
    if (value === undefined) continue;
    throw new UsageError(`${flag} chooses thresholds, and --threshold-uncertainty gives them`, 'leave one of them out');
  }
  const given = thresholdUncertainty.split(',').map((t) => parseWithin(t, '--threshold-uncertainty', 0, 1));
  return { given };
}

/** @throws UsageError for a flag that only an adaptive model has a use for */
export const refuseThresholds = (options: BuildOptions): void =>
  refuse(
    options,
    {
      iouLoss: '--iou-loss',
      split: '--split',
      thresholdUncertainty: '--threshold-uncertainty',
      levelMode: '--level-mode',
    },
    (flag) => [`${flag} is for --mode adaptive`, `add --mode adaptive, or leave ${flag} out`],
  );

/** @param say what is wrong with a flag that is given, and the way out */
function refuse(
  options: BuildOptions,
  flags: Partial<Record<keyof BuildOptions, string>>,
  say: (flag: string) => [string, string],
): void {
  const given = Object.entries(flags).find(([key]) => options[key as keyof BuildOptions] !== undefined);
  if (given) throw new UsageError(...say(given[1]));
}

interface Subject {
  readonly spec: GoodSpec;
  readonly source: WeightsSource | null;
  /** A graph of `deployLevels`, folded, and its weights. */
  readonly folded: { readonly graph: Graph; readonly weights: WeightArrays };
  readonly levels: readonly number[];
  /** Of each level, those before it included. */
  readonly costs: readonly number[];
}

/** One threshold for each level but the last, and on what they were chosen, if they were. */
export async function chooseThresholds(
  from: ThresholdSource,
  subject: Subject,
  io: Io,
): Promise<{ values: readonly number[]; calibration?: Calibration }> {
  const decisions = subject.levels.length - 1;
  if (!('given' in from)) return calibrated(from, subject, io);
  const { given } = from;
  if (given.length !== 1 && given.length !== decisions) {
    throw new UsageError(
      `--threshold-uncertainty has ${given.length} numbers, and ${decisions} of these levels can be unsure`,
      `give one number for all, or ${decisions} with commas between`,
    );
  }
  return { values: given.length === 1 ? Array.from({ length: decisions }, () => given[0] as number) : given };
}

async function calibrated(
  { folder, split, loss }: Extract<ThresholdSource, { folder: string }>,
  { spec, source, folded, levels, costs }: Subject,
  io: Io,
): Promise<{ values: readonly number[]; calibration: Calibration }> {
  if (!source) {
    throw new UsageError('--calibrate needs trained weights: untrained ones are sure of nothing', 'give --weights RUN');
  }
  const { openFolder, readNames } = await import('../../runtime/data/index.js');
  const { observe } = await import('../../runtime/deployment/adaptive/calibrate.js');
  const thresholds = await import('../../runtime/deployment/adaptive/thresholds.js');
  const { ort } = await import('../../runtime/engines/onnxruntime/index.js');
  const opened = await openFolder(folder, dataFormat(spec.network, source.run?.recipe ?? spec.recipe));
  const named = split === undefined ? undefined : await readNames(split);
  const run = source.run && { folder: source.path, record: source.run };
  const { dataset } = await imagesToJudge(opened, run, named, io);
  const bar = await progressBar(io, 'choosing thresholds');
  const shapes = new Map(folded.graph.params.map((p) => [p.origin.path, knownShape(p.type.shape)]));
  const observations = await observe({
    graph: folded.graph,
    levels,
    weights: new Map(Array.from(folded.weights, ([path, data]) => [path, { data, shape: shapes.get(path) ?? [] }])),
    task: taskFor(spec, source),
    dataset,
    engine: ort,
    signal: io.interruption(),
    onProgress: (done, total) => bar.update(done, total),
  }).finally(() => bar.stop());
  const choice = thresholds.chooseThresholds(observations, costs, loss);
  const calibration = {
    ...{ images: dataset.names.length, names: namesHash(dataset.names), loss },
    ...{ iou: choice.iou, deepest: choice.deepest, standardError: choice.standardError },
    ...{ cost: choice.cost / (costs.at(-1) as number), answered: choice.answered },
  };
  return { values: choice.thresholds, calibration };
}
