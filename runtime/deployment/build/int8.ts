import { requireNetwork } from '../../../compiler/6-build/require-network.js';
import { requireWeights } from '../../../compiler/6-build/weights.js';
import {
  type Artifact,
  build,
  chooseSelection,
  chooseSize,
  deploy,
  foldBatchNorm,
  type Graph,
  type IntegerRuntime,
  knownShape,
  type Loaded,
  type QuantizationReport,
  type QuantizedOptions,
  type WeightArrays,
} from '../../../compiler/index.js';
import { type Task, taskOf } from '../../../compiler/task.js';
import type { Weights } from '../../../compiler/tensor.js';
import type { Dataset } from '../../data/index.js';
import { ort } from '../../engines/onnxruntime/index.js';
import { HeldOut } from '../../evaluation/held-out.js';
import { type CalibrationFolder, calibrationImages, type QuantizedModel, quantizeModel } from '../quantize/index.js';
import type { BuildHooks } from './hooks.js';

/** An ONNX file in int8, calibrated on images. */
export interface Int8Options extends Pick<QuantizedOptions, 'size' | 'batch' | 'level' | 'mode' | 'weightsName'> {
  readonly target: 'onnx';
  readonly quantize: 'int8';
  readonly weights: Weights;
  /** What the weights were trained for, as a run records it; absent: what the spec says. */
  readonly task?: Task;
  /** Whose kernels the file is shaped for; default `ort`. */
  readonly runtime?: IntegerRuntime;
  /** Opened by `openCalibration`: what ranges are measured on. */
  readonly calibration: CalibrationFolder;
  /** What judges the loss; null: nothing does, and no layer stays in float for it. */
  readonly judged: Dataset | null;
  /** IoU that may be lost, as a share; default 0.003. */
  readonly maxLoss?: number;
  /** Chooses the images; default 0. */
  readonly seed?: number;
}

/**
 * A level and mode in int8, calibrated on images.
 * @throws UserError as `build`; where no image tells a range
 */
export async function buildInt8(spec: Loaded, options: Int8Options, hooks: BuildHooks = {}): Promise<Artifact> {
  const good = requireNetwork(spec);
  const { network, recipe } = good;
  const { size, batch, level, mode, weights, weightsName, runtime = 'ort', calibration, judged, seed = 0 } = options;
  const selection = chooseSelection(network, { level, mode });
  chooseSize(network, { size, batch, recipe: spec.hasTrain ? recipe : undefined });
  const deployed = deploy(network, selection);
  requireWeights(deployed.params, weights, weightsName);
  const folded = foldBatchNorm(deployed, arraysOf(weights));
  const task = options.task ?? taskOf(network, recipe, calibration.dataset?.classNames ?? []);
  const images = await calibrationImages(calibration, { task, judged: judged?.names ?? [], seed });
  const model = await quantizeModel({
    graph: folded.graph,
    weights: tensorsOf(folded.graph, folded.weights),
    task,
    engine: ort,
    images,
    held: judged && new HeldOut(judged, task),
    bound: options.maxLoss ?? 0.003,
    runtime,
    ...(hooks.signal ? { signal: hooks.signal } : {}),
    ...(hooks.onProgress ? { onProgress: hooks.onProgress } : {}),
  });
  const artifact = await build(spec, {
    target: 'onnx',
    ...selection,
    size,
    batch,
    weightsName,
    task: options.task,
    quantized: { graph: model.graph, weights: arraysOf(model.weights) },
  });
  const quantize = reportOf(model, runtime, { folder: calibration.folder, images: images.length });
  const constant = images.every(({ data }) => data.every((value) => value === data[0]));
  const warnings = constant
    ? [
        `every image of ${calibration.folder} is of one value throughout: int8 ranges measured on them hold for no other`,
      ]
    : [];
  return {
    ...artifact,
    report: { ...artifact.report, quantize },
    warnings: [...artifact.warnings, ...warnings],
  };
}

function reportOf(
  { layers, rule, error, quality }: QuantizedModel,
  runtime: IntegerRuntime,
  calibration: QuantizationReport['calibration'],
): QuantizationReport {
  const int8 = layers.filter((l) => l.type === 'int8').map((l) => l.path);
  const float = layers.flatMap(({ path, reason }) => (reason === undefined ? [] : [{ path, reason }]));
  const iou = quality && {
    images: quality.images,
    before: quality.before.iou,
    after: quality.after.iou,
    pooledBefore: quality.before.iouPooled,
    pooledAfter: quality.after.iouPooled,
  };
  return { type: 'int8', for: runtime, ranges: rule, calibration, layers: int8, float, error, iou };
}

const arraysOf = (weights: Weights): Map<string, Float32Array> =>
  new Map(Array.from(weights, ([path, { data }]) => [path, data]));

const tensorsOf = ({ params }: Graph, weights: WeightArrays): Weights =>
  new Map(
    params.map(({ origin: { path }, type }) => [
      path,
      { data: weights.get(path) as Float32Array, shape: knownShape(type.shape) },
    ]),
  );
