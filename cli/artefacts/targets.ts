import type { Graph } from '../../compiler/index.js';

/** What `build` writes: files, or folders where TensorFlow wants one. */
export const targets = ['onnx', 'onnx-train', 'tf', 'tf-train', 'tfjs', 'tfjs-layers'] as const;

export type Target = (typeof targets)[number];
export type StepTarget = 'onnx-train' | 'tf-train';
export type ModelTarget = Exclude<Target, StepTarget>;

export const isTarget = (name: string): name is Target => (targets as readonly string[]).includes(name);

export const isStep = (target: Target): target is StepTarget => target === 'onnx-train' || target === 'tf-train';

export interface BuildOptions {
  readonly out: string;
  readonly target?: string;
  readonly prune?: string;
  readonly mode?: string;
  readonly weights?: string;
  readonly seed?: string;
  readonly size?: string;
  readonly batch?: string;
  readonly set?: string[];
  /** fp32 or fp16. */
  readonly precision?: string;
  readonly quantize?: string;
  readonly calibrate?: string;
  readonly maxLoss?: string;
  /** `--for`. */
  readonly for?: string;
  readonly levelMode?: string;
  readonly iouLoss?: string;
  readonly split?: string;
  readonly thresholdUncertainty?: string;
}

/** Whether a file of this name may be replaced by another build. */
export const isModelFile = (name: string): boolean =>
  /^(saved_model\.pb|unetc\.json|model\.json|group1-shard\d+of\d+\.bin)$/.test(name);

export interface Built {
  /** A file, or the files of a folder by name. */
  readonly model: Uint8Array | ReadonlyMap<string, Uint8Array>;
  /** In the written format. */
  readonly nodes: number;
  /** For a model whose images are [N, H, W, C]: its N. */
  readonly batch?: number | string;
  readonly graph: Graph;
  readonly parameters: number;
  readonly cost: { readonly macs: number; readonly size: readonly number[] };
  readonly what: string;
  readonly weights: string;
  /** What only some artefacts have to say: members of the JSON document, and lines. */
  readonly more?: { readonly json: Readonly<Record<string, unknown>>; readonly lines: readonly string[] };
}

/** What was quantized, and what it costs: key `quantize` of `build --json`. */
export interface Quantization {
  readonly type: 'int8';
  /** Whose kernels the file is shaped for: ort or openvino. */
  readonly for: string;
  /** How ranges are made of the numbers seen: minmax, percentile or mse. */
  readonly ranges: string;
  readonly calibration: { readonly folder: string; readonly images: number };
  /** Paths of the convolutions in int8. */
  readonly layers: readonly string[];
  /** Those in f32, and why. */
  readonly float: readonly { readonly path: string; readonly reason: string }[];
  /** Mean distance of its answers from the float model's, on calibration images. */
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

/** How much of a file is in fp16: key `half` of `build --json`. */
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

/** A SavedModel's folder: the graph, and beside it what ONNX files carry as their metadata. */
export const savedModelFolder = (
  model: Uint8Array,
  metadata: Readonly<Record<string, string>>,
): ReadonlyMap<string, Uint8Array> =>
  new Map([
    ['saved_model.pb', model],
    ['unetc.json', new TextEncoder().encode(`${JSON.stringify(metadata, null, 2)}\n`)],
  ]);
