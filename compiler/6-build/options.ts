import type { WeightArrays } from '../3-transform/fold.js';
import type { DeployRuntime } from '../3-transform/optimize-for-runtime.js';
import type { Graph } from '../ir/graph.js';
import type { Task } from '../task.js';
import type { Weights } from '../tensor.js';
import type { Calibration } from './adaptive-facts.js';
import type { Level } from './selection.js';

/** What `build` makes: files, or folders where TensorFlow wants one. */
export const targets = ['onnx', 'onnx-train', 'tf', 'tf-train', 'tfjs', 'tfjs-layers'] as const;

export type Target = (typeof targets)[number];
/** A whole training step as one graph. */
export type StepTarget = 'onnx-train' | 'tf-train';
/** A level and mode to predict with. */
export type ModelTarget = Exclude<Target, StepTarget>;

export const isStep = (target: Target): target is StepTarget => target === 'onnx-train' || target === 'tf-train';

interface Sized {
  /** Spatial, slowest first, or one number for each axis; absent: the model stays open where the spec leaves it open. */
  readonly size?: readonly number[];
  /** Images in a batch; absent: open, and in a training step the recipe's. */
  readonly batch?: number;
}

/** Weights to put into a model. */
interface Weighted {
  /** By path; more than the level needs is fine. Absent: the initial ones of `seed`. */
  readonly weights?: Weights;
  /** What messages call the weights: a file's name. */
  readonly weightsName?: string;
  /** Of the initial weights; default 0. */
  readonly seed?: number;
  /** What the weights were trained for, as a run records it; absent: what the spec says. */
  readonly task?: Task;
}

interface Selected {
  /** Keep the heads up to this one; default: the whole network. */
  readonly level?: Level;
  /** One of the spec's modes, or `all`; default: the first. */
  readonly mode?: string;
}

/** An ONNX file of one level and mode. */
export interface OnnxOptions extends Sized, Weighted, Selected {
  readonly target: 'onnx';
  /** What the file is to be fast in; default `ort`, and `plain` in fp16. */
  readonly runtime?: DeployRuntime;
  /** Of weights and images inside the file; default fp32. */
  readonly precision?: 'fp32' | 'fp16';
  readonly thresholds?: undefined;
  readonly quantized?: undefined;
}

/** An ONNX file in int8: a graph that was calibrated, `quantizeModel` of unetc/runtime. */
export interface QuantizedOptions extends Sized, Selected {
  readonly target: 'onnx';
  readonly quantized: { readonly graph: Graph; readonly weights: WeightArrays };
  readonly weightsName?: string;
  readonly task?: Task;
  readonly thresholds?: undefined;
}

/** One ONNX file with every level, which goes deeper while it is unsure. */
export interface AdaptiveOptions extends Sized, Weighted {
  readonly target: 'onnx';
  /** For each level but the deepest, or one for all: from this uncertainty on, 0 to 1, the next level is asked. */
  readonly thresholds: number | readonly number[];
  /** On what the thresholds were chosen. */
  readonly calibration?: Calibration;
  /** The deepest level; default: the whole network's. */
  readonly level?: Level;
  /** The mode of every level's output; default: `fast` where there is one, else the first. */
  readonly levelMode?: string;
  readonly precision?: 'fp32' | 'fp16';
  readonly quantized?: undefined;
}

/** A folder for TensorFlow or TensorFlow.js: a SavedModel, a graph model, or layers that can be trained on. */
export interface FolderOptions extends Sized, Weighted, Selected {
  readonly target: 'tf' | 'tfjs' | 'tfjs-layers';
}

/** A whole training step of the whole network; its state comes in as inputs, or lies in variables. */
export interface StepOptions extends Sized {
  readonly target: StepTarget;
}

/** What to build. Contradictory options are no value of this type. */
export type BuildOptions = OnnxOptions | QuantizedOptions | AdaptiveOptions | FolderOptions | StepOptions;
