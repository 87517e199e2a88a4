/** Running what the compiler makes: data, training, evaluation, prediction. */

export { initialState, initialWeights } from '../compiler/6-build/initialize.js';
export { Random, stream } from '../compiler/random.js';
export { UserError } from '../compiler/user-error.js';
export { type DataFormat, type Dataset, openFolder, readNames, split } from './data/index.js';
export {
  type BuildHooks,
  buildInt8,
  calibrateThresholds,
  type Int8Options,
  type ThresholdOptions,
} from './deployment/build/index.js';
export { openCalibration } from './deployment/quantize/images.js';
export { type QuantizedModel, type QuantizeModelOptions, quantizeModel } from './deployment/quantize/index.js';
export {
  type Engine,
  type EngineStatus,
  type OnnxEngine,
  opensOnnx,
  type Predictor,
  type StepInput,
  type StepResult,
  type Tensor,
  type Trainer,
  type TrainingEngine,
  type TrainingState,
  titleOf,
  trains,
  type Weights,
} from './engines/engine.js';
export type { EngineEntry } from './engines/entry.js';
export { ort } from './engines/onnxruntime/index.js';
export { type OpenOptions, openEngine } from './engines/open.js';
export { engines, findEngine } from './engines/registry.js';
export { type BenchModelOptions, type BenchOptions, type BenchRow, bench, benchModel } from './evaluation/bench.js';
export { type EvaluateOptions, type Evaluation, type EvaluationRow, evaluate } from './evaluation/evaluate.js';
export { type EvaluateModelOptions, evaluateModel, type ModelRow } from './evaluation/evaluate-model.js';
export { type Quality, Scores } from './evaluation/scores.js';
export { type CheckedModel, type CheckOptions, checkModel } from './models/check.js';
export { checkSeal, sealed, sealKey } from './models/seal.js';
export { type Model, type ModelOptions, openModel } from './prediction/model.js';
export { type Prediction, type PredictOptions, predictImages, predictPicture } from './prediction/predict.js';
export { type Checkpoint, loadCheckpoint, saveWeights, weightsOf } from './run/checkpoint.js';
export { type LoadFileOptions, loadFile } from './run/load-file.js';
export { type ModelIdentity, metadataKeys, modelMetadata, readMetadataProps, taskOfModel } from './run/metadata.js';
export { openRun, type Run, type RunRecord, readRecord, runFiles, runWeights, specHash } from './run/run-folder.js';
export { type AxisRule, axisRules, dataFormat, type Task, taskOf } from './run/task.js';
export { readWeights, type WeightsSource } from './run/weights.js';
export { version } from './support/version.js';
export { type BestMetric, bestOf } from './training/best.js';
export { learningRate, type Progress } from './training/lr-schedule.js';
export type { EpochLine } from './training/position.js';
export { type ReportOptions, writeReport } from './training/report/index.js';
export { type TrainOptions, type TrainProgress, type TrainResult, train } from './training/train.js';
