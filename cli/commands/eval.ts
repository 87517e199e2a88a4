import { openFolder, readList, resolveNames } from '../../runtime/data/index.js';
import { titleOf } from '../../runtime/engines/engine.js';
import { type Evaluation, type EvaluationRow, evaluate as evaluateNetwork } from '../../runtime/evaluation/evaluate.js';
import { evaluateModel } from '../../runtime/evaluation/evaluate-model.js';
import { isRun, openModel } from '../../runtime/prediction/model.js';
import { openRun, runWeights } from '../../runtime/run/run-folder.js';
import { dataFormat, judgedFormat } from '../../runtime/run/task.js';
import { evaluateAdaptiveModel } from '../adaptive-eval.js';
import { adaptiveModel } from '../adaptive-model.js';
import { UsageError } from '../errors.js';
import { type DataOptions, dataSource } from '../flags/data.js';
import { chooseEngine, type EngineOptions } from '../flags/engines.js';
import { imagesToJudge, namedImages } from '../flags/held-out.js';
import { type MaskOptions, parseMaskOptions } from '../flags/masks.js';
import { parseLevel } from '../flags/options.js';
import type { Io, Outcome } from '../io.js';
import { evaluationTable, modelTable } from '../render/evaluation.js';
import { sayMasks } from '../render/masks.js';
import { progressBar } from '../render/progress.js';

export interface EvalOptions extends EngineOptions, DataOptions, MaskOptions {
  readonly prune?: string;
  readonly split?: string;
  readonly trust?: boolean;
}

/**
/**
 * `unetc eval RUN|MODEL.onnx --data DIR`: the table of levels and modes, on images the run has not seen; of a built model the one
 * level and mode it has, on all images, or those named; of an adaptive one its levels, and what it makes of them.
 */
export async function evaluate(path: string, options: EvalOptions, io: Io): Promise<Outcome> {
  if (await isRun(path)) return evaluateRun(path, options, io);
  const adaptive = await adaptiveModel(path, options);
  return adaptive ? evaluateAdaptiveModel(path, adaptive, options, io) : evaluateBuilt(path, options, io);
}

async function evaluateBuilt(file: string, options: EvalOptions, io: Io): Promise<Outcome> {
  if ((options.prune ?? 'all') !== 'all') {
    throw new UsageError(`${file} is a built model: its level is the one it was built with`, 'leave --prune out');
  }
  const engine = await chooseEngine(options, 'open');
  const model = await openModel(file, { engine, trust: options.trust });
  const bar = await progressBar(io, 'evaluating');
  try {
    const opened = await openFolder(dataSource(options, 'eval'), judgedFormat(model.task, parseMaskOptions(options)));
    sayMasks(opened, io);
    const dataset =
      options.split === undefined ? opened : namedImages(opened, resolveNames(opened, await readList(options.split)));
    const onProgress = (done: number, total: number): void => bar.update(done, total);
    const found = await evaluateModel({ model, dataset, signal: io.interruption(), onProgress });
    return { json: found, text: [`${found.images} images; ${titleOf(engine)}`, '', modelTable(found.rows)].join('\n') };
  } finally {
    bar.stop();
    await model.predictor.dispose();
  }
}

async function evaluateRun(folder: string, options: EvalOptions, io: Io): Promise<Outcome> {
  const prune = (options.prune ?? 'all') === 'all' ? 'all' : parseLevel(options.prune ?? '');
  const engine = await chooseEngine(options);
  const { network, record } = await openRun(folder);
  const weights = await runWeights(folder);
  const format = { ...dataFormat(network, record.recipe), ...parseMaskOptions(options) };
  const before = record.task.masks;
  const opened = await openFolder(dataSource(options, 'eval'), { ...format, ...(before ? { before } : {}) });
  sayMasks(opened, io);
  const named = options.split === undefined ? undefined : resolveNames(opened, await readList(options.split));
  const dataset = imagesToJudge(opened, record, named, io);
  const bar = await progressBar(io, 'evaluating');
  const signal = io.interruption();
  const onProgress = (done: number, total: number): void => bar.update(done, total);
  const evaluation = await evaluateNetwork({
    network,
    weights,
    task: record.task,
    dataset,
    engine,
    prune,
    signal,
    onProgress,
  }).finally(() => bar.stop());
  return { json: evaluation, text: describe(evaluation, titleOf(engine)) };
}

function describe({ images, rows }: Evaluation, engine: string): string {
  return [`${images} images; ${engine}`, '', evaluationTable(rows), ...classLines(rows)].join('\n');
}

const classLines = (rows: readonly EvaluationRow[]): string[] =>
  rows.flatMap((row) =>
    row.classes
      ? [
          '',
          `L${row.level} ${row.mode}`,
          ...row.classes.map(
            (c) => `  ${c.name}: IoU ${(100 * c.iou).toFixed(2)} %, dice ${(100 * c.dice).toFixed(2)} %`,
          ),
        ]
      : [],
  );
