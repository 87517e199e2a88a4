import type { Diagnostic } from '../../grammar/diagnostic.js';
import { specializeGraph } from '../2-infer/specialize.js';
import { deploy } from '../3-transform/deploy.js';
import type { WeightArrays } from '../3-transform/fold.js';
import { type DeployRuntime, optimizeForRuntime } from '../3-transform/optimize-for-runtime.js';
import { countMacs, countParameters } from '../4-schedule/cost.js';
import { emitOnnx } from '../5-emit/onnx/index.js';
import { emitGraphModel, emitInference, encodeSavedModel } from '../5-emit/tensorflow/index.js';
import { emitTfjsLayers } from '../5-emit/tfjs-layers/index.js';
import type { Graph, Network } from '../ir/graph.js';
import { version } from '../version.js';
import { type Artifact, onnxFile, portsOf } from './artifact.js';
import { savedModelFolder } from './folder.js';
import { formatFiles } from './format-files.js';
import { halfReport, halved } from './half.js';
import { type GoodSpec, metadataKeys, specMetadata } from './metadata.js';
import type { FolderOptions, OnnxOptions, QuantizedOptions } from './options.js';
import { sealed, sealLength } from './seal.js';
import { type ChosenSelection, chooseSelection } from './selection.js';
import { type ChosenSize, chooseSize } from './size.js';
import { weightArrays, weightsText } from './weights.js';

/** A level and mode before weights go in: what every format of it starts from. */
interface Chosen {
  readonly selection: ChosenSelection;
  /** Open where the spec is. */
  readonly deployed: Graph;
  readonly size: ChosenSize;
  /** `deployed`, of the size and batch given, if any was. */
  readonly graph: Graph;
  readonly metadata: Readonly<Record<string, string>>;
  readonly facts: Pick<Artifact, 'parameters' | 'macs' | 'macsAt'>;
  readonly what: string;
}

type ModelOptions = OnnxOptions | FolderOptions | QuantizedOptions;

function choose(spec: GoodSpec, options: ModelOptions, keepDropout = false): Chosen {
  const { network, recipe } = spec;
  const { size, batch } = options;
  const selection = chooseSelection(network, options);
  const deployed = deploy(network, selection, { keepDropout });
  const chosen = chooseSize(network, { size, batch, recipe: spec.hasTrain ? recipe : undefined });
  const fixed = size !== undefined || batch !== undefined;
  return {
    selection,
    deployed,
    size: chosen,
    // Without a size the model stays open in every dimension that the spec leaves open.
    graph: fixed ? specializeGraph(deployed, chosen.sizes) : deployed,
    metadata: specMetadata(spec, selection, options.task, fixed ? { size: chosen.size, batch: batch ?? 1 } : undefined),
    facts: {
      parameters: countParameters(deployed),
      macs: countMacs(specializeGraph(deployed, chosen.sizes)),
      macsAt: chosen.size,
    },
    what: `${network.name} L${selection.level} ${selection.mode}`,
  };
}

/** An ONNX file of one level and mode, for a runtime and in a precision. */
export function buildOnnx(spec: GoodSpec, options: OnnxOptions): Artifact {
  const chosen = choose(spec, options);
  const { network } = spec;
  const half = options.precision === 'fp16';
  // fp16 is for GPUs, which multiply large images faster than they weave small ones.
  const runtime: DeployRuntime = options.runtime ?? (half ? 'plain' : 'ort');
  const arrays = weightArrays(chosen.graph.params, options);
  const finished = optimizeForRuntime(chosen.graph, arrays, runtime);
  const emit = (graph: Graph, more = {}): Uint8Array =>
    emitOnnx(graph, { weights: finished.weights, name: network.name, metadata: { ...chosen.metadata, ...more } });
  const bound = specializeGraph(chosen.deployed, chosen.size.sizes);
  const common = {
    ...chosen.facts,
    target: options.target,
    report: {
      weights: weightsText(options),
      runtime,
      executedMacs: countMacs(optimizeForRuntime(bound, null, runtime).graph),
    },
  };
  const model = emit(finished.graph);
  if (!half) return onnxArtifact(finished.graph, model, { ...common, what: chosen.what });
  const inHalf = halved(finished.graph, finished.weights);
  const small = emit(inHalf.graph, { [metadataKeys.precision]: 'fp16' });
  return onnxArtifact(inHalf.graph, small, {
    ...common,
    what: `${chosen.what} in fp16`,
    warnings: inHalf.warnings,
    report: { ...common.report, half: halfReport(inHalf.graph, model.length + sealLength) },
  });
}

