import { openFolder, readNames } from '../../runtime/data/index.js';
import { titleOf } from '../../runtime/engine.js';
import { type Evaluation, type EvaluationRow, evaluate as evaluateNetwork } from '../../runtime/evaluate.js';
import { isRun } from '../../runtime/model.js';
import { openRun, runWeights } from '../../runtime/run-folder.js';
import { dataFormat } from '../../runtime/task.js';
import { evaluateModel } from '../adaptive-eval.js';
import { chooseEngine, type EngineOptions } from '../engines.js';
import { imagesToJudge } from '../held-out.js';
import type { Io, Outcome } from '../io.js';
import { parseLevel } from '../options.js';
import { progressBar } from '../progress.js';
import { evaluationTable } from '../render/evaluation.js';

export interface EvalOptions extends EngineOptions {
  readonly data: string;
  readonly prune?: string;
  readonly split?: string;
}

/**
 * `unetc eval RUN --data DIR`: the table of levels and modes, on images the run has not seen. Of an adaptive model: its levels, and what
 * it makes of them.
 */
export async function evaluate(folder: string, options: EvalOptions, io: Io): Promise<Outcome> {
  if (!(await isRun(folder))) return evaluateModel(folder, options, io);
  const prune = (options.prune ?? 'all') === 'all' ? 'all' : parseLevel(options.prune ?? '');
  const engine = await chooseEngine(options);
  const { network, record } = await openRun(folder);
  const weights = await runWeights(folder);
  const opened = await openFolder(options.data, dataFormat(network, record.recipe));
  const named = options.split === undefined ? undefined : await readNames(options.split);
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
