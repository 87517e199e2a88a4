import { stat } from 'node:fs/promises';
import { chooseSize } from '../../compiler/6-build/size.js';
import type { Network, Recipe } from '../../compiler/index.js';
import type { Weights } from '../../runtime/engines/engine.js';
import { titleOf } from '../../runtime/engines/engine.js';
import { type BenchRow, benchModel, bench as benchNetwork } from '../../runtime/evaluation/bench.js';
import { openModel } from '../../runtime/prediction/model.js';
import { openRun, runWeights } from '../../runtime/run/run-folder.js';
import { validSize } from '../../runtime/run/task.js';
import { benchAdaptiveModel } from '../adaptive-bench.js';
import { adaptiveModel } from '../adaptive-model.js';
import { UsageError } from '../errors.js';
import { chooseEngine, type EngineOptions } from '../flags/engines.js';
import { parseCount, parseSettings, parseSize } from '../flags/options.js';
import { loadSpec } from '../flags/spec.js';
import type { Io, Outcome } from '../io.js';
import { saved, speedupText, spreadText, untold } from '../render/evaluation.js';
import { bytes, count, macs, sizeText } from '../render/numbers.js';
import { progressBar } from '../render/progress.js';
import { table } from '../render/table.js';

export interface BenchOptions extends EngineOptions {
  readonly size?: string;
  readonly batch?: string;
  readonly runs?: string;
  readonly set?: string[];
  readonly trust?: boolean;
}

/** `unetc bench FILE|RUN|MODEL.onnx`: every level side by side on this machine; of a built model those it has. */
export async function bench(target: string, options: BenchOptions, io: Io): Promise<Outcome> {
  const size = options.size === undefined ? undefined : parseSize(options.size);
  const batch = options.batch === undefined ? 1 : parseCount(options.batch, '--batch');
  const runs = parseCount(options.runs ?? '10', '--runs', 1, 100_000);
  if (isModel(target)) {
    if (options.set) throw new UsageError(`${target} is a built model: its params are set`, 'leave --set out');
    const adaptive = await adaptiveModel(target, options);
    const settings = { size, batch, runs };
    return adaptive
      ? benchAdaptiveModel(target, adaptive, settings, options, io)
      : benchBuilt(target, options, settings, io);
  }
  const engine = await chooseEngine(options);
  const { network, recipe, weights } = await open(target, options.set, io);
  const chosen = chooseSize(network, { size, batch, recipe });
  const bar = await progressBar(io, 'timing');
  const rows = await benchNetwork({
    network,
    engine,
    sizes: chosen.sizes,
    weights,
    runs,
    signal: io.interruption(),
    onProgress: (done, total) => bar.update(done, total),
  }).finally(() => bar.stop());
  const text = [
    `${network.name}, batch ${batch}, ${sizeText(chosen.size)} (${chosen.reason}), ${titleOf(engine)}, median of ${runs} runs`,
    '',
    benchTable(rows),
    ...(rows.every((r) => r.told) ? [] : ['', untold]),
  ].join('\n');
  return { json: { network: network.name, engine: engine.name, size: chosen.size, batch, runs, rows }, text };
}

async function benchBuilt(
  file: string,
  options: BenchOptions,
  { size, batch, runs }: { readonly size?: readonly number[]; readonly batch: number; readonly runs: number },
  io: Io,
): Promise<Outcome> {
  if (options.set)
    throw new UsageError(`${file} is a built model: it has no params`, 'leave --set out, or name a spec');
  const engine = await chooseEngine(options, 'open');
  const { task, predictor, selection } = await openModel(file, { engine, trust: options.trust });
  const bar = await progressBar(io, 'timing');
  try {
    const wanted = size ?? task.resize ?? task.patch ?? [256];
    const sizes = task.axes.map((axis, k) => validSize(axis, wanted[k] ?? (wanted[0] as number)));
    const times = await benchModel({
      predictor,
      shape: [batch, task.channels, ...sizes],
      runs,
      signal: io.interruption(),
      onProgress: (done, total) => bar.update(done, total),
    });
    const title = `${file} (L${selection?.level} ${selection?.mode}), batch ${batch}, ${sizeText(sizes)}, ${titleOf(engine)}`;
    return {
      json: { model: file, engine: engine.name, size: sizes, batch, runs, rows: [{ ...selection, ...times }] },
      text: `${title}\n\n${times.milliseconds.toFixed(2)} ms, median of ${runs} runs; half of them ${spreadText(times, 2)} ms`,
    };
  } finally {
    bar.stop();
    await predictor.dispose();
  }
}
const isModel = (target: string): boolean => target.toLowerCase().endsWith('.onnx');

interface Opened {
  readonly network: Network;
  readonly recipe?: Recipe;
  readonly weights?: Weights;
}

async function open(target: string, set: string[] | undefined, io: Io): Promise<Opened> {
  const isRun = await stat(target).then(
    (s) => s.isDirectory(),
    () => false,
  );
  if (!isRun) {
    const spec = await loadSpec(target, parseSettings(set), io);
    return { network: spec.network, recipe: spec.hasTrain ? spec.recipe : undefined };
  }
  if (set)
    throw new UsageError(
      `${target} is a run: its params are those it was trained with`,
      'leave --set out, or name a spec',
    );
  const { network, record } = await openRun(target);
  return { network, recipe: record.recipe, weights: await runWeights(target) };
}

const benchTable = (rows: readonly BenchRow[]): string =>
  table<BenchRow>(
    [
      { title: 'level', value: (r) => `L${r.level}` },
      { title: 'mode', value: (r) => r.mode },
      { title: 'parameters', value: (r) => count(r.parameters), align: 'right' },
      { title: 'MACs', value: (r) => macs(r.macs), align: 'right' },
      { title: 'ms', value: (r) => r.milliseconds.toFixed(2), align: 'right' },
      { title: 'spread', value: (r) => spreadText(r, 2), align: 'right' },
      { title: 'memory', value: (r) => bytes(r.peakBytes), align: 'right' },
      { title: 'speedup', value: (r) => speedupText(r), align: 'right' },
      { title: 'saved', value: (r) => saved(r.told ? r.saving : null), align: 'right' },
    ],
    rows,
  );
