import type { Diagnostic } from '../../grammar/diagnostic.js';
import type { DeployRuntime } from '../3-transform/optimize-for-runtime.js';
import type { IntegerRuntime } from '../3-transform/quantize/index.js';
import { printDim } from '../ir/dim.js';
import type { Graph } from '../ir/graph.js';
import type { AdaptiveFacts } from './adaptive-facts.js';
import type { Target } from './options.js';

export interface Port {
  readonly name: string;
  /** Numbers, and names of what stays open: [`N`, 3, `H`, `W`]. */
  readonly shape: readonly (number | string)[];
}

/** How much of a file is in fp16. */
export interface HalfReport {
  /** Operators, casts not counted. */
  readonly nodes: number;
  /** How many of them compute in fp16. */
  readonly half: number;
  /** Those that compute in fp32, and why. */
  readonly float: readonly { readonly op: string; readonly nodes: number; readonly why: string }[];
  /** Bytes of the same file in fp32. */
  readonly fp32Bytes: number;
}

/** What was quantized, and what it costs. */
export interface QuantizationReport {
  readonly type: 'int8';
  /** Whose kernels the file is shaped for. */
  readonly for: IntegerRuntime;
  /** How ranges are made of the values seen: minmax, percentile or mse. */
  readonly ranges: string;
  readonly calibration: { readonly folder: string; readonly images: number };
  /** Paths of the convolutions in int8. */
  readonly layers: readonly string[];
  /** Those in f32, and why. */
  readonly float: readonly { readonly path: string; readonly reason: string }[];
  /** Mean distance of its outputs from the float model's, on calibration images. */
  readonly error: number;
  /** Shares in 0..1, on images judged; null where there are no masks. */
  readonly iou: {
    readonly images: number;
    readonly before: number;
    readonly after: number;
    readonly pooledBefore: number;
    readonly pooledAfter: number;
  } | null;
}

/** What is said of an artifact beside its figures; each member only where it applies. */
export interface BuildReport {
  /** What it is: `UNet L2 fast`. */
  readonly what: string;
  /** Where its weights come from. */
  readonly weights: string;
  /** The runtime that an ONNX file was written for. */
  readonly runtime?: DeployRuntime;
  /** MACs that an ONNX file executes, fewer than `macs` where passes for its runtime saved some. */
  readonly executedMacs?: number;
  readonly half?: HalfReport;
  readonly adaptive?: AdaptiveFacts;
  readonly quantize?: QuantizationReport;
}

export interface Artifact {
  readonly target: Target;
  /** By name. One file for `onnx` and `onnx-train`, `model.onnx`; the files of a folder for the others. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly parameters: number;
  /** Multiply-accumulates of one run at `macsAt`. */
  readonly macs: number;
  /** Spatial. */
  readonly macsAt: readonly number[];
  /** In the written format. */
  readonly nodes: number;
  readonly report: BuildReport;
  /** What is worth knowing but no mistake: filters that fp16 holds badly. */
  readonly warnings: readonly string[];
  /** Warnings of the format about places of the spec; none is an error. */
  readonly diagnostics: readonly Diagnostic[];
}

/** The one file of an ONNX artifact. */
export const onnxFile = 'model.onnx';

/** `batch`: that of a model whose images are [N, H, W, C]; absent where they are [N, C, H, W]. */
export const portsOf = (values: Graph['inputs'], batch?: number | string): Port[] =>
  values.map(({ name, value }) => {
    const shape = value.type.shape.map((d) => (d.symbol === null ? d.offset : printDim(d)));
    const [, channels, ...space] = shape;
    const isImage = batch !== undefined && shape.length > 2;
    return { name, shape: isImage ? [batch, ...space, channels as number | string] : shape };
  });
