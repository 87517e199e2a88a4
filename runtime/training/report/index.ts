import { join } from 'node:path';
import { deploy } from '../../../compiler/index.js';
import type { Network } from '../../../compiler/ir/graph.js';
import type { Dataset } from '../../data/index.js';
import { displayed, rgbPng } from '../../data/png.js';
import { type Engine, titleOf, type Weights } from '../../engines/engine.js';
import { type EvaluationRow, evaluate } from '../../evaluation/evaluate.js';
import { HeldOut } from '../../evaluation/held-out.js';
import { infer } from '../../prediction/inference.js';
import { decide, overlaid } from '../../prediction/overlay.js';
import type { Plane } from '../../prediction/tiling.js';
import { type RunRecord, runFiles } from '../../run/run-folder.js';
import { writeAtomic } from '../../support/files/atomic.js';
import type { EpochLine } from '../position.js';
import { type CaseImages, reportPage } from './page.js';

export interface ReportOptions {
  readonly folder: string;
  readonly record: RunRecord;
  readonly network: Network;
  /** Of the run's best epoch. */
  readonly weights: Weights;
  readonly lines: readonly EpochLine[];
  /** The images held out; may be empty. */
  readonly held: Dataset;
  readonly engine: Engine;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** How many images are shown at each end. */
const shownCases = 4;

/**
 * Judges every level and mode on the held-out images and writes `report.html`: curves, levels, best and worst cases; one
 * file that opens anywhere.
 */
export async function writeReport(options: ReportOptions): Promise<readonly EvaluationRow[]> {
  const { folder, record, network, weights, lines, held, engine, signal } = options;
  const mode = network.modes[0];
  const top = Math.max(...network.levels);
  const { rows, cases } =
    held.names.length === 0
      ? { rows: [], cases: [] }
      : await evaluate({
          network,
          weights,
          task: record.task,
          dataset: held,
          engine,
          prune: 'all',
          ...(signal ? { signal } : {}),
          ...(options.onProgress ? { onProgress: options.onProgress } : {}),
        });
  const order = cases
    .filter((one) => one.level === top && one.mode === mode)
    .map((one, index): [number, number] => [index, one.iou])
    .filter(([, iou]) => !Number.isNaN(iou))
    .sort((a, b) => a[1] - b[1] || a[0] - b[0]);
  const count = Math.min(shownCases, Math.ceil(order.length / 2));
  const worst = order.slice(0, count);
  const best = order.slice(count).slice(-count).reverse();
  const draw = (list: readonly (readonly [number, number])[]): Promise<CaseImages[]> => drawCases(options, list);
  const page = reportPage({
    record,
    lines,
    rows,
    engine: titleOf(engine),
    worst: await draw(worst),
    best: await draw(best),
  });
  await writeAtomic(join(folder, runFiles.report), page);
  return rows;
}

async function drawCases(
  { network, record, held, engine, weights }: ReportOptions,
  list: readonly (readonly [index: number, iou: number])[],
): Promise<CaseImages[]> {
  if (list.length === 0) return [];
  const { task } = record;
  const examples = new HeldOut(held, task);
  const predictor = await engine.predictor(deploy(network), weights);
  const cases: CaseImages[] = [];
  try {
    for (const [index, iou] of list) {
      const { name, input, pair } = await examples.at(index);
      const { height, width } = pair.image;
      const maps = await infer(input, predictor, [network.outputName], { axes: task.axes });
      const predicted = decide(maps.get(network.outputName) as Plane, task.exclusive, 0.5);
      const png = async (data: Uint8Array): Promise<string> =>
        `data:image/png;base64,${(await rgbPng(data, height, width)).toString('base64')}`;
      cases.push({
        name,
        iou,
        image: await png(displayed(pair.image)),
        truth: await png(overlaid(pair.image, pair.mask)),
        prediction: await png(overlaid(pair.image, predicted)),
      });
    }
  } finally {
    await predictor.dispose();
  }
  return cases;
}
