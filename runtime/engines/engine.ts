import type { DeployRuntime } from '../../compiler/3-transform/optimize-for-runtime.js';
import type { TrainingPlan } from '../../compiler/3-transform/training-plan.js';
import type { Graph } from '../../compiler/ir/graph.js';
import type { Tensor, TrainingState, Weights } from '../../compiler/tensor.js';
import type { CheckOptions } from '../models/check.js';

export type { Tensor, TrainingState, Weights } from '../../compiler/tensor.js';

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

/** Runs the inference graphs that the compiler makes. What else an engine can do is in its type: `TrainingEngine`, `OnnxEngine`. */
export interface Engine {
  /** As a run's record keeps it. */
  readonly name: string;
  /** For people: `ONNX Runtime`. */
  readonly title: string;
  readonly device: string;
  readonly precision: 'fp32' | 'bf16';
  /** What `predictor` finishes a graph for before it runs. */
  readonly deployRuntime: DeployRuntime;
  status(): Promise<EngineStatus>;
  /** Runs an inference graph (already pruned, simplified) with these weights. */
  predictor(graph: Graph, weights: Weights): Promise<Predictor>;
}

/** An engine that runs training steps. */
export interface TrainingEngine extends Engine {
  trainer(plan: TrainingPlan, state: TrainingState): Promise<Trainer>;
}

/** An engine that runs ONNX files. */
export interface OnnxEngine extends Engine {
  /** Runs an ONNX file of anyone, which is checked before the engine sees it (models/check.ts). @throws UserError if it is refused */
  open(model: Uint8Array, options?: CheckOptions): Promise<Predictor>;
}

export const trains = (engine: Engine): engine is TrainingEngine => 'trainer' in engine;
export const opensOnnx = (engine: Engine): engine is OnnxEngine => 'open' in engine;

/** `TensorFlow on the CPU, bf16` */
export const titleOf = ({ title, device, precision }: Pick<Engine, 'title' | 'device' | 'precision'>): string =>
  `${title} on the ${device.toUpperCase()}, ${precision}`;
