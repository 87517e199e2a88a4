import { calibrationValues, planQuantization, type Range } from '../../../compiler/3-transform/quantize/index.js';
import type { Graph, NamedValue, Value } from '../../../compiler/ir/graph.js';
import { UserError } from '../../../compiler/user-error.js';
import type { Engine, Predictor, Tensor, Weights } from '../../engines/engine.js';
import { infer } from '../../prediction/inference.js';
import type { Plane } from '../../prediction/tiling.js';
import type { AxisRule } from '../../run/task.js';
import { Extent, Histogram } from './histogram.js';
import { type RangeRule, rangeOf } from './range-rules.js';

export interface CalibrateOptions {
  /** Deployed, batch norms folded. */
  readonly graph: Graph;
  readonly weights: Weights;
  readonly axes: readonly AxisRule[];
  readonly engine: Engine;
  /** As the network takes them. */
  readonly images: readonly Plane[];
  readonly signal?: AbortSignal;
  readonly onImage?: () => void;
}

/** What was seen of the values that scales are made of, on some images. */
export interface Calibration {
  ranges(rule: RangeRule): ReadonlyMap<number, Range>;
}

/**
 * Runs the float model over the images, each value that may be quantized an output of its own: once for the extent of each, once
 * more for its histogram. Large images go through in tiles, as in prediction.
 *
 * @throws UserError if the network answers a number that is none
 */
export async function calibrate(options: CalibrateOptions): Promise<Calibration> {
  const { graph, engine, weights, images, axes, signal } = options;
  const values = observedValues(graph);
  const image = graph.inputs[0] as NamedValue;
  const outputs = values.filter((v) => v.id !== image.value.id);
  const watched: Graph = { ...graph, outputs: outputs.map((value) => ({ name: nameOf(value), value })) };
  const predictor = await engine.predictor(watched, weights);
  const over = async (see: (value: Value, numbers: Float32Array) => void): Promise<void> => {
    const watching = watcher(predictor, values, image.value, see);
    for (const plane of images) {
      signal?.throwIfAborted();
      await infer(plane, watching, [nothing], { axes, ...(signal ? { signal } : {}) });
      options.onImage?.();
    }
  };
  try {
    const extents = new Map(values.map((v) => [v.id, new Extent()]));
    await over((v, numbers) => extents.get(v.id)?.add(numbers));
    const broken = values.find((v) => !isExtent(extents.get(v.id) as Extent));
    if (broken) {
      throw new UserError(
        'calibration-infinite',
        `${broken.origin.path} takes values that are no numbers on these images`,
        'train the weights again, or quantize others',
      );
    }
    const histograms = new Map(values.map((v) => [v.id, new Histogram(extents.get(v.id) as Extent)]));
    await over((v, numbers) => histograms.get(v.id)?.add(numbers));
    return { ranges: (rule) => new Map([...histograms].map(([id, seen]) => [id, rangeOf(rule, seen)])) };
  } finally {
    await predictor.dispose();
  }
}

/** Every value that is measured if all layers are quantized; fewer layers need no others. */
function observedValues(graph: Graph): Value[] {
  const wanted = calibrationValues(planQuantization(graph, new Set()));
  const all = [...graph.inputs.map((i) => i.value), ...graph.nodes.flatMap((n) => n.outputs)];
  return all.filter((v) => wanted.has(v.id));
}

const nameOf = (v: Value): string => `value_${v.id}`;

const isExtent = ({ low, high }: Extent): boolean => Number.isFinite(low) && Number.isFinite(high);

/** The output that `infer` is given for its own: nobody looks at it. */
const nothing = 'nothing';

/** A predictor that shows what it computes, and answers an empty map. */
const watcher = (
  predictor: Predictor,
  values: readonly Value[],
  image: Value,
  see: (value: Value, numbers: Float32Array) => void,
): Predictor => ({
  async run(input: Tensor) {
    const answers = await predictor.run(input);
    for (const v of values) see(v, (v.id === image.id ? input : (answers.get(nameOf(v)) as Tensor)).data);
    const [n = 1, , ...space] = input.shape;
    const size = space.reduce((a, b) => a * b, 1);
    return new Map([[nothing, { data: new Float32Array(n * size), shape: [n, 1, ...space] }]]);
  },
  dispose: () => predictor.dispose(),
});
