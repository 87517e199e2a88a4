import { type Graph, type Network, printDim } from '../../compiler/index.js';
import { adaptiveMode } from '../../runtime/deployment/adaptive/facts.js';
import { sealed } from '../../runtime/models/seal.js';
import { specHash } from '../../runtime/run/run-folder.js';
import { writeAtomic } from '../../runtime/support/files/atomic.js';
import { writeFolderAtomic } from '../../runtime/support/files/atomic-folder.js';
import { buildAdaptive } from '../artefacts/adaptive.js';
import { wantsHalf } from '../artefacts/half.js';
import { buildModel, type ModelInput } from '../artefacts/model.js';
import { buildQuantized, checkQuantize } from '../artefacts/quantized.js';
import { runtimeOf } from '../artefacts/runtime.js';
import { buildStep } from '../artefacts/step.js';
import {
  type BuildOptions,
  type Built,
  isModelFile,
  isStep,
  isTarget,
  type Target,
  targets,
} from '../artefacts/targets.js';
import { refuseThresholds, thresholdSource } from '../artefacts/thresholds.js';
import { UsageError } from '../errors.js';
import { parseCount, parseSettings, parseSize } from '../flags/options.js';
import { type GoodSpec, isFolder, loadRunSpec, loadSpec } from '../flags/spec.js';
import { readWeights } from '../flags/weights.js';
import type { Io, Outcome } from '../io.js';
import { bytes, count, macs, sizeText } from '../render/numbers.js';

/** `unetc build FILE|RUN -o OUT`: the artefact; a run is its spec with its weights. What the weights don't decide, nothing random does: the same input, the same bytes. */
export async function build(given: string, asked: BuildOptions, io: Io): Promise<Outcome> {
  const { target = 'onnx' } = asked;
  if (!isTarget(target))
    throw new UsageError(`there is no target ${target}`, `use ${targets.slice(0, -1).join(', ')} or ${targets.at(-1)}`);
  wantsHalf(asked, target);
  const started = performance.now();
  const run = await isFolder(given);
  const options = run ? { ...asked, weights: asked.weights ?? given } : asked;
  if (options.mode !== adaptiveMode) checkQuantize(options);
  if (options.quantize === undefined) runtimeOf(options);
  const size = options.size === undefined ? undefined : parseSize(options.size);
  const batch = options.batch === undefined ? undefined : parseCount(options.batch, '--batch');
  const seed = parseCount(options.seed ?? '0', '--seed', 0);
  const settings = parseSettings(options.set);
  const source = options.weights === undefined ? null : await readWeights(options.weights);
  const set = { ...source?.run?.set, ...settings };
  const spec = run ? await loadRunSpec(given, set, io) : await loadSpec(given, set, io);
  if (source?.run && source.run.spec !== specHash(spec.text, spec.imports)) {
    io.err(`warning: ${source.path} was trained with another text of this spec; its weights are used by their paths\n`);
  }
  const built = withSeal(await artefact(spec, options, { size, batch, seed, source }, target, io), target);
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

/** An ONNX file gets a checksum, by which `predict` and others tell that it is whole. */
const withSeal = (built: Built, target: Target): Built =>
  built.model instanceof Uint8Array && target.startsWith('onnx') ? { ...built, model: sealed(built.model) } : built;

/** What the flags ask for. */
async function artefact(
  spec: GoodSpec,
  options: BuildOptions,
  input: ModelInput,
  target: Target,
  io: Io,
): Promise<Built> {
  if (isAdaptive(spec.network, options)) {
    return buildAdaptive(spec, options, input, thresholdSource(options, target), io);
  }
  refuseThresholds(options);
  if (isStep(target)) return buildStep(spec, options, input, target);
  if (options.quantize !== undefined && input.source) return buildQuantized(spec, options, input, input.source, io);
  return buildModel(spec, options, input, target, io);
}

/** A mode of the spec's own of this name is what it says it is. */
const isAdaptive = (network: Network, { mode }: BuildOptions): boolean =>
  mode === adaptiveMode && !network.modes.includes(adaptiveMode);

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
