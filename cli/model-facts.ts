import { modelMetadata } from '../runtime/run/metadata.js';
import { specHash } from '../runtime/run/run-folder.js';
import { classCount, type Task, taskOf } from '../runtime/run/task.js';
import { version } from '../runtime/support/version.js';
import type { ChosenSelection } from './flags/selection.js';
import type { GoodSpec } from './flags/spec.js';
import type { WeightsSource } from './flags/weights.js';

/** What a built model says of itself, whatever its format. */
export const modelFacts = (
  spec: GoodSpec,
  { level, mode }: ChosenSelection,
  source: WeightsSource | null,
): Record<string, string> =>
  modelMetadata(
    { version: version(), spec: specHash(spec.text, spec.imports), network: spec.network.name, level, mode },
    taskFor(spec, source),
  );

/** What the weights were trained to see and to say, or a spec's own weights would be. */
export const taskFor = (spec: GoodSpec, source: WeightsSource | null): Task =>
  source?.run ? taskOfRun(spec, source.run.task) : taskOf(spec.network, spec.recipe, classNames(spec));

/** What a run was trained to see and to say; sizes are those of the network that is built. */
const taskOfRun = (spec: GoodSpec, trained: Task): Task => ({
  ...trained,
  axes: taskOf(spec.network, spec.recipe, trained.classes).axes,
});

const classNames = ({ network }: GoodSpec): string[] => {
  const classes = classCount(network);
  return classes === 1 ? ['mask'] : Array.from({ length: classes }, (_, k) => String(k));
};
