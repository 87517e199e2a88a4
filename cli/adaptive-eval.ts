import { openFolder, readList, resolveNames } from '../runtime/data/index.js';
import { evaluateAdaptive } from '../runtime/deployment/adaptive/evaluate.js';
import { titleOf } from '../runtime/engines/engine.js';
import { namesHash } from '../runtime/run/run-folder.js';
import { judgedFormat } from '../runtime/run/task.js';
import type { AdaptiveModel } from './adaptive-model.js';
import { UsageError } from './errors.js';
import { type DataOptions, dataSource } from './flags/data.js';
import { chooseEngine, type EngineOptions } from './flags/engines.js';
import { dataText, imagesToJudge, type JudgedData } from './flags/held-out.js';
import { type MaskOptions, parseMaskOptions } from './flags/masks.js';
import { type MeasureOptions, parseMeasures } from './flags/measures.js';
import type { Io, Outcome } from './io.js';
import { adaptiveTable } from './render/adaptive.js';
import { sayMasks } from './render/masks.js';
import { progressBar } from './render/progress.js';

interface Options extends EngineOptions, DataOptions, MaskOptions, MeasureOptions {
  readonly prune?: string;
  readonly split?: string;
  readonly csv?: string;
}

/** `unetc eval MODEL.onnx --data DIR` for an adaptive model: each of its levels alone, and the model as it chooses. */
export async function evaluateAdaptiveModel(
  file: string,
  { model, facts }: AdaptiveModel,
  options: Options,
  io: Io,
): Promise<Outcome> {
  if (options.prune !== undefined && options.prune !== 'all') {
    throw new UsageError(`${file} is a built model: all of its levels are compared`, 'leave --prune out');
  }
  if (options.csv !== undefined || options.measures !== undefined) {
    throw new UsageError(
      `${file} chooses its level by itself: --csv and --measures are for one level`,
      'leave them out, or build the level with --prune',
    );
  }
  const scores = parseMeasures(options);
  const engine = await chooseEngine(options, 'open');
  const opened = await openFolder(dataSource(options, 'eval'), judgedFormat(model.task, parseMaskOptions(options)));
  sayMasks(opened, io);
  const named = options.split === undefined ? undefined : resolveNames(opened, await readList(options.split));
  const { dataset, data } = await imagesToJudge(opened, null, named, io);
  warn(data, namesHash(dataset.names) === facts.calibration?.names, io);
  const bar = await progressBar(io, 'evaluating');
  const evaluation = await evaluateAdaptive({
    ...{ model, facts, dataset, engine, scores },
    signal: io.interruption(),
    onProgress: (done, total) => bar.update(done, total),
  }).finally(() => bar.stop());
  const text = [`${dataText(data)}; ${titleOf(engine)}`, '', adaptiveTable(evaluation)].join('\n');
  return { json: { ...evaluation, data }, text };
}

function warn({ folder, images, split }: JudgedData, calibrated: boolean, io: Io): void {
  if (calibrated) {
    io.err('warning: these are the images that the thresholds were chosen on: on others the model may lose more\n');
  } else if (split === 'all') {
    io.err(
      `warning: a model does not say what it was trained on: all ${images} images of ${folder} are judged; --split names some\n`,
    );
  }
}
