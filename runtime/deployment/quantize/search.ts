import {
  type IntegerRuntime,
  quantizableNodes,
  quantize,
  unsupportedReason,
} from '../../../compiler/3-transform/quantize/index.js';
import { knownShape } from '../../../compiler/ir/dim.js';
import type { Graph, Node } from '../../../compiler/ir/graph.js';
import type { Engine, Predictor, Weights } from '../../engines/engine.js';
import type { HeldOut } from '../../evaluation/held-out.js';
import { type JudgedSide, judge } from '../../evaluation/judge.js';
import type { Quality, Scores } from '../../evaluation/scores.js';
import { infer } from '../../prediction/inference.js';
import type { Plane } from '../../prediction/tiling.js';
import type { Task } from '../../run/task.js';
import { type Calibration, calibrate } from './calibrate.js';
import { type RangeRule, rangeRules } from './range-rules.js';

export interface QuantizeModelOptions {
  /** Deployed, batch norms folded. */
  readonly graph: Graph;
  readonly weights: Weights;
  readonly task: Task;
  readonly engine: Engine;
  /** What ranges are measured on, as the network takes it; at least one. */
  readonly images: readonly Plane[];
  /** Judges the loss; null: there are no masks, and nothing decides that a layer stays in float. */
  readonly held: HeldOut | null;
  /** Whose kernels the graph is shaped for. */
  readonly runtime?: IntegerRuntime;
  /** IoU that may be lost, 0..1. */
  readonly bound: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (what: string, done: number, total: number) => void;
}

export interface QuantizedLayer {
  readonly path: string;
  readonly type: 'int8' | 'float';
  /** Why it stays in float. */
  readonly reason?: string;
}

export interface QuantizedModel {
  readonly graph: Graph;
  readonly weights: Weights;
  readonly rule: RangeRule;
  readonly layers: readonly QuantizedLayer[];
  /** Mean distance of its answers from the float model's, on calibration images. */
  readonly error: number;
  /** On the images judged; null without masks. */
  readonly quality: { readonly images: number; readonly before: Quality; readonly after: Quality } | null;
}

/** Images that errors are measured on: what tells two ways apart shows on a few. */
const probes = 16;

/**
 * Quantizes a model by measurement. Ranges come from the float model's values on `images`, by the rule whose answers are the
 * nearest to the float model's. If more IoU than `bound` is lost with every layer quantized, the layers that harm the answers most
 * alone go back to float, the fewest that hold the bound.
 */
export async function quantizeModel(options: QuantizeModelOptions): Promise<QuantizedModel> {
  const { graph, held, bound } = options;
  const search = new Search(options, await calibrate({ ...options, axes: options.task.axes }));
  try {
    await search.start();
    const rule = await search.bestRule();
    const before = held && (await search.quality(null));
    let floats: readonly Node[] = [];
    let after = held && (await search.quality(search.build(rule, floats)));
    if (before && after && before.iou - after.iou > bound) {
      const found = await search.fewestFloats(rule, before.iou);
      floats = found.floats;
      after = found.after;
    }
    const built = search.build(rule, floats);
    const costly = new Set(floats);
    return {
      ...built,
      rule,
      error: await search.error(built),
      layers: quantizableNodes(graph).map((node) => layerOf(node, costly, bound)),
      quality: held && before && after ? { images: held.length, before, after } : null,
    };
  } finally {
    await search.dispose();
  }
}

function layerOf(node: Node, costly: ReadonlySet<Node>, bound: number): QuantizedLayer {
  const { path } = node.origin;
  const points = `more than ${Number((100 * bound).toFixed(3))} points of IoU would be lost with it`;
  const reason = unsupportedReason(node) ?? (costly.has(node) ? points : undefined);
  return reason === undefined ? { path, type: 'int8' } : { path, type: 'float', reason };
}

interface BuiltModel {
  readonly graph: Graph;
  readonly weights: Weights;
}

/** Builds quantized models of one float model and measures them. */
class Search {
  readonly #options: QuantizeModelOptions;
  readonly #calibration: Calibration;
  readonly #layers: readonly Node[];
  readonly #probes: readonly Plane[];
  #due: readonly Plane[] = [];
  #float: Predictor | undefined;

  constructor(options: QuantizeModelOptions, calibration: Calibration) {
    this.#options = options;
    this.#calibration = calibration;
    this.#layers = quantizableNodes(options.graph).filter((n) => unsupportedReason(n) === null);
    this.#probes = options.images.slice(0, probes);
  }

  async start(): Promise<void> {
    const { graph, weights, engine } = this.#options;
    this.#float = await engine.predictor(graph, weights);
    this.#due = await this.#answers(this.#float);
  }

  async dispose(): Promise<void> {
    await this.#float?.dispose();
  }

