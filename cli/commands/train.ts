import { join } from 'node:path';
import type { Recipe } from '../../compiler/index.js';
import { type Dataset, listSplit, openFolder, readList, resolveNames } from '../../runtime/data/index.js';
import { type Engine, titleOf } from '../../runtime/engines/engine.js';
import { holdsRun, type RunRecord, readRecord, runFiles } from '../../runtime/run/run-folder.js';
import { dataFormat } from '../../runtime/run/task.js';
import { hasFeature, readCpu } from '../../runtime/support/cpu.js';
import { type BestMetric, bestBy, bestMetrics } from '../../runtime/training/best.js';
import { type TrainResult, train as trainNetwork } from '../../runtime/training/train.js';
import { UsageError } from '../errors.js';
import { type DataOptions, dataSource } from '../flags/data.js';
import { chooseEngine, type EngineOptions } from '../flags/engines.js';
import { type MaskOptions, parseMaskOptions } from '../flags/masks.js';
import { parseCount, parseNumber, parseSettings, parseSize } from '../flags/options.js';
import { type GoodSpec, loadSpec } from '../flags/spec.js';
import { type ChosenBatch, chooseBatch } from '../flags/train-memory.js';
import type { Io, Outcome } from '../io.js';
import { evaluationText } from '../render/evaluation.js';
import { sayMasks } from '../render/masks.js';
import { outputIou, trainingProgress } from '../render/progress.js';

export interface TrainOptions extends EngineOptions, DataOptions, MaskOptions {
  readonly out: string;
  readonly epochs?: string;
  readonly batch?: string;
  readonly resize?: string;
  readonly patch?: string;
  readonly lr?: string;
  readonly seed?: string;
  readonly split?: string;
  readonly set?: string[];
  readonly memory?: string;
  readonly resume?: boolean;
  readonly best?: string;
}

/** `unetc train FILE --data DIR --out RUN`: what the flags don't say, the recipe says; on `--resume`, the run. */
export async function train(file: string, options: TrainOptions, io: Io): Promise<Outcome> {
  const change = recipeChange(options);
  const best = readBest(options.best);
  const given = parseSettings(options.set);
  const before = options.resume && (await holdsRun(options.out)) ? await readRecord(options.out) : null;
  const engine = await chooseEngine(sameEngine(options, before), 'train');
  if (await emulatesBf16(engine)) {
    io.err(
      'warning: this CPU has no bf16: TensorFlow computes it in software, several times slower than fp32, and adds in it; use fp32\n',
    );
  }
  // Levels are judged in what predicts with them later.
  const judge = await chooseEngine({ engine: options.engine === 'ort' ? 'ort' : 'auto' }, 'predict');
  const set = { ...before?.set, ...given };
  const spec = await loadSpec(file, set, io);
  const asked = withChanges(before?.recipe ?? spec.recipe, change);
  const masksBefore = before?.task.masks;
  const opened = await openFolder(dataSource(options, 'train'), {
    ...dataFormat(spec.network, asked),
    ...(masksBefore ? { before: masksBefore } : {}),
  });
  sayMasks(opened, io);
  const { dataset, ...listed } = listSplit(opened);
  const { recipe, replan } = withMemory(asked, options, spec, dataset, engine, before, io);
  for (const mask of dataset.unusedMasks.slice(0, 3)) io.err(`warning: ${mask} belongs to no image\n`);
  const heldOut = options.split === undefined ? listed.heldOut : resolveNames(dataset, await readList(options.split));
  if (listed.heldOut || listed.tests > 0) {
    io.err(`${opened.folder} holds out ${listed.heldOut?.length ?? 0} images, and keeps ${listed.tests} for a test\n`);
  }
  const result = await trainNetwork({
    specText: spec.text,
    imports: spec.imports,
    set,
    params: spec.params,
    network: spec.network,
    recipe,
    dataset,
    heldOut,
    runFolder: options.out,
    engine,
    ...(replan ? { replan } : {}),
    judge,
    resume: options.resume,
    ...(best ? { best } : {}),
    onProgress: await trainingProgress(io, recipe.batch, titleOf(engine)),
    signal: io.interruption(),
  });
  if (result.interrupted) {
    io.err(`stopped after ${result.epochs} epochs, all saved; go on with the same command and --resume\n`);
    return { json: summary(result), text: '', exit: 130 };
  }
  const report = join(result.run, runFiles.report);
  return {
    json: { ...summary(result), rows: result.rows ?? [], report },
    text: describe(result, report, titleOf(judge), await readRecord(result.run)),
  };
}

