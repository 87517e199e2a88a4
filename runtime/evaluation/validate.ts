import { deploy } from '../../compiler/index.js';
import type { Network } from '../../compiler/ir/graph.js';
import type { Engine, Weights } from '../engines/engine.js';
import type { Plane } from '../prediction/tiling.js';
import type { Task } from '../run/task.js';
import type { HeldOut } from './held-out.js';
import { judge } from './judge.js';
import type { ClassQuality, Quality, Scores } from './scores.js';

/** The figures of an epoch's answers. */
export interface Figures extends Pick<Quality, 'iou' | 'dice' | 'bce' | 'iouForeground'> {
  /** Those that occur. */
  readonly classes?: readonly Pick<ClassQuality, 'name' | 'iou' | 'dice' | 'background'>[];
}

/** What an epoch's validation found, as `metrics.jsonl` keeps it. */
export interface Validation {
  readonly heads: readonly ({ readonly level: number } & Figures)[];
  /** Of the mean of all heads' probabilities. */
  readonly average: Figures;
  /** Of the network's own output in its default mode: what `best` is chosen by. */
  readonly output: { readonly mode: string } & Figures;
}

export interface ValidateOptions {
  readonly network: Network;
  readonly weights: Weights;
  readonly engine: Engine;
  readonly task: Task;
  readonly held: HeldOut;
  readonly signal?: AbortSignal;
  readonly onImage?: (done: number, total: number) => void;
}

/** Judges every head, their average and the default output over the held-out images, in one pass of one session. */
export async function validate(options: ValidateOptions): Promise<Validation> {
  const { network, engine, task, held, signal } = options;
  const graph = deploy(network, { mode: 'all' });
  const outputs = [...new Set(graph.outputs.map((o) => o.name))];
  const output =
    (name: string) =>
    (maps: ReadonlyMap<string, Plane>): Plane =>
      maps.get(name) as Plane;
  const heads = network.heads.map((head) => output(head.name));
  const average = (maps: ReadonlyMap<string, Plane>): Plane => meanPlane(heads.map((head) => head(maps)));
  const predictor = await engine.predictor(graph, options.weights);
  try {
    const [judged] = await judge(
      [{ predictor, outputs, answers: [...heads, average, output(network.outputName)] }],
      held,
      {
        task,
        scores: { calibration: false },
        ...(signal ? { signal } : {}),
        onImage: ({ index, total }) => options.onImage?.(index + 1, total),
      },
    );
    const found = (judged?.scores ?? []).map(figures);
    return {
      heads: network.heads.map(({ level }, k) => ({ level, ...(found[k] as Figures) })),
      average: found.at(-2) as Figures,
      output: { mode: network.modes[0] ?? 'default', ...(found.at(-1) as Figures) },
    };
  } finally {
    await predictor.dispose();
  }
}

function figures(scores: Scores): Figures {
  const { iou, dice, bce, iouForeground, classes } = scores.quality();
  return {
    iou,
    dice,
    bce,
    ...(iouForeground === undefined ? {} : { iouForeground }),
    ...(classes
      ? {
          classes: classes.map(({ name, background, iou, dice }) => ({
            name,
            ...(background ? { background } : {}),
            iou,
            dice,
          })),
        }
      : {}),
  };
}

function meanPlane(maps: readonly Plane[]): Plane {
  const first = maps[0] as Plane;
  const data = new Float32Array(first.data.length);
  for (const map of maps) for (let k = 0; k < data.length; k++) data[k] = (data[k] as number) + (map.data[k] as number);
  for (let k = 0; k < data.length; k++) data[k] = (data[k] as number) / maps.length;
  return { ...first, data };
}
