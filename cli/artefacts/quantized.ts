import { emitOnnx } from '../../compiler/5-emit/onnx/index.js';
import {
  bindGraph,
  countMacs,
  countParameters,
  deploy,
  foldBatchNorm,
  type Graph,
  type IntegerRuntime,
  integerRuntimes,
  knownShape,
  type WeightArrays,
} from '../../compiler/index.js';
import {
  calibrationImages,
  openCalibration,
  type QuantizedModel,
  quantizeModel,
} from '../../runtime/deployment/quantize/index.js';
import type { Weights } from '../../runtime/engines/engine.js';
import { ort } from '../../runtime/engines/onnxruntime/index.js';
import { HeldOut } from '../../runtime/evaluation/held-out.js';
import { dataFormat, taskOf } from '../../runtime/run/task.js';
import { UsageError } from '../errors.js';
import { imagesToJudge } from '../flags/held-out.js';
import { parseNumber } from '../flags/options.js';
import { chooseSelection } from '../flags/selection.js';
import { chooseSize } from '../flags/sizes.js';
import type { GoodSpec } from '../flags/spec.js';
import { requireWeights, type WeightsSource } from '../flags/weights.js';
import type { Io } from '../io.js';
import { modelFacts } from '../model-facts.js';
import { progressBar } from '../render/progress.js';
import { quantizationLines } from '../render/quantization.js';
import type { ModelInput } from './model.js';
import type { BuildOptions, Built, Quantization } from './targets.js';

/** Points of IoU that may be lost where the command does not say. */
const defaultLoss = '0.3';

/** Throws a `UsageError` unless `--quantize` and the flags about it go together, and with the rest. */
export function checkQuantize(options: BuildOptions): void {
  const { quantize, calibrate, target = 'onnx', weights } = options;
  if (quantize === undefined) {
    const given = { calibrate, 'max-loss': options.maxLoss };
    const alone = Object.entries(given).find(([, value]) => value !== undefined)?.[0];
    if (alone !== undefined)
      throw new UsageError(`--${alone} has no meaning without --quantize`, 'add --quantize int8');
    return;
  }
  if (quantize !== 'int8') throw new UsageError(`there is no quantization ${quantize}`, 'use --quantize int8');
  if (options.for !== undefined && !isRuntime(options.for)) {
    throw new UsageError(
      options.for === 'plain'
        ? 'an int8 model is written for a runtime: there is none that is plain'
        : `there is no runtime ${options.for} to build for`,
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

/** A level and mode in whole numbers, calibrated on the images of `--calibrate`; for `checkQuantize`d options. */
export async function buildQuantized(
  spec: GoodSpec,
  options: BuildOptions,
  { size, batch, seed }: ModelInput,
  source: WeightsSource,
  io: Io,
): Promise<Built> {
  const { network, recipe } = spec;
  const bound = parseNumber(options.maxLoss ?? defaultLoss, '--max-loss', 0, 100) / 100;
  const selection = chooseSelection(network, options);
  const runtime = options.for !== undefined && isRuntime(options.for) ? options.for : 'ort';
  const chosen = chooseSize(network, { size, batch, recipe: spec.hasTrain ? recipe : undefined });
  const deployed = deploy(network, selection);
  requireWeights(deployed.params, source);
  const folded = foldBatchNorm(deployed, arraysOf(source.weights));
  const { model, report } = await search(
    spec,
    options.calibrate as string,
    { ...folded, source, seed, bound, runtime },
    io,
  );
  const fixed = size !== undefined || batch !== undefined;
  const graph = fixed ? bindGraph(model.graph, chosen.sizes) : model.graph;
  const metadata = { ...modelFacts(spec, selection, source), 'unetc.quantize': 'int8' };
  return {
    model: emitOnnx(graph, { weights: arraysOf(model.weights), name: network.name, metadata }),
    nodes: graph.nodes.length,
    graph,
    parameters: countParameters(deployed),
    cost: { macs: countMacs(bindGraph(deployed, chosen.sizes)), size: chosen.size },
    what: `${network.name} L${selection.level} ${selection.mode} in int8`,
    weights: `weights of ${source.path}`,
    more: { json: { quantize: report }, lines: quantizationLines(report) },
  };
}

interface Searched {
  readonly graph: Graph;
  readonly weights: WeightArrays;
  readonly source: WeightsSource;
  readonly seed: number;
  readonly bound: number;
  readonly runtime: IntegerRuntime;
}

async function search(
  spec: GoodSpec,
  folder: string,
  { graph, weights, source, seed, bound, runtime }: Searched,
  io: Io,
): Promise<{ model: QuantizedModel; report: Quantization }> {
  const format = dataFormat(spec.network, spec.recipe);
  const opened = await openCalibration(folder, format);
  const { dataset } = opened;
  const task = source.run?.task ?? taskOf(spec.network, spec.recipe, dataset?.classNames ?? []);
  const run = source.run && { folder: source.path, record: source.run };
  const judged = dataset && (await imagesToJudge(dataset, run, undefined, io)).dataset;
  const images = await calibrationImages(opened, { task, judged: judged?.names ?? [], seed });
  const bar = await progressBar(io, 'quantizing');
  const model = await quantizeModel({
    graph,
    weights: tensorsOf(graph, weights),
    task,
    engine: ort,
    images,
    held: judged && new HeldOut(judged, task),
    bound,
    runtime,
    signal: io.interruption(),
    onProgress: (what, done, total) => bar.update(done, total, what),
  }).finally(() => bar.stop());
  return { model, report: reportOf(model, runtime, { folder, images: images.length }) };
}

function reportOf(
  { layers, rule, error, quality }: QuantizedModel,
  runtime: IntegerRuntime,
  calibration: { readonly folder: string; readonly images: number },
): Quantization {
  const int8 = layers.filter((l) => l.type === 'int8').map((l) => l.path);
  const float = layers.flatMap(({ path, reason }) => (reason === undefined ? [] : [{ path, reason }]));
  const iou = quality && {
    images: quality.images,
    before: quality.before.iou,
    after: quality.after.iou,
    pooledBefore: quality.before.iouPooled,
    pooledAfter: quality.after.iouPooled,
  };
  return { type: 'int8', for: runtime, ranges: rule, calibration, layers: int8, float, error, iou };
}

const isRuntime = (name: string): name is IntegerRuntime => (integerRuntimes as readonly string[]).includes(name);

const arraysOf = (weights: Weights): Map<string, Float32Array> =>
  new Map(Array.from(weights, ([path, { data }]) => [path, data]));

const tensorsOf = ({ params }: Graph, weights: WeightArrays): Weights =>
  new Map(
    params.map(({ origin: { path }, type }) => [
      path,
      { data: weights.get(path) as Float32Array, shape: knownShape(type.shape) },
    ]),
  );
