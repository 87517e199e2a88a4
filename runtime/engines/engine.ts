import type { DeployRuntime } from '../../compiler/3-transform/finish.js';
import type { TrainingPlan } from '../../compiler/3-transform/training-plan.js';
import type { Graph } from '../../compiler/ir/graph.js';
import type { CheckOptions } from '../models/check.js';

/** A dense float tensor, row-major. */
export interface Tensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** Everything that training changes, in the flat arenas of a `TrainingPlan`. */
export interface TrainingState {
  readonly parameters: Float32Array;
  readonly statistics: Float32Array;
  /** Optimizer slots by name, each as long as `parameters`. */
  readonly slots: Readonly<Record<string, Float32Array>>;
}

export interface StepInput {
  readonly image: Float32Array;
  readonly target: Float32Array;
  readonly lr: number;
  /** Counted from 1. */
  readonly step: number;
  /** Any integer; the same seed drops the same units. */
  readonly seed: number;
}

export interface StepResult {
  readonly loss: number;
  readonly headLosses: Float32Array;
  readonly gradientNorm: number;
}

/** A training session: the state stays inside the engine between steps. */
export interface Trainer {
  step(input: StepInput): Promise<StepResult>;
  /** A copy of the state after the last step. */
  snapshot(): Promise<TrainingState>;
  dispose(): Promise<void>;
}

/** Weights and statistics by path, `X[0,1].conv1.weight`. */
export type Weights = ReadonlyMap<string, Tensor>;

export interface Predictor {
  /** Feeds the graph's single image input [N, C, ...]; answers its outputs by name. */
  run(image: Tensor): Promise<ReadonlyMap<string, Tensor>>;
  dispose(): Promise<void>;
}

export interface EngineStatus {
  readonly available: boolean;
  readonly devices: readonly string[];
  readonly reason?: string;
}

/** Anything that can run a plan. Adding an engine is one object of this type. */
export interface Engine {
  readonly name: string;
  readonly device: string;
  readonly precision: 'fp32' | 'bf16';
  status(): Promise<EngineStatus>;
  trainer(plan: TrainingPlan, state: TrainingState): Promise<Trainer>;
  /** Runs an inference graph (already pruned, simplified) with these weights. */
  predictor(graph: Graph, weights: Weights): Promise<Predictor>;
  /** Runs an ONNX file of anyone, which is checked before the engine sees it (models/check.ts). @throws UserError if it is refused */
  open(model: Uint8Array, options?: CheckOptions): Promise<Predictor>;
}

/** What an engine's predictor finishes a deployed graph for, before it runs. */
export function deployRuntimeOf(engine: string, device: string): DeployRuntime {
  if (device !== 'cpu') return 'plain';
  if (engine === 'onnxruntime') return 'ort';
  return engine === 'openvino' ? 'openvino' : 'plain';
}

const titles: Readonly<Record<string, string>> = {
  tensorflow: 'TensorFlow',
  onnxruntime: 'ONNX Runtime',
  openvino: 'OpenVINO',
};

/** `TensorFlow on the CPU, bf16` */
export const titleOf = ({ name, device, precision }: Pick<Engine, 'name' | 'device' | 'precision'>): string =>
  `${titles[name] ?? name} on the ${device.toUpperCase()}, ${precision}`;
