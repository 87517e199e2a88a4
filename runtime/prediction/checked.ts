import { UserError } from '../../compiler/user-error.js';
import type { OnnxEngine, Predictor, Tensor } from '../engines/engine.js';
import type { ModelFile } from '../run/model-file.js';
import type { Task } from '../run/task.js';
import { shown } from '../support/shown.js';

const hint = "use an intact copy of it, or build it again with 'unetc build'";

/**
 * Opens a model file, or its bytes with other thresholds, in an engine.
 * @throws UserError if it is refused, or the engine can't run it; the predictor's `run` as `checked` says
 */
export async function openChecked(
  engine: OnnxEngine,
  { file, bytes, task, trust, batch }: Pick<ModelFile, 'file' | 'bytes' | 'task' | 'trust' | 'batch'>,
): Promise<Predictor> {
  return checked(ofBatch(await engine.open(bytes, { name: file, trust }), batch), file, task);
}

/**
 * A predictor whose answers are believed no more than they are: the first output of each run has to be a map of the task's classes,
 * and of finite numbers. What an engine says of a model that fails in the middle becomes an error about the file.
 * @param name the model's, for messages
 */
export function checked(predictor: Predictor, name: string, task: Pick<Task, 'classes'>): Predictor {
  return {
    run: async (image) => {
      const answers = await predictor.run(image).catch((error: unknown) => {
        throw failed(name, error);
      });
      const [first] = answers;
      if (!first) throw new UserError('model-output', `${name} has no output`, hint);
      checkMap(name, first, image, task.classes.length);
      return answers;
    },
    dispose: () => predictor.dispose(),
  };
}

function failed(name: string, error: unknown): unknown {
  if (error instanceof UserError || !(error instanceof Error) || error.name === 'AbortError') return error;
  const [line = ''] = error.message.split('\n');
  return new UserError('engine-model', `${name} can't be run on this image: ${shown(line, 300)}`, hint, {
    cause: error,
  });
}

function checkMap(name: string, [output, { data, shape }]: [string, Tensor], image: Tensor, classes: number): void {
  const wrong = (why: string): UserError =>
    new UserError('model-output', `${name}: its output ${JSON.stringify(shown(output))} ${why}`, hint);
  if (shape.length !== image.shape.length || shape[0] !== image.shape[0] || shape[1] !== classes) {
    throw wrong(
      `is [${shape.join(', ')}] for an image of [${image.shape.join(', ')}], where ${classes} map${classes === 1 ? '' : 's'} for each image ${classes === 1 ? 'is' : 'are'} due`,
    );
  }
  const odd = data.findIndex((v) => !Number.isFinite(v));
  if (odd !== -1) throw wrong(`holds ${data[odd]} (element ${odd} of ${data.length}), which is no probability`);
}

/** A predictor of one image by a model that takes `batch` at once: the image is given that many times, and the first output kept. */
function ofBatch(predictor: Predictor, batch: number): Predictor {
  if (batch === 1) return predictor;
  return {
    run: async ({ data, shape: [, ...shape] }) => {
      const all = new Float32Array(data.length * batch);
      for (let k = 0; k < batch; k++) all.set(data, k * data.length);
      const outputs = await predictor.run({ data: all, shape: [batch, ...shape] });
      return new Map(Array.from(outputs, ([name, output]) => [name, firstOf(output, batch)]));
    },
    dispose: () => predictor.dispose(),
  };
}

const firstOf = (output: Tensor, batch: number): Tensor =>
  output.shape.length > 1 && output.shape[0] === batch
    ? { data: output.data.slice(0, output.data.length / batch), shape: [1, ...output.shape.slice(1)] }
    : output;
