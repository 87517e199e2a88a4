import type { OnnxEngine, Predictor, Tensor } from '../../engines/engine.js';
import { type Timing, timeRatio, timing } from '../../evaluation/times.js';
import { openChecked } from '../../prediction/checked.js';
import { deepestLevel } from '../../prediction/model.js';
import type { ModelFile } from '../../run/model-file.js';
import { type AdaptiveFacts, adaptiveMode } from './facts.js';
import { fixedAt } from './rethreshold.js';

/** One level of an adaptive model by itself, or the model as it chooses. */
export interface AdaptiveBenchRow extends Timing {
  /** That answered. */
  readonly level: number;
  /** `fixed` or `adaptive`. */
  readonly mode: string;
  /** How many times faster than the deepest level. */
  readonly speedup: number;
  /** Whether the times can tell. */
  readonly told: boolean;
}

/**
 * Times an adaptive model beside each of its levels, in turns, on one batch. Which level the model itself takes depends on that batch.
 * @param runs timed runs of each, 1 or more; two untimed come first
 */
export async function benchAdaptive(
  {
    model,
    facts,
    engine,
    image,
    runs,
  }: {
    readonly model: ModelFile;
    readonly facts: AdaptiveFacts;
    readonly engine: OnnxEngine;
    readonly image: Tensor;
    readonly runs: number;
  },
  {
    signal,
    onProgress,
  }: { readonly signal?: AbortSignal; readonly onProgress?: (done: number, total: number) => void } = {},
): Promise<readonly AdaptiveBenchRow[]> {
  const files = [...facts.levels.map(({ level }) => fixedAt(model.bytes, facts, level)), model.bytes];
  const times = files.map((): number[] => []);
  const levels = files.map(() => 0);
  const predictors: Predictor[] = [];
  try {
    for (const bytes of files) predictors.push(await openChecked(engine, { ...model, bytes }));
    for (let round = -2; round < runs; round++) {
      for (const [k, predictor] of predictors.entries()) {
        signal?.throwIfAborted();
        const started = performance.now();
        const answers = await predictor.run(image);
        if (round >= 0) times[k]?.push(performance.now() - started);
        const seen = deepestLevel();
        seen.add(answers);
        levels[k] = seen.level() as number;
      }
      if (round >= 0) onProgress?.(round + 1, runs);
    }
  } finally {
    for (const predictor of predictors) await predictor.dispose();
  }
  const full = times.at(-2) as number[];
  return times.map((own, k) => {
    const { ratio, told } = timeRatio(own, full);
    return {
      level: levels[k] as number,
      mode: k < facts.levels.length ? 'fixed' : adaptiveMode,
      ...timing(own),
      speedup: 1 / ratio,
      told,
    };
  });
}
