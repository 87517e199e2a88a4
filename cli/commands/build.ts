import { type Artifact, build as buildArtifact, chooseLevels, RefusedError } from '../../compiler/index.js';
import type { DataFormat } from '../../runtime/data/index.js';
import { type BuildHooks, buildInt8, calibrateThresholds } from '../../runtime/deployment/build/index.js';
import { specHash } from '../../runtime/run/run-folder.js';
import { dataFormat } from '../../runtime/run/task.js';
import { readWeights, type WeightsSource } from '../../runtime/run/weights.js';
import { writeAtomic } from '../../runtime/support/files/atomic.js';
import { writeFolderAtomic } from '../../runtime/support/files/atomic-folder.js';
import { Reported, UsageError } from '../errors.js';
import {
  type BuildFlags,
  type BuildRequest,
  isAdaptive,
  readBuildFlags,
  readQuantizeFlags,
  readSelection,
  refuseForStep,
  refuseThresholds,
  type ThresholdSource,
  thresholdSource,
} from '../flags/build-options.js';
import { imagesToJudge } from '../flags/held-out.js';
import { fileReport, type GoodSpec, isFolder, loadRunSpec, loadSpec, printDiagnostics } from '../flags/spec.js';
import type { Io, Outcome } from '../io.js';
import { buildText, reportJson } from '../render/build.js';
import { sayMasks } from '../render/masks.js';
import { progressBar } from '../render/progress.js';

/** `unetc build FILE|RUN -o OUT`: the artefact; a run is its spec with its weights. What the weights don't decide, nothing random does: the same input, the same bytes. */
export async function build(given: string, asked: BuildFlags, io: Io): Promise<Outcome> {
  const started = performance.now();
  const run = await isFolder(given);
  const flags = run ? { ...asked, weights: asked.weights ?? given } : asked;
  const request = readBuildFlags(flags);
  const source = flags.weights === undefined ? null : await readWeights(flags.weights);
  const set = { ...source?.run?.set, ...request.set };
  const spec = run ? await loadRunSpec(given, set, io) : await loadSpec(given, set, io);
  if (source?.run && source.run.spec !== specHash(spec.text, spec.imports)) {
    io.err(`warning: ${source.path} was trained with another text of this spec; its weights are used by their paths\n`);
  }
  const artifact = await reported(spec, io, () => make(spec, flags, request, source, io));
  printDiagnostics(io, spec.file, spec.text, { diagnostics: artifact.diagnostics, imports: spec.imports });
  for (const warning of artifact.warnings) io.err(`warning: ${warning}\n`);
  const [file, ...more] = artifact.files.values();
  const isFile = request.target === 'onnx' || request.target === 'onnx-train';
  if (isFile && file && more.length === 0) await writeAtomic(flags.out, file);
  else await writeFolderAtomic(flags.out, artifact.files, isModelFile);
  const bytes = [...artifact.files.values()].reduce((n, f) => n + f.length, 0);
  const milliseconds = Math.round(performance.now() - started);
  const json = {
    out: flags.out,
    target: artifact.target,
    parameters: artifact.parameters,
    macs: artifact.macs,
    macsAt: artifact.macsAt,
    nodes: artifact.nodes,
    inputs: artifact.inputs,
    outputs: artifact.outputs,
    bytes,
    ...(isFile ? {} : { files: [...artifact.files.keys()] }),
    weights: artifact.report.weights,
    ...reportJson(artifact.report),
    milliseconds,
  };
  return { json, text: buildText(flags.out, artifact, bytes, milliseconds) };
}

/** Whether a file of this name may be replaced by another build. */
const isModelFile = (name: string): boolean =>
  /^(saved_model\.pb|unetc\.json|model\.json|group1-shard\d+of\d+\.bin)$/.test(name);

/** Prints what a format has against a network; throws `Reported` then. */
async function reported(spec: GoodSpec, io: Io, work: () => Promise<Artifact>): Promise<Artifact> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    printDiagnostics(io, spec.file, spec.text, { diagnostics: error.diagnostics, imports: spec.imports });
    throw new Reported({ ok: false, files: [fileReport(spec.file, error.diagnostics)] });
  }
}

