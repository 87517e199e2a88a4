import { type Dataset, openFolder, readList, resolveNames } from '../runtime/data/index.js';
import { evaluateAdaptive } from '../runtime/deployment/adaptive/evaluate.js';
import { titleOf } from '../runtime/engines/engine.js';
import { namesHash } from '../runtime/run/run-folder.js';
import { judgedFormat } from '../runtime/run/task.js';
import type { AdaptiveModel } from './adaptive-model.js';
import { UsageError } from './errors.js';
import { type DataOptions, dataSource } from './flags/data.js';
import { chooseEngine, type EngineOptions } from './flags/engines.js';
import { namedImages } from './flags/held-out.js';
import { type MaskOptions, parseMaskOptions } from './flags/masks.js';
import type { Io, Outcome } from './io.js';
import { adaptiveTable } from './render/adaptive.js';
import { sayMasks } from './render/masks.js';
import { progressBar } from './render/progress.js';

interface Options extends EngineOptions, DataOptions, MaskOptions {
  readonly prune?: string;
  readonly split?: string;
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
  const engine = await chooseEngine(options, 'open');
  const opened = await openFolder(dataSource(options, 'eval'), judgedFormat(model.task, parseMaskOptions(options)));
  sayMasks(opened, io);
  const dataset =
    options.split === undefined ? opened : namedImages(opened, resolveNames(opened, await readList(options.split)));
  warn(dataset, facts.calibration?.names, options, io);
  const bar = await progressBar(io, 'evaluating');
  const evaluation = await evaluateAdaptive({
    ...{ model, facts, dataset, engine },
    signal: io.interruption(),
    onProgress: (done, total) => bar.update(done, total),
  }).finally(() => bar.stop());
  const text = [`${evaluation.images} images; ${titleOf(engine)}`, '', adaptiveTable(evaluation)].join('\n');
  return { json: evaluation, text };
}

function warn({ names, folder }: Dataset, calibrated: string | undefined, { split }: Options, io: Io): void {
  if (namesHash(names) === calibrated) {
    io.err('warning: these are the images that the thresholds were chosen on: on others the model may lose more\n');
  } else if (split === undefined) {
    io.err(
      `warning: a model does not say what it was trained on: all ${names.length} images of ${folder} are judged; --split names some\n`,
    );
  }
}
