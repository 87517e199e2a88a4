import type { Graph } from '../ir/graph.js';
import { checked } from '../ir/verify.js';
import { foldBatchNorm, type WeightArrays } from './fold.js';
import { mergeUpsampling, type UpsamplingForm } from './upsampling/deployed.js';

/**
 * What a model is to be fast in:
 *
 *   ort       ONNX Runtime on a CPU, native or in a browser
 *   openvino  OpenVINO
 *   plain     nothing in particular: the operators of the spec, for other runtimes, GPUs and converters
 */
export type DeployRuntime = 'ort' | 'openvino' | 'plain';

export const deployRuntimes: readonly DeployRuntime[] = ['ort', 'openvino', 'plain'];

const forms: Readonly<Record<DeployRuntime, UpsamplingForm | null>> = {
  ort: 'phases',
  openvino: 'transposed',
  plain: null,
};

/**
 * The last passes over a deployed graph, which look at its weights: batch norms go into convolutions, and convolutions over what
 * `upsample` repeated read the small image. The outputs are the same up to rounding.
 * @param weights null: the graph alone, as it will be, for plans
 */
export function optimizeForRuntime<W extends WeightArrays | null>(
  graph: Graph,
  weights: W,
  runtime: DeployRuntime,
): { graph: Graph; weights: W } {
  const folded = foldBatchNorm(graph, weights);
  const form = forms[runtime];
  if (form === null) return folded;
  const merged = mergeUpsampling(folded.graph, folded.weights, form);
  return { ...merged, graph: checked('upsampling', merged.graph) };
}
