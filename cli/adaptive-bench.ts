import { UserError } from '../compiler/user-error.js';
import { type AdaptiveBenchRow, benchAdaptive } from '../runtime/deployment/adaptive/bench.js';
import { titleOf } from '../runtime/engines/engine.js';
import { noise } from '../runtime/evaluation/bench.js';
import { takesSize, validSize } from '../runtime/run/task.js';
import type { AdaptiveModel } from './adaptive-model.js';
import { chooseEngine, type EngineOptions } from './flags/engines.js';
import type { Io, Outcome } from './io.js';
import { speedupText, spreadText } from './render/evaluation.js';
import { sizeText } from './render/numbers.js';
import { progressBar } from './render/progress.js';
import { table } from './render/table.js';

interface Settings {
  readonly size: readonly number[] | undefined;
  readonly batch: number;
  readonly runs: number;
}

/** `unetc bench MODEL.onnx` for an adaptive model: its levels side by side, and the level it takes itself for a batch of noise. */
export async function benchAdaptiveModel(
  file: string,
  { model, facts }: AdaptiveModel,
  { size, batch, runs }: Settings,
  options: EngineOptions,
  io: Io,
): Promise<Outcome> {
  const { task } = model;
  const engine = await chooseEngine(options, 'open');
  const trained = size ?? task.resize ?? task.patch;
  const wanted = task.axes.map((_, k) => (trained?.length === 1 ? trained[0] : trained?.[k]));
  const shape = task.axes.map((axis, k) => {
    const n = wanted[k] ?? validSize(axis, 256);
    if (takesSize(axis, n)) return n;
    throw new UserError(
      'size-invalid',
      `${file} does not take ${n} along axis ${k + 1}`,
      `the next that it takes is ${validSize(axis, n)}`,
    );
  });
  const image = noise([batch, task.channels, ...shape]);
  const bar = await progressBar(io, 'timing');
  const rows = await benchAdaptive(
    { model, facts, engine, image, runs },
    { signal: io.interruption(), onProgress: (done, total) => bar.update(done, total) },
  ).finally(() => bar.stop());
  const text = [
    `${file}, batch ${batch}, ${sizeText(shape)}, ${titleOf(engine)}, median of ${runs} runs`,
    '',
    benchTable(rows),
  ];
  return { json: { model: file, engine: engine.name, size: shape, batch, runs, rows }, text: text.join('\n') };
}

const benchTable = (rows: readonly AdaptiveBenchRow[]): string =>
  table<AdaptiveBenchRow>(
    [
      { title: 'level', value: (r) => (r.mode === 'fixed' ? `L${r.level}` : `${r.mode}, on noise L${r.level}`) },
      { title: 'ms', value: (r) => r.milliseconds.toFixed(2), align: 'right' },
      { title: 'spread', value: (r) => spreadText(r, 2), align: 'right' },
      { title: 'speedup', value: (r) => speedupText(r), align: 'right' },
    ],
    rows,
  );
