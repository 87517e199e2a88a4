import { stat } from 'node:fs/promises';
import { checkSelection, deploy, levelOutput } from '../../compiler/index.js';
import { UserError } from '../../compiler/user-error.js';
import { type Engine, opensOnnx, type Predictor, type Tensor } from '../engines/engine.js';
import { readModelFile } from '../run/model-file.js';
import { openRun, runWeights } from '../run/run-folder.js';
import type { Task } from '../run/task.js';
import { failedWith, fileFailure } from '../support/files/failure.js';
import { checked, openChecked } from './checked.js';

/** Something that predicts: a session, and what to feed it. */
export interface Model {
  readonly task: Task;
  readonly predictor: Predictor;
  /** The output to read; null: the first, or only, one. */
  readonly output: string | null;
  /** What a built file was built for; a run's is what was asked of it. */
  readonly selection?: { readonly level: number; readonly mode: string };
}

export interface ModelOptions {
  readonly engine: Engine;
  /** Only for a run: a built model has the level and mode it was built with. */
  readonly level?: number;
  readonly mode?: string;
  /** Only for a built model: whoever runs it vouches for it (models/check.ts). */
  readonly trust?: boolean;
}

/**
 * Opens a run's folder (its best weights) or a built `.onnx` file.
 * @throws UserError if it is neither, or has no such level or mode. Dispose of `predictor` when done.
 */
export async function openModel(path: string, options: ModelOptions): Promise<Model> {
  return (await isRun(path)) ? openTrained(path, options) : openBuilt(path, options);
}

async function openTrained(folder: string, { engine, level, mode }: ModelOptions): Promise<Model> {
  const { network, record } = await openRun(folder);
  const refused = checkSelection(network, { level, mode });
  if (refused) throw new UserError(refused.code, refused.message, refused.hint);
  const graph = deploy(network, { level, mode });
  const predictor = await engine.predictor(graph, await runWeights(folder));
  return { task: record.task, predictor: checked(predictor, folder, record.task), output: network.outputName };
}

async function openBuilt(file: string, { engine, level, mode, trust = false }: ModelOptions): Promise<Model> {
  if (level !== undefined || mode !== undefined) {
    throw new UserError(
      'model-selection',
      `${file} is a built model: its level and mode are those it was built with`,
      "choose them with 'unetc build', or predict with the run's folder",
    );
  }
  if (!opensOnnx(engine)) {
    throw new UserError(
      'engine-model',
      `${engine.title} does not run ONNX files`,
      'use --engine ort, or name the run instead',
    );
  }
  const model = await readModelFile(file, { trust });
  return { task: model.task, predictor: await openChecked(engine, model), output: null, selection: model.selection };
}

/** The deepest level that answered, as far as answers say: only an adaptive model's do. `add` is for `infer`'s `onAnswers`. */
export function deepestLevel(): { add(answers: ReadonlyMap<string, Tensor>): void; level(): number | undefined } {
  let deepest: number | undefined;
  return {
    add: (answers) => {
      const found = answers.get(levelOutput);
      const level = found?.data[0];
      // A network's own output may have any name; but it is no scalar.
      if (level !== undefined && found?.shape.length === 0) deepest = Math.max(deepest ?? level, level);
    },
    level: () => deepest,
  };
}

/** Whether a path is a run's folder, rather than a built file. @throws UserError if there is neither */
export async function isRun(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (failedWith(error, 'ENOENT') || failedWith(error, 'ENOTDIR')) {
      throw new UserError('model-missing', `there is no run or model ${path}`, 'name a run folder or an .onnx file');
    }
    throw fileFailure('read', path, error);
  }
}
