import fc from 'fast-check';
import { emitOnnx } from '../../compiler/5-emit/onnx/index.js';
import { initialWeights } from '../../compiler/6-build/initialize.js';
import {
  calibrationValues,
  deploy,
  foldBatchNorm,
  type Graph,
  type IntegerRuntime,
  load,
  planQuantization,
  quantizableNodes,
  quantize,
  type Range,
  specializeGraph,
} from '../../compiler/index.js';
import { knownShape } from '../../compiler/ir/dim.js';
import { stream } from '../../compiler/random.js';
import { networkShapes, nthSizes, selections, specText } from '../../testing/index.js';
import { evaluateValues, type Float64Tensor, tensor } from '../../testing/reference/index.js';

/** A random network, deployed, folded and bound, and the same in whole numbers with ranges of its own values on one image. */
export interface Case {
  readonly text: string;
  /** Paths of convolutions that stay in float: none, or a third of them. */
  readonly floats: ReadonlySet<string>;
  readonly runtime: IntegerRuntime;
  readonly float: Model;
  readonly whole: Model;
  readonly image: Float64Tensor;
  readonly ranges: ReadonlyMap<number, Range>;
}

export interface Model {
  readonly graph: Graph;
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/** Networks whose every operator has an error that can be bounded: no normalization by the image's own statistics. */
export const drawn = fc.record({
  text: networkShapes({ depth: 2, channels: 4 }).map((shape) => {
    const norm = shape.block.norm === 'none' ? ('none' as const) : ('batchnorm' as const);
    return specText({ ...shape, block: { ...shape.block, norm } });
  }),
  seed: fc.nat(1_000_000),
});

/** @param drawn.bright every weight and every pixel is 1, rather than random */
export function caseOf({ text, seed, bright }: { text: string; seed: number; bright?: boolean }): Case {
  const { network, diagnostics } = load(text);
  if (!network) throw new Error(diagnostics.map((d) => d.message).join('\n'));
  const [selection] = fc.sample(selections(network), { seed, numRuns: 1 });
  const random = stream(seed, 'quantize');
  const initial = initialWeights(network.graph.params, seed);
  // Biases and statistics as training leaves them, rather than zeros and ones.
  const trained = new Map(
    [...initial].map(([path, { data }]) => [
      path,
      path.endsWith('.running_var')
        ? data.map(() => random.uniform(0.5, 2))
        : data.map((v) => (bright ? 1 : v + random.uniform(-0.2, 0.2))),
    ]),
  );
  const runtime = random.boolean() ? 'ort' : 'openvino';
  const sizes = nthSizes(network, 1, [1, 1, 1]);
  const float = foldBatchNorm(specializeGraph(deploy(network, selection ?? {}), sizes), trained);
  const shape = knownShape(float.graph.inputs[0]!.value.type.shape);
  const size = shape.reduce((a, b) => a * b, 1);
  const image = tensor(
    shape,
    Float32Array.from({ length: size }, () => (bright ? 1 : random.uniform())),
  );
  const values = evaluateValues(float.graph, feedsOf(float, image));
  const wanted = calibrationValues(planQuantization(float.graph, new Set()));
  const layers = quantizableNodes(float.graph).map((n) => n.origin.path);
  const ranges = new Map([...wanted].map((id) => [id, extent(values.get(id) as Float64Tensor)]));
  const floats = new Set(random.boolean() ? [] : layers.filter(() => random.int(3) === 0));
  return {
    text,
    floats,
    runtime,
    float,
    whole: quantize(float.graph, float.weights, { ranges, floats, runtime }),
    image,
    ranges,
  };
}

export const bytesOf = ({ graph, weights }: Model): Uint8Array =>
  emitOnnx(graph, { weights, name: 'test', metadata: {} });

export function feedsOf({ graph, weights }: Model, image: Float64Tensor): Map<string, Float64Tensor> {
  const params = graph.params.map(
    (p) => [p.origin.path, tensor(knownShape(p.type.shape), weights.get(p.origin.path) as Float32Array)] as const,
  );
  return new Map([[graph.inputs[0]!.name, image], ...params]);
}

export const extent = ({ data }: Float64Tensor): Range => ({
  low: data.reduce((a, b) => Math.min(a, b)),
  high: data.reduce((a, b) => Math.max(a, b)),
});