interface OnnxFacts extends Pick<Artifact, 'target' | 'parameters' | 'macs' | 'macsAt'> {
  readonly what: string;
  readonly warnings?: readonly string[];
  readonly report: Omit<Artifact['report'], 'what'>;
}

const onnxArtifact = (
  graph: Graph,
  model: Uint8Array,
  { what, report, warnings = [], ...facts }: OnnxFacts,
): Artifact => ({
  ...facts,
  files: new Map([[onnxFile, sealed(model)]]),
  inputs: portsOf(graph.inputs),
  outputs: portsOf(graph.outputs),
  nodes: graph.nodes.length,
  report: { what, ...report },
  warnings,
  diagnostics: [],
});

/** A graph that was calibrated in int8, as an ONNX file. */
export function buildQuantized(spec: GoodSpec, options: QuantizedOptions): Artifact {
  const chosen = choose(spec, options);
  const { quantized, size, batch } = options;
  const fixed = size !== undefined || batch !== undefined;
  const graph = fixed ? specializeGraph(quantized.graph, chosen.size.sizes) : quantized.graph;
  const metadata = { ...chosen.metadata, 'unetc.quantize': 'int8' };
  const model = emitOnnx(graph, { weights: quantized.weights, name: spec.network.name, metadata });
  return onnxArtifact(graph, model, {
    ...chosen.facts,
    target: options.target,
    what: `${chosen.what} in int8`,
    report: { weights: `weights of ${options.weightsName ?? 'the caller'}` },
  });
}

/**
 * A folder for TensorFlow or TensorFlow.js.
 * @throws RefusedError where TensorFlow.js has no operator for one of the network's
 */
export function buildFolder(spec: GoodSpec, options: FolderOptions): Artifact {
  const { target } = options;
  // Batch norms and dropout stay layers in tfjs-layers, so that the model can be trained on.
  const asLayers = target === 'tfjs-layers';
  const chosen = choose(spec, options, asLayers);
  const { graph, metadata } = chosen;
  const arrays = weightArrays(graph.params, options);
  const written = asLayers
    ? layersOf(spec.network, graph, arrays, metadata, options.batch)
    : plainFolder(graph, arrays, metadata, target);
  const batch = options.batch ?? 'N';
  return {
    ...chosen.facts,
    target,
    files: written.files,
    inputs: portsOf(written.graph.inputs, batch),
    outputs: portsOf(written.graph.outputs, batch),
    nodes: written.nodes,
    report: { what: chosen.what, weights: weightsText(options) },
    warnings: [],
    diagnostics: written.diagnostics,
  };
}

interface Written {
  readonly graph: Graph;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly nodes: number;
  readonly diagnostics: readonly Diagnostic[];
}

const generatedBy = `unetc ${version}`;

function layersOf(
  network: Network,
  graph: Graph,
  weights: WeightArrays,
  metadata: Readonly<Record<string, string>>,
  batch: number | undefined,
): Written {
  const { files, diagnostics, layers } = emitTfjsLayers(graph, {
    ...{ weights, name: network.name, generatedBy, metadata },
    batch: batch ?? null,
  });
  return { graph, files: formatFiles(files, diagnostics), nodes: layers, diagnostics };
}

function plainFolder(
  graph: Graph,
  arrays: WeightArrays,
  metadata: Readonly<Record<string, string>>,
  target: 'tf' | 'tfjs',
): Written {
  // TensorFlow has layouts and rewrites of its own.
  const folded = optimizeForRuntime(graph, arrays, 'plain');
  if (target === 'tfjs') {
    const { files, diagnostics, nodes } = emitGraphModel(folded.graph, {
      weights: folded.weights,
      generatedBy,
      metadata,
    });
    return { graph: folded.graph, files: formatFiles(files, diagnostics), nodes, diagnostics };
  }
  const tf = emitInference(folded.graph, { weights: folded.weights, images: 'channels-last' });
  const files = savedModelFolder(encodeSavedModel(tf.nodes, { serving_default: tf }), metadata);
  return { graph: folded.graph, files, nodes: tf.nodes.length, diagnostics: [] };
}
