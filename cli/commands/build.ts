import { type Graph, printDim } from '../../compiler/index.js';
import { adaptiveMode } from '../../runtime/adaptive/facts.js';
import { writeAtomic } from '../../runtime/files/atomic.js';
import { writeFolderAtomic } from '../../runtime/files/atomic-folder.js';
import { holdsRun, specHash } from '../../runtime/run-folder.js';
import { buildAdaptive } from '../artefacts/adaptive.js';
import { buildModel } from '../artefacts/model.js';
import { buildStep } from '../artefacts/step.js';
import { type BuildOptions, isModelFile, isStep, isTarget, type Target, targets } from '../artefacts/targets.js';
import { type ThresholdSource, thresholdSource } from '../artefacts/thresholds.js';
import { UsageError } from '../errors.js';
import type { Io, Outcome } from '../io.js';
import { parseCount, parseSettings, parseSize } from '../options.js';
import { bytes, count, macs, sizeText } from '../render/numbers.js';
import { type GoodSpec, loadSpec, specOfRun } from '../spec.js';
import { readWeights } from '../weights.js';

/** `unetc build FILE|RUN -o OUT`: the artefact. What the weights don't decide, nothing random does: the same input, the same bytes. */
export async function build(file: string, options: BuildOptions, io: Io): Promise<Outcome> {
  const { target = 'onnx' } = options;
  if (!isTarget(target))
    throw new UsageError(`there is no target ${target}`, `use ${targets.slice(0, -1).join(', ')} or ${targets.at(-1)}`);
  if (options.quantize !== undefined) {
    throw new UsageError('--quantize is not available yet', 'leave --quantize and --calibrate out: weights stay fp32');
  }
  const started = performance.now();
  const size = options.size === undefined ? undefined : parseSize(options.size);
  const batch = options.batch === undefined ? undefined : parseCount(options.batch, '--batch');
  const seed = parseCount(options.seed ?? '0', '--seed', 0);
  const given = parseSettings(options.set);
  const run = await runOf(file, options);
  const source = run
    ? await readWeights(file)
    : options.weights === undefined
      ? null
      : await readWeights(options.weights);
  const spec = run ?? (await loadSpec(file, { ...source?.run?.set, ...given }, io));
  const adaptive = options.mode === adaptiveMode && !spec.network.modes.includes(adaptiveMode);
  const thresholds = adaptive ? thresholdsFor(options, target) : notAdaptive(options);
  if (source?.run && source.run.spec !== specHash(spec.text, spec.imports)) {
    io.err(`warning: ${source.path} was trained with another text of this spec; its weights are used by their paths\n`);
  }
  const input = { size, batch, seed, source };
  const built = thresholds
    ? await buildAdaptive(spec, options, input, thresholds, io)
    : isStep(target)
      ? buildStep(spec, options, input, target)
      : buildModel(spec, options, input, target, io);
  if (built.model instanceof Uint8Array) await writeAtomic(options.out, built.model);
  else await writeFolderAtomic(options.out, built.model, isModelFile);
  const { graph, parameters, cost } = built;
  const json = {
    out: options.out,
    target,
    parameters,
    macs: cost.macs,
    macsAt: cost.size,
    nodes: built.nodes,
    inputs: portsOf(graph.inputs, built.batch),
    outputs: portsOf(graph.outputs, built.batch),
    bytes: built.model instanceof Uint8Array ? built.model.length : total(built.model),
    ...(built.model instanceof Uint8Array ? {} : { files: [...built.model.keys()] }),
    weights: built.weights,
    ...built.more?.json,
    milliseconds: Math.round(performance.now() - started),
  };
  const text = [
    `${options.out}: ${built.what}, ${bytes(json.bytes)}`,
    `  inputs      ${json.inputs.map(portText).join(', ')}`,
    `  outputs     ${json.outputs.map(portText).join(', ')}`,
    `  parameters  ${count(parameters)}, ${built.weights}`,
    `  macs        ${macs(cost.macs)} at ${sizeText(cost.size)}; ${json.nodes} nodes`,
    ...(built.more?.lines ?? []),
    `  built in ${json.milliseconds} ms`,
  ].join('\n');
  return { json, text };
}

/** The spec that a run was trained from, where `file` is a run's folder; null where it is a file. */
async function runOf(file: string, options: BuildOptions): Promise<GoodSpec | null> {
  if (!(await holdsRun(file))) return null;
  for (const flag of ['weights', 'set'] as const) {
    if (options[flag] === undefined) continue;
    throw new UsageError(
      `${file} is a run, which has its own ${flag === 'set' ? 'params' : 'weights'}`,
      `leave --${flag} out, or name a spec`,
    );
  }
  return specOfRun(file);
}

function thresholdsFor(options: BuildOptions, target: Target): ThresholdSource {
  if (target === 'onnx') return thresholdSource(options);
  throw new UsageError(
    `--mode adaptive has no --target ${target}: a model that decides as it runs is written as ONNX alone`,
    'leave --target out, or choose a mode of the spec',
  );
}

/** Flags that only an adaptive model has a use for. */
function notAdaptive(options: BuildOptions): null {
  const flags = {
    calibrate: '--calibrate',
    iouLoss: '--iou-loss',
    split: '--split',
    thresholdUncertainty: '--threshold-uncertainty',
    levelMode: '--level-mode',
  } as const;
  for (const [key, flag] of Object.entries(flags)) {
    if (options[key as keyof typeof flags] === undefined) continue;
    throw new UsageError(`${flag} is for --mode adaptive`, `add --mode adaptive, or leave ${flag} out`);
  }
  return null;
}

interface Port {
  readonly name: string;
  /** Numbers, and names of what stays open: [`N`, 3, `H`, `W`]. */
  readonly shape: readonly (number | string)[];
}

/** `batch`: that of a model whose images are [N, H, W, C]; absent where they are [N, C, H, W]. */
const portsOf = (values: Graph['inputs'], batch?: number | string): Port[] =>
  values.map(({ name, value }) => {
    const shape = value.type.shape.map((d) => (d.symbol === null ? d.offset : printDim(d)));
    const [, channels, ...space] = shape;
    const isImage = batch !== undefined && shape.length > 2;
    return { name, shape: isImage ? [batch, ...space, channels as number | string] : shape };
  });

const total = (files: ReadonlyMap<string, Uint8Array>): number => [...files.values()].reduce((n, f) => n + f.length, 0);

const portText = ({ name, shape }: Port): string => `${name} [${shape.join(', ')}]`;
