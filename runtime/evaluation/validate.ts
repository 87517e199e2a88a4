import { deploy } from '../../compiler/index.js';
import type { Network } from '../../compiler/ir/graph.js';
import type { Engine, Weights } from '../engines/engine.js';
import { infer } from '../prediction/inference.js';
import type { Plane } from '../prediction/tiling.js';
import type { Task } from '../run/task.js';
import type { HeldOut } from './held-out.js';
import { type Quality, Scores } from './metrics.js';

type Figures = Pick<Quality, 'iou' | 'dice' | 'bce' | 'classes'>;

/** What an epoch's validation found, as `metrics.jsonl` keeps it. */
export interface Validation {
  readonly heads: readonly ({ readonly level: number } & Figures)[];
  /** Of the mean of all heads' probabilities. */
  readonly average: Figures;
  /** Of the network's own answer in its default mode: what `best` is chosen by. */
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
  const names = [...new Set(graph.outputs.map((o) => o.name))];
  const scores = (): Scores => new Scores({ classes: task.classes, exclusive: task.exclusive });
  const heads = network.heads.map((head) => ({ head, scores: scores() }));
  const average = scores();
  const output = scores();
  const predictor = await engine.predictor(graph, options.weights);
  try {
    let done = 0;
    for await (const { input, truth } of held.examples()) {
      signal?.throwIfAborted();
      const maps = await infer(input, predictor, names, { axes: task.axes, ...(signal ? { signal } : {}) });
      const answer = (name: string): Float32Array => (maps.get(name) as Plane).data;
      for (const { head, scores } of heads) scores.add(answer(head.name), truth);
      average.add(meanOf(network.heads.map((h) => answer(h.name))), truth);
      output.add(answer(network.outputName), truth);
      options.onImage?.(++done, held.length);
    }
  } finally {
    await predictor.dispose();
  }
  return {
    heads: heads.map(({ head, scores }) => ({ level: head.level, ...figures(scores) })),
    average: figures(average),
    output: { mode: network.modes[0] ?? 'default', ...figures(output) },
  };
}

function figures(scores: Scores): Figures {
  const { iou, dice, bce, classes } = scores.quality();
  return { iou, dice, bce, ...(classes ? { classes } : {}) };
}

function meanOf(maps: readonly Float32Array[]): Float32Array {
  const mean = new Float32Array(maps[0]?.length ?? 0);
  for (const map of maps) for (let k = 0; k < mean.length; k++) mean[k] = (mean[k] as number) + (map[k] as number);
  for (let k = 0; k < mean.length; k++) mean[k] = (mean[k] as number) / maps.length;
  return mean;
}
