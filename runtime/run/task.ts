import { known } from '../../compiler/ir/dim.js';
import type { Network } from '../../compiler/ir/graph.js';
import { type AxisRule, axisRules, classCount, type Task, takesSize } from '../../compiler/task.js';
import type { DataFormat } from '../data/dataset.js';
import { Mismatch } from '../support/schema.js';

export * from '../../compiler/task.js';

/**
 * A task that was read from a file, for the network it is said to belong to. The sizes that the network takes are taken from it.
 * @throws Mismatch naming the field that can't be this network's
 */
export function taskFor(network: Network, task: Task): Task {
  const axes = axisRules(network);
  const channels = network.graph.inputs[0]?.value.type.shape[1];
  const fail = (field: string, due: string, found: unknown): never => {
    throw new Mismatch(`${field}: expected ${due} for this network, found ${String(found)}`);
  };
  if (channels && known(channels) !== task.channels) fail('task.channels', String(known(channels)), task.channels);
  const classes = classCount(network);
  if (task.classes.length !== classes) fail('task.classes', `${classes} names`, task.classes.length);
  for (const field of ['resize', 'patch'] as const) {
    const size = task[field];
    if (!size) continue;
    if (size.length !== axes.length) fail(`task.${field}`, `${axes.length} sizes`, size.length);
    const wrong = size.findIndex((n, k) => !takesSize(axes[k] as AxisRule, n));
    if (wrong >= 0) fail(`task.${field}[${wrong}]`, 'a size that is valid', size[wrong]);
  }
  return { ...task, axes };
}

/** What a run or a model file is judged on: read as it was trained, unless flags say otherwise. */
export function judgedFormat(task: Task, format: Partial<DataFormat> = {}): DataFormat {
  const { channels, classes, exclusive, masks } = task;
  return { channels, classes: classes.length, exclusive, ...(masks ? { before: masks } : {}), ...format };
}
