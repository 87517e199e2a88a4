import { openFolder, readList, resolveNames } from '../../runtime/data/index.js';
import { titleOf } from '../../runtime/engines/engine.js';
import { evaluate as evaluateNetwork } from '../../runtime/evaluation/evaluate.js';
import { evaluateModel } from '../../runtime/evaluation/evaluate-model.js';
import type { CaseRow } from '../../runtime/evaluation/rows.js';
import { isRun, openModel } from '../../runtime/prediction/model.js';
import { openRun, runWeights } from '../../runtime/run/run-folder.js';
import { dataFormat, judgedFormat } from '../../runtime/run/task.js';
import { writeAtomic } from '../../runtime/support/files/atomic.js';
import { evaluateAdaptiveModel } from '../adaptive-eval.js';
import { adaptiveModel } from '../adaptive-model.js';
import { compareModels } from '../compare-eval.js';
import { UsageError } from '../errors.js';
import { type DataOptions, dataSource } from '../flags/data.js';
import { chooseEngine, type EngineOptions } from '../flags/engines.js';
import { dataText, imagesToJudge } from '../flags/held-out.js';
import { type MaskOptions, parseMaskOptions } from '../flags/masks.js';
import { type MeasureOptions, parseMeasures } from '../flags/measures.js';
import { parseLevel } from '../flags/options.js';
import type { Io, Outcome } from '../io.js';
import { casesCsv } from '../render/cases.js';
import { evaluationText, modelText } from '../render/evaluation.js';
import { sayMasks } from '../render/masks.js';
import { progressBar } from '../render/progress.js';

export interface EvalOptions extends EngineOptions, DataOptions, MaskOptions, MeasureOptions {
  readonly prune?: string;
  readonly split?: string;
  readonly trust?: boolean;
  /** A file for a row an image. */
  readonly csv?: string;
}

/**
 * `unetc eval RUN|MODEL.onnx --data DIR`: the table of levels and modes, on images the run has not seen; of a built model the one
 * level and mode it has, on all images, or those named; of an adaptive one its levels, and what it makes of them. With several:
 * each beside the first, on the same images.
 */
export async function evaluate(path: string | readonly string[], options: EvalOptions, io: Io): Promise<Outcome> {
  const paths = typeof path === 'string' ? [path] : path;
  const [first = ''] = paths;
  if (paths.length > 1) return compareModels(paths, options, io);
  if (await isRun(first)) return evaluateRun(first, options, io);
  const adaptive = await adaptiveModel(first, options);
  return adaptive ? evaluateAdaptiveModel(first, adaptive, options, io) : evaluateBuilt(first, options, io);
}

async function evaluateBuilt(file: string, options: EvalOptions, io: Io): Promise<Outcome> {
  if ((options.prune ?? 'all') !== 'all') {
    throw new UsageError(`${file} is a built model: its level is the one it was built with`, 'leave --prune out');
  }
  const scores = parseMeasures(options);
  const engine = await chooseEngine(options, 'open');
  const model = await openModel(file, { engine, trust: options.trust });
  const bar = await progressBar(io, 'evaluating');
  try {
    const opened = await openFolder(dataSource(options, 'eval'), judgedFormat(model.task, parseMaskOptions(options)));
    sayMasks(opened, io);
    const named = options.split === undefined ? undefined : resolveNames(opened, await readList(options.split));
    const { dataset, data } = await imagesToJudge(opened, null, named, io);
    const found = await evaluateModel({
      model,
      dataset,
      scores,
      signal: io.interruption(),
      onProgress: (done, total) => bar.update(done, total),
    });
    await writeCases(options, found.cases);
    return {
      json: { ...found, data },
      text: [`${dataText(data)}; ${titleOf(engine)}`, '', modelText(found.rows, model.task)].join('\n'),
    };
  } finally {
    bar.stop();
    await model.predictor.dispose();
  }
}

async function evaluateRun(folder: string, options: EvalOptions, io: Io): Promise<Outcome> {
  const prune = (options.prune ?? 'all') === 'all' ? 'all' : parseLevel(options.prune ?? '');
  const scores = parseMeasures(options);
  const engine = await chooseEngine(options);
  const { network, record } = await openRun(folder);
  const weights = await runWeights(folder);
  const format = { ...dataFormat(network, record.recipe), ...parseMaskOptions(options) };
  const before = record.task.masks;
  const opened = await openFolder(dataSource(options, 'eval'), { ...format, ...(before ? { before } : {}) });
  sayMasks(opened, io);
  const named = options.split === undefined ? undefined : resolveNames(opened, await readList(options.split));
  const { dataset, data } = await imagesToJudge(opened, { folder, record }, named, io);
  const bar = await progressBar(io, 'evaluating');
  const found = await evaluateNetwork({
    network,
    weights,
    task: record.task,
    dataset,
    engine,
    prune,
    scores,
    signal: io.interruption(),
    onProgress: (done, total) => bar.update(done, total),
  }).finally(() => bar.stop());
  await writeCases(options, found.cases);
  return {
    json: { ...found, data },
    text: [`${dataText(data)}; ${titleOf(engine)}`, '', evaluationText(found.rows, record.task)].join('\n'),
  };
}

const writeCases = async ({ csv }: EvalOptions, cases: readonly CaseRow[]): Promise<void> => {
  if (csv !== undefined) await writeAtomic(csv, casesCsv(cases));
};