/** What the flags ask for. */
async function make(
  spec: GoodSpec,
  flags: BuildFlags,
  request: BuildRequest,
  source: WeightsSource | null,
  io: Io,
): Promise<Artifact> {
  const { target, size, batch, seed, half, runtime } = request;
  const sized = { size, batch };
  const weighted = {
    ...sized,
    seed,
    ...(source ? { weights: source.weights, weightsName: source.path } : {}),
    ...(source?.run ? { task: source.run.task } : {}),
  };
  const precision = half ? 'fp16' : 'fp32';
  if (isAdaptive(spec.network, flags)) {
    const from = thresholdSource(flags, target);
    const { level } = readSelection(flags);
    const options = { ...weighted, target: 'onnx' as const, precision, level, levelMode: flags.levelMode } as const;
    const chosen =
      'given' in from
        ? { thresholds: counted(from.given, spec, options) }
        : await thresholds(from, spec, options, source, io);
    return buildArtifact(spec, { ...options, ...chosen });
  }
  refuseThresholds(flags);
  refuseForStep(flags, target);
  if (target === 'onnx-train' || target === 'tf-train') return buildArtifact(spec, { ...sized, target });
  const selection = readSelection(flags);
  if (target !== 'onnx') return buildArtifact(spec, { ...weighted, ...selection, target });
  if (flags.quantize === undefined || !source) {
    return buildArtifact(spec, { ...weighted, ...selection, target, precision, runtime });
  }
  return quantized(spec, flags, { ...weighted, ...selection, weights: source.weights }, source, io);
}

const runAt = ({ path, run }: WeightsSource) => run && { folder: path, record: run };

/** How the images and masks of a calibration folder are read: as those that the weights were trained on. */
function formatOf(spec: GoodSpec, { run }: WeightsSource): DataFormat {
  const before = run?.task.masks;
  return { ...dataFormat(spec.network, run?.recipe ?? spec.recipe), ...(before ? { before } : {}) };
}

type Shared = Pick<Parameters<typeof buildInt8>[1], 'size' | 'batch' | 'level' | 'mode' | 'weights' | 'task' | 'seed'>;

async function quantized(spec: GoodSpec, flags: BuildFlags, shared: Shared, source: WeightsSource, io: Io) {
  const { folder, runtime, maxLoss } = readQuantizeFlags(flags);
  const { openCalibration } = await import('../../runtime/deployment/quantize/index.js');
  const calibration = await openCalibration(folder, formatOf(spec, source));
  const { dataset } = calibration;
  if (dataset) sayMasks(dataset, io);
  const judged = dataset && (await imagesToJudge(dataset, runAt(source), undefined, io)).dataset;
  const options = { ...shared, weightsName: source.path, calibration, judged, runtime, maxLoss };
  return withProgress(io, 'quantizing', (hooks) =>
    buildInt8(spec, { ...options, target: 'onnx', quantize: 'int8' }, hooks),
  );
}

type ForThresholds = Omit<Parameters<typeof calibrateThresholds>[1], 'dataset' | 'iouLoss'>;

/** One threshold for each level but the last, and on what they were chosen. */
async function thresholds(
  from: Extract<ThresholdSource, { folder: string }>,
  spec: GoodSpec,
  options: ForThresholds,
  source: WeightsSource | null,
  io: Io,
) {
  if (!source) {
    throw new UsageError('--calibrate needs trained weights: untrained ones are sure of nothing', 'give --weights RUN');
  }
  const { openFolder, readList, resolveNames } = await import('../../runtime/data/index.js');
  const opened = await openFolder(from.folder, formatOf(spec, source));
  const named = from.split === undefined ? undefined : resolveNames(opened, await readList(from.split));
  const { dataset } = await imagesToJudge(opened, runAt(source), named, io);
  return withProgress(io, 'choosing thresholds', (hooks) =>
    calibrateThresholds(spec, { ...options, dataset, iouLoss: from.loss }, hooks),
  );
}

/** Numbers given for all levels that can be unsure. @throws UsageError for too few or too many */
function counted(given: readonly number[], spec: GoodSpec, options: ForThresholds): readonly number[] {
  const decisions = chooseLevels(spec.network, options).levels.length - 1;
  if (given.length === 1 || given.length === decisions) return given;
  throw new UsageError(
    `--threshold-uncertainty has ${given.length} numbers, and ${decisions} of these levels can be unsure`,
    `give one number for all, or ${decisions} with commas between`,
  );
}

async function withProgress<T>(io: Io, title: string, work: (hooks: BuildHooks) => Promise<T>): Promise<T> {
  const bar = await progressBar(io, title);
  const onProgress: BuildHooks['onProgress'] = (what, done, total) => bar.update(done, total, what || undefined);
  return work({ signal: io.interruption(), onProgress }).finally(() => bar.stop());
}