/** With `--memory`, a batch that fits; what was chosen is said. */
function withMemory(
  recipe: Recipe,
  options: TrainOptions,
  { network, settings }: GoodSpec,
  dataset: Dataset,
  engine: Engine,
  before: RunRecord | null,
  io: Io,
): Omit<ChosenBatch, 'said'> {
  if (options.memory === undefined) return { recipe };
  const fromSpec = settings.includes('batch') ? 'the spec' : undefined;
  const given = options.batch !== undefined ? '--batch' : before ? 'the run' : fromSpec;
  const chosen = chooseBatch(options.memory, { network, recipe, dataset, engine, given });
  io.err(`${chosen.said}\n`);
  return chosen;
}

/** Below AVX-512 oneDNN leaves bf16 to TensorFlow's own kernels, which are slow and add in bf16 (docs/measurements.md). */
const emulatesBf16 = async ({ device, precision }: Engine): Promise<boolean> =>
  precision === 'bf16' && device === 'cpu' && hasFeature(await readCpu(), 'avx512f') === false;

/** A run goes on in the engine that it was trained in, so that it ends as if it had not stopped, unless flags say another. */
function sameEngine(options: TrainOptions, before: RunRecord | null): EngineOptions {
  const { engine, device, precision } = options;
  if (!before || (engine !== undefined && engine !== 'auto')) return options;
  return {
    engine: before.engine.name,
    device: device ?? before.engine.device,
    precision: precision ?? before.engine.precision,
  };
}

function recipeChange(options: TrainOptions): Partial<Recipe> & { readonly lr?: number } {
  const { epochs, batch, resize, patch, lr, seed } = options;
  return {
    ...(epochs === undefined ? {} : { epochs: parseCount(epochs, '--epochs') }),
    ...(batch === undefined ? {} : { batch: parseCount(batch, '--batch') }),
    ...(resize === undefined ? {} : { resize: parseSize(resize, '--resize') }),
    ...(patch === undefined ? {} : { patch: parseSize(patch, '--patch') }),
    ...(lr === undefined ? {} : { lr: parseNumber(lr, '--lr') }),
    ...(seed === undefined ? {} : { seed: parseCount(seed, '--seed', 0) }),
    ...parseMaskOptions(options),
  };
}

/** `--resize` and `--patch` exclude each other, so that one of them takes the place of the other in a recipe. */
function withChanges(recipe: Recipe, { lr, ...change }: Partial<Recipe> & { readonly lr?: number }): Recipe {
  const { resize, patch, ...rest } = recipe;
  const size = change.resize || change.patch ? {} : { ...(resize ? { resize } : {}), ...(patch ? { patch } : {}) };
  const optimizer = lr === undefined ? recipe.optimizer : { ...recipe.optimizer, lr };
  return { ...rest, ...size, ...change, optimizer };
}

function summary(result: TrainResult) {
  const last = result.lines.at(-1);
  return {
    run: result.run,
    epochs: result.epochs,
    interrupted: result.interrupted,
    best: result.best,
    bestMetric: result.bestMetric,
    ...last,
  };
}

function readBest(text: string | undefined): BestMetric | undefined {
  const found = bestMetrics.find((metric) => metric === text);
  if (text === undefined || found) return found;
  throw new UsageError(`--best ${text} is no metric`, `use ${bestMetrics.join(', ')}`);
}

function describe(result: TrainResult, report: string, engine: string, { task, heldOut }: RunRecord): string {
  const best = result.lines.find((l) => l.epoch === result.best?.epoch);
  const iou = best?.output ? `, IoU ${outputIou(best.output)} on held-out images` : '';
  return [
    ...(result.rows?.length
      ? [`held-out images, epoch ${result.best?.epoch}; ${engine}`, '', evaluationText(result.rows, task), '']
      : []),
    `${result.run}: ${result.epochs} epochs, best ${result.best?.epoch ?? '-'}${iou}; chosen by ${bestBy(result.bestMetric, heldOut.length > 0)}`,
    `report: ${report}`,
  ].join('\n');
}
