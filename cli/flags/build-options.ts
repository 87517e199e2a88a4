import {
  adaptiveMode,
  type DeployRuntime,
  deployRuntimes,
  type IntegerRuntime,
  integerRuntimes,
  isStep,
  type Network,
  type Target,
  targets,
} from '../../compiler/index.js';
import { UsageError } from '../errors.js';
import { parseCount, parseLevel, parseNumber, parseSettings, parseSize, parseWithin } from './options.js';

/** The flags of `build` as they are typed. */
export interface BuildFlags {
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

/** What the flags ask for, as far as they say it without a look at the spec. */
export interface BuildRequest {
  readonly target: Target;
  readonly size?: readonly number[];
  readonly batch?: number;
  readonly seed: number;
  readonly set: Readonly<Record<string, string>>;
  readonly half: boolean;
  readonly runtime?: DeployRuntime;
}

/** Where an adaptive model's thresholds come from: given, or chosen on images for an IoU that may be lost. */
export type ThresholdSource =
  | { readonly given: readonly number[] }
  | { readonly folder: string; readonly split?: string; readonly loss: number };

/** Where the command does not say: points of IoU that int8 may lose, and percentage points that an adaptive model may. */
const usualMaxLoss = '0.3';
const usualIouLoss = '0.5';

/** Reads the flags that stand for every kind of artefact. @throws UsageError for a value that is none, and flags that contradict each other */
export function readBuildFlags(flags: BuildFlags): BuildRequest {
  const { target = 'onnx' } = flags;
  if (!isTarget(target))
    throw new UsageError(`there is no target ${target}`, `use ${targets.slice(0, -1).join(', ')} or ${targets.at(-1)}`);
  const half = readsHalf(flags, target);
  if (flags.mode !== adaptiveMode) checkQuantize(flags);
  const runtime = flags.quantize === undefined ? readRuntime(flags) : undefined;
  return {
    target,
    ...(flags.size === undefined ? {} : { size: parseSize(flags.size) }),
    ...(flags.batch === undefined ? {} : { batch: parseCount(flags.batch, '--batch') }),
    seed: parseCount(flags.seed ?? '0', '--seed', 0),
    set: parseSettings(flags.set),
    half,
    ...(runtime ? { runtime } : {}),
  };
}

const isTarget = (name: string): name is Target => (targets as readonly string[]).includes(name);

/** Whether the file is to be in fp16. */
function readsHalf({ precision = 'fp32', quantize }: BuildFlags, target: Target): boolean {
  if (precision === 'fp32') return false;
  if (precision === 'bf16') {
    throw new UsageError(
      'bf16 is what an engine computes in, not a file',
      "give it to train or predict; a file is in fp32 or fp16, or in int8 by 'unetc build --quantize int8'",
    );
  }
  if (precision !== 'fp16') throw new UsageError(`there is no precision ${precision}`, 'use fp32 or fp16');
  if (target !== 'onnx') {
    throw new UsageError(
      `--precision fp16 has no meaning for --target ${target}`,
      'fp16 models are ONNX files: use --target onnx',
    );
  }
  if (quantize !== undefined) {
    throw new UsageError('a file is in fp16 or in int8', 'leave --precision or --quantize out');
  }
  return true;
}

/** The runtime of `--for`. */
function readRuntime({ for: given, target = 'onnx' }: BuildFlags): DeployRuntime | undefined {
  if (given === undefined) return undefined;
  if (target !== 'onnx')
    throw new UsageError(
      `--for has no meaning for --target ${target}`,
      'it says what an ONNX model is to be fast in: use --target onnx',
    );
  const found = deployRuntimes.find((name) => name === given);
  if (!found)
    throw new UsageError(
      `there is no runtime ${given} to build for`,
      `use --for ${deployRuntimes.slice(0, -1).join(', ')} or ${deployRuntimes.at(-1)}`,
    );
  return found;
}

/** Throws a `UsageError` unless `--quantize` and the flags about it go together, and with the rest. */
function checkQuantize(flags: BuildFlags): void {
  const { quantize, calibrate, target = 'onnx', weights } = flags;
  if (quantize === undefined) {
    const given = { calibrate, 'max-loss': flags.maxLoss };
    const alone = Object.entries(given).find(([, value]) => value !== undefined)?.[0];
    if (alone !== undefined)
      throw new UsageError(`--${alone} has no meaning without --quantize`, 'add --quantize int8');
    return;
  }
  if (quantize !== 'int8') throw new UsageError(`there is no quantization ${quantize}`, 'use --quantize int8');
  if (flags.for !== undefined && !isIntegerRuntime(flags.for)) {
    throw new UsageError(
      flags.for === 'plain'
        ? 'an int8 model is written for a runtime: there is none that is plain'
        : `there is no runtime ${flags.for} to build for`,
      `use --for ${integerRuntimes.join(' or ')}`,
    );
  }
  if (target !== 'onnx') {
    throw new UsageError(
      `--quantize has no meaning for --target ${target}`,
      'int8 models are ONNX files: use --target onnx',
    );
  }
  if (calibrate === undefined) {
    throw new UsageError(
      '--quantize int8 needs images to measure ranges on',
      'add --calibrate DIR, a folder with images/',
    );
  }
  if (weights === undefined) {
    throw new UsageError('--quantize int8 needs trained weights', 'add --weights RUN, or build the run itself');
  }
}

const isIntegerRuntime = (name: string): name is IntegerRuntime =>
  (integerRuntimes as readonly string[]).includes(name);

/** What only `--quantize int8` asks for; for flags that `readBuildFlags` took. */
export const readQuantizeFlags = (flags: BuildFlags) => ({
  folder: flags.calibrate as string,
  runtime: flags.for !== undefined && isIntegerRuntime(flags.for) ? flags.for : ('ort' as const),
  maxLoss: parseNumber(flags.maxLoss ?? usualMaxLoss, '--max-loss', 0, 100) / 100,
});

/** Whether `--mode adaptive` is meant; a mode of the spec's own of this name is what it says it is. */
export const isAdaptive = (network: Network, { mode }: BuildFlags): boolean =>
  mode === adaptiveMode && !network.modes.includes(adaptiveMode);

/** The level and mode of a model, from `--prune` and `--mode`. */
export const readSelection = ({ prune, mode }: BuildFlags) => ({
  ...(prune === undefined ? {} : { level: parseLevel(prune) }),
  ...(mode === undefined ? {} : { mode }),
});

/** Throws a `UsageError` for flags that a training step has no use for. */
export function refuseForStep(flags: BuildFlags, target: Target): void {
  if (!isStep(target)) return;
  for (const flag of ['prune', 'mode', 'weights'] as const) {
    if (flags[flag] === undefined) continue;
    throw new UsageError(
      `--${flag} has no meaning for --target ${target}`,
      'the training step is the whole network, and its state comes in later',
    );
  }
}

/** Reads the flags of `--mode adaptive`. @throws UsageError if they don't name one source, are out of range, or of another kind of model */
export function thresholdSource(flags: BuildFlags, target: Target): ThresholdSource {
  if (target !== 'onnx') {
    throw new UsageError(
      `--mode adaptive has no --target ${target}: a model that decides as it runs is written as ONNX alone`,
      'leave --target out, or choose a mode of the spec',
    );
  }
  refuse(flags, { quantize: '--quantize', maxLoss: '--max-loss', for: '--for' }, (flag) => [
    `${flag} is for a model of one level, and --mode adaptive has several`,
    'leave one of the two out',
  ]);
  const { calibrate, thresholdUncertainty, iouLoss, split } = flags;
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
      loss: parseWithin(iouLoss ?? usualIouLoss, '--iou-loss', 0, 100) / 100,
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
export const refuseThresholds = (flags: BuildFlags): void =>
  refuse(
    flags,
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
  flags: BuildFlags,
  names: Partial<Record<keyof BuildFlags, string>>,
  say: (flag: string) => [string, string],
): void {
  const given = Object.entries(names).find(([key]) => flags[key as keyof BuildFlags] !== undefined);
  if (given) throw new UsageError(...say(given[1]));
}
