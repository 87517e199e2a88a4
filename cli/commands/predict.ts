import { titleOf } from '../../runtime/engines/engine.js';
import { isRun, openModel } from '../../runtime/prediction/model.js';
import { type Prediction, predictImages } from '../../runtime/prediction/predict.js';
import { UsageError } from '../errors.js';
import { type ReadFlags, readOptions } from '../flags/data.js';
import { chooseEngine, type EngineOptions } from '../flags/engines.js';
import { parseLevel, parseNumber, parseSize } from '../flags/options.js';
import type { Io, Outcome } from '../io.js';
import { milliseconds } from '../render/numbers.js';
import { progressBar } from '../render/progress.js';

export interface PredictOptions extends EngineOptions, ReadFlags {
  readonly out: string;
  readonly prune?: string;
  readonly mode?: string;
  readonly tile?: string;
  readonly overlay?: boolean;
  readonly threshold?: string;
  readonly trust?: boolean;
}

/** `unetc predict RUN|MODEL.onnx IMAGE... -o DIR`: masks of the images' own size. */
export async function predict(
  path: string,
  images: readonly string[],
  options: PredictOptions,
  io: Io,
): Promise<Outcome> {
  const level = options.prune === undefined ? undefined : parseLevel(options.prune);
  const tile = options.tile === undefined ? undefined : tileOf(options.tile);
  const threshold = parseNumber(options.threshold ?? '0.5', '--threshold', 0, 1);
  if (threshold === 1) throw new UsageError('--threshold 1 would make every mask empty', 'give a number below 1');
  const engine = await chooseEngine(options, (await isRun(path)) ? 'predict' : 'open');
  const signal = io.interruption();
  const model = await openModel(path, { engine, level, mode: options.mode, trust: options.trust });
  const bar = await progressBar(io, 'predicting');
  try {
    if (options.threshold !== undefined && model.task.exclusive && model.task.classes.length > 1) {
      throw new UsageError(
        `--threshold has no effect on ${path}: its classes exclude each other, and a pixel is of the most probable one`,
        'leave --threshold out',
      );
    }
    const results = await predictImages({
      model,
      images,
      out: options.out,
      tile,
      overlay: options.overlay,
      threshold,
      read: readOptions(options),
      signal,
      onProgress: (done, total) => bar.update(done, total),
    });
    bar.stop();
    io.err(`${titleOf(engine)}\n`);
    return {
      json: { engine: engine.name, device: engine.device, precision: engine.precision, images: results },
      text: results.map(line).join('\n'),
    };
  } finally {
    bar.stop();
    await model.predictor.dispose();
  }
}

/** The mask, how long it took, and the level that answered where the model chose one. */
const line = ({ mask, milliseconds: ms, level }: Prediction): string =>
  [mask, milliseconds(ms), ...(level === undefined ? [] : [`L${level}`])].join('  ');

function tileOf(text: string): [number, number] {
  const [height, width, more] = parseSize(text, '--tile');
  if (height === undefined || more !== undefined)
    throw new UsageError(`--tile ${text} is not height x width`, 'as in --tile 512x512');
  return [height, width ?? height];
}
