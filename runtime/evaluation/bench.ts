import { initialWeights } from '../../compiler/6-build/initialize.js';
import { countMacs, countParameters, deploy, executionPlan, specializeGraph } from '../../compiler/index.js';
import { knownShape } from '../../compiler/ir/dim.js';
import type { Network } from '../../compiler/ir/graph.js';
import { stream } from '../../compiler/random.js';
import { UserError } from '../../compiler/user-error.js';
import type { Engine, Predictor, Tensor, Weights } from '../engines/engine.js';
import { type Timing, timeRatio, timing } from './times.js';

/** One level beside the others. */
export interface BenchRow extends Timing {
  readonly level: number;
  readonly mode: string;
  readonly parameters: number;
  /** For the whole batch. */
  readonly macs: number;
  /** Activations alive at the worst moment of the plan; weights not counted. */
  readonly peakBytes: number;
  /** How many times faster than the highest level. */
  readonly speedup: number;
  /** Share of the highest level's time that is saved, below 1. */
  readonly saving: number;
  /** Whether the times can tell: the two above say nothing where their spread is larger than the difference. */
  readonly told: boolean;
}

export interface BenchOptions {
  readonly network: Network;
  readonly engine: Engine;
  /** Values of the network's symbols, `{ N: 1, H: 256, W: 256 }`; must be valid for it. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Absent: initial ones; speed does not depend on them. */
  readonly weights?: Weights;
  /** Absent: the first declared. Levels that lack it are left out. */
  readonly mode?: string;
  /** Timed runs of each level, 1 or more; default 20. */
  readonly runs?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Times every level side by side: the levels take turns within each round, so that a machine that slows down, or is
 * shared, slows all of them alike. Two untimed rounds come first.
 */
export async function bench(options: BenchOptions): Promise<readonly BenchRow[]> {
  const { network, engine, sizes, runs = 20, signal } = options;
  const mode = options.mode ?? network.modes[0] ?? 'default';
  const levels = network.levels.filter((l) => network.modeOutputs.some((m) => m.level === l && m.mode === mode));
  if (levels.length === 0) {
    throw new UserError(
      'unknown-mode',
      `${network.name} has no output mode ${mode}`,
      `its modes are ${network.modes.join(', ')}`,
    );
  }
  const graphs = levels.map((level) => specializeGraph(deploy(network, { level, mode }), sizes));
  const weights = options.weights ?? initialWeights(network.graph.params, 0);
  const image = noise(knownShape(graphs[0]?.inputs[0]?.value.type.shape ?? []));
  const predictors: Predictor[] = [];
  const times = levels.map((): number[] => []);
  try {
    for (const graph of graphs) predictors.push(await engine.predictor(graph, weights));
    for (let round = -2; round < runs; round++) {
      for (const [k, predictor] of predictors.entries()) {
        signal?.throwIfAborted();
        const started = performance.now();
        await predictor.run(image);
        if (round >= 0) times[k]?.push(performance.now() - started);
      }
      if (round >= 0) options.onProgress?.(round + 1, runs);
    }
  } finally {
    for (const predictor of predictors) await predictor.dispose();
  }
  const full = times.at(-1) as number[];
  return graphs.map((graph, k) => {
    const own = times[k] as number[];
    const { ratio, told } = timeRatio(own, full);
    return {
      level: levels[k] as number,
      mode,
      parameters: countParameters(graph),
      macs: countMacs(graph),
      ...timing(own),
      peakBytes: executionPlan(graph).peakBytes,
      speedup: 1 / ratio,
      saving: 1 - ratio,
      told,
    };
  });
}

export interface BenchModelOptions {
  readonly predictor: Predictor;
  /** [N, C, ...size] of the image. */
  readonly shape: readonly number[];
  /** Timed runs, 1 or more; default 20. */
  readonly runs?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Times of one batch of a built model; two untimed runs come first. */
export async function benchModel({
  predictor,
  shape,
  runs = 20,
  signal,
  onProgress,
}: BenchModelOptions): Promise<Timing> {
  const image = noise(shape);
  const times: number[] = [];
  for (let run = -2; run < runs; run++) {
    signal?.throwIfAborted();
    const started = performance.now();
    await predictor.run(image);
    if (run < 0) continue;
    times.push(performance.now() - started);
    onProgress?.(run + 1, runs);
  }
  return timing(times);
}

/** The same numbers every time: denormal or zero inputs would flatter an engine. */
export function noise(shape: readonly number[]): Tensor {
  const random = stream(0, 'bench');
  const data = new Float32Array(shape.reduce((n, d) => n * d, 1));
  for (let k = 0; k < data.length; k++) data[k] = random.uniform();
  return { data, shape };
}