  build(rule: RangeRule, floats: readonly Node[]): BuiltModel {
    const { graph, weights, runtime } = this.#options;
    const arrays = new Map(Array.from(weights, ([path, { data }]) => [path, data]));
    const built = quantize(graph, arrays, {
      ranges: this.#calibration.ranges(rule),
      floats: new Set(floats.map((n) => n.origin.path)),
      ...(runtime ? { runtime } : {}),
    });
    const shapes = new Map(built.graph.params.map((p) => [p.origin.path, knownShape(p.type.shape)]));
    return {
      graph: built.graph,
      weights: new Map([...built.weights].map(([path, data]) => [path, { data, shape: shapes.get(path) ?? [] }])),
    };
  }

  /** The rule whose answers are the nearest to the float model's; of equals the first. */
  async bestRule(): Promise<RangeRule> {
    const errors = new Map<RangeRule, number>();
    for (const rule of rangeRules) {
      errors.set(rule, await this.error(this.build(rule, [])));
      this.#progress('comparing ranges', errors.size, rangeRules.length);
    }
    return rangeRules.reduce((a, b) => ((errors.get(b) as number) < (errors.get(a) as number) ? b : a));
  }

  /** Mean distance between a model's answers and the float model's. */
  async error(model: BuiltModel): Promise<number> {
    const answers = await this.#with(model, (predictor) => this.#answers(predictor));
    let sum = 0;
    let count = 0;
    for (const [k, { data }] of answers.entries()) {
      const due = (this.#due[k] as Plane).data;
      for (let i = 0; i < data.length; i++) sum += Math.abs((data[i] as number) - (due[i] as number));
      count += data.length;
    }
    return sum / count;
  }

  /** Quality on the images to judge; of the float model if `model` is null. */
  quality(model: BuiltModel | null): Promise<Quality> {
    const { task, held, signal } = this.#options;
    const images = held as HeldOut;
    const of = async (predictor: Predictor): Promise<Quality> => {
      const [side] = await judge([{ predictor, outputs: null }], images, {
        task,
        onImage: ({ index, total }) => this.#progress('measuring IoU', index + 1, total),
        ...(signal ? { signal } : {}),
      });
      const [scores] = (side as JudgedSide).scores;
      return (scores as Scores).quality();
    };
    return model === null ? of(this.#float as Predictor) : this.#with(model, of);
  }

  /**
   * The fewest layers, from the most harmful on, that must stay in float for the loss to be within the bound; all of them
   * where no fewer do. Their number is doubled until it is enough, then halved in on, as if more never harmed.
   */
  async fewestFloats(rule: RangeRule, before: number): Promise<{ floats: readonly Node[]; after: Quality }> {
    const ranked = await this.#byHarm(rule);
    const holds = async (count: number) => {
      const after = await this.quality(this.build(rule, ranked.slice(0, count)));
      return { after, enough: before - after.iou <= this.#options.bound };
    };
    let short = 0;
    let count = Math.min(1, ranked.length);
    let found = await holds(count);
    while (!found.enough && count < ranked.length) {
      short = count;
      count = Math.min(2 * count, ranked.length);
      found = await holds(count);
    }
    while (count - short > 1) {
      const half = Math.floor((short + count) / 2);
      const tried = await holds(half);
      if (tried.enough) [count, found] = [half, tried];
      else short = half;
    }
    return { floats: ranked.slice(0, count), after: found.after };
  }

  /** Layers by the error of the model in which each alone is quantized, the largest first. */
  async #byHarm(rule: RangeRule): Promise<readonly Node[]> {
    const errors = new Map<Node, number>();
    for (const layer of this.#layers) {
      const others = this.#layers.filter((n) => n !== layer);
      errors.set(layer, await this.error(this.build(rule, others)));
      this.#progress('trying layers', errors.size, this.#layers.length);
    }
    return [...this.#layers].sort((a, b) => (errors.get(b) as number) - (errors.get(a) as number));
  }

  async #answers(predictor: Predictor): Promise<Plane[]> {
    const { task, signal } = this.#options;
    const answers: Plane[] = [];
    for (const image of this.#probes) {
      signal?.throwIfAborted();
      const maps = await infer(image, predictor, null, { axes: task.axes, ...(signal ? { signal } : {}) });
      answers.push(maps.values().next().value as Plane);
    }
    return answers;
  }

  async #with<T>({ graph, weights }: BuiltModel, use: (predictor: Predictor) => Promise<T>): Promise<T> {
    const predictor = await this.#options.engine.predictor(graph, weights);
    try {
      return await use(predictor);
    } finally {
      await predictor.dispose();
    }
  }

  #progress(what: string, done: number, total: number): void {
    this.#options.onProgress?.(what, done, total);
  }
}
