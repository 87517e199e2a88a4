import { emitGraphModel, emitInference, encodeSavedModel } from '../../compiler/5-emit/tensorflow/index.js';
import { emitTfjsLayers } from '../../compiler/5-emit/tfjs-layers/index.js';
import {
  bindGraph,
  countMacs,
  countParameters,
  type Diagnostic,
  deploy,
  finish,
  type Param,
} from '../../compiler/index.js';
import { initialWeights } from '../../runtime/run/initialize.js';
import { version } from '../../runtime/support/version.js';
import { Reported } from '../errors.js';
import { chooseSelection } from '../flags/selection.js';
import { chooseSize } from '../flags/sizes.js';
import { fileReport, type GoodSpec, hasErrors, printDiagnostics } from '../flags/spec.js';
import { requireWeights, type WeightsSource } from '../flags/weights.js';
import type { Io } from '../io.js';
import { modelFacts } from '../model-facts.js';
import { buildOnnx } from './onnx.js';
import { type BuildOptions, type Built, type ModelTarget, savedModelFolder } from './targets.js';

export interface ModelInput {
  readonly size: readonly number[] | undefined;
  readonly batch: number | undefined;
  readonly seed: number;
  readonly source: WeightsSource | null;
}

/** A level and mode with its weights, to answer with. */
export function buildModel(
  spec: GoodSpec,
  options: BuildOptions,
  { size, batch, seed, source }: ModelInput,
  target: ModelTarget,
  io: Io,
): Built {
  const { network, recipe } = spec;
  const selection = chooseSelection(network, options);
  const asLayers = target === 'tfjs-layers';
  const deployed = deploy(network, selection, { keepDropout: asLayers });
  const chosen = chooseSize(network, { size, batch, recipe: spec.hasTrain ? recipe : undefined });
  // Without a size the model stays open in every dimension that the spec leaves open.
  const fixed = size !== undefined || batch !== undefined;
  const graph = fixed ? bindGraph(deployed, chosen.sizes) : deployed;
  if (source) requireWeights(graph.params, source);
  const arrays = arraysOf(graph.params, source?.weights ?? initialWeights(graph.params, seed));
  const metadata = modelFacts(spec, selection, source);
  const facts = {
    parameters: countParameters(deployed),
    cost: { macs: countMacs(fixed ? graph : bindGraph(deployed, chosen.sizes)), size: chosen.size },
    what: `${network.name} L${selection.level} ${selection.mode}`,
    weights: source ? `weights of ${source.path}` : `initial weights of seed ${seed} (untrained: give --weights)`,
  };
  const generatedBy = `unetc ${version()}`;
  if (asLayers) {
    // Batch norms stay layers, so that the model can be trained on.
    const layers = emitTfjsLayers(graph, {
      weights: arrays,
      name: network.name,
      generatedBy,
      metadata,
      batch: batch ?? null,
    });
    const model = written(spec, layers.files, layers.diagnostics, io);
    return { ...facts, model, graph, nodes: layers.layers, batch: batch ?? 'N' };
  }
  if (target === 'onnx') {
    const bound = bindGraph(deployed, chosen.sizes);
    return buildOnnx(options, facts, { graph, bound, arrays, name: network.name, metadata }, io);
  }
  // TensorFlow has layouts and rewrites of its own.
  const folded = finish(graph, arrays, 'plain');
  const rest = { ...facts, graph: folded.graph };
  switch (target) {
    case 'tf': {
      const tf = emitInference(folded.graph, { weights: folded.weights, images: 'channels-last' });
      const model = savedModelFolder(encodeSavedModel(tf.nodes, { serving_default: tf }), metadata);
      return { ...rest, model, nodes: tf.nodes.length, batch: batch ?? 'N' };
    }
    case 'tfjs': {
      const tfjs = emitGraphModel(folded.graph, { weights: folded.weights, generatedBy, metadata });
      const model = written(spec, tfjs.files, tfjs.diagnostics, io);
      return { ...rest, model, nodes: tfjs.nodes, batch: batch ?? 'N' };
    }
  }
}

/** The files, unless the format can't say the network: then `Reported` is thrown, all refusals printed. */
function written(
  spec: GoodSpec,
  files: ReadonlyMap<string, Uint8Array> | null,
  diagnostics: readonly Diagnostic[],
  io: Io,
): ReadonlyMap<string, Uint8Array> {
  printDiagnostics(io, spec.file, spec.text, { diagnostics, imports: spec.imports });
  if (files === null || hasErrors(diagnostics)) {
    throw new Reported({ ok: false, files: [fileReport(spec.file, diagnostics)] });
  }
  return files;
}

/** The weights of a graph's parameters, by path. */
export const arraysOf = (
  params: readonly Param[],
  weights: ReadonlyMap<string, { readonly data: Float32Array }>,
): Map<string, Float32Array> =>
  new Map(params.map((p) => [p.origin.path, (weights.get(p.origin.path) as { data: Float32Array }).data]));
