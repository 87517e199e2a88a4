import { say } from '../../../grammar/say.js';
import type { Expr } from '../../../grammar/tree.js';
import { suggest } from '../../diagnostics/index.js';
import { type Knob, knobsOf } from '../../knob.js';
import { type Optimizer, type OptimizerName, optimizerNames, optimizerOf, optimizers } from '../../optimizers/index.js';
import { defaultRecipe, type Schedule } from '../../recipe.js';
import { type Reader, wordOf } from './reader.js';

/** Arguments by place and name. */
export const optimizerKnobs = Object.fromEntries(
  optimizerNames.map((name) => [name, knobsOf(optimizers[name].settings)]),
) as Readonly<Record<OptimizerName, readonly Knob[]>>;

const warmup: Knob = { name: 'warmup', default: 0, least: 0 };
const floor: Knob = { name: 'floor', default: defaultRecipe.schedule.floor, least: 0, most: 1 };

export const scheduleKnobs: Readonly<Record<Schedule['name'], readonly Knob[]>> = {
  constant: [warmup],
  step: [
    { name: 'every', default: defaultRecipe.schedule.every, least: 1, whole: true },
    { name: 'gamma', default: defaultRecipe.schedule.gamma, above: 0, most: 1 },
    warmup,
  ],
  cosine: [warmup, floor],
  // PyTorch's names and defaults; `floor` is its min_lr as a share.
  plateau: [
    { name: 'factor', default: defaultRecipe.schedule.factor, above: 0, below: 1 },
    { name: 'patience', default: defaultRecipe.schedule.patience, least: 0, whole: true },
    { name: 'threshold', default: defaultRecipe.schedule.threshold, least: 0 },
    { name: 'cooldown', default: defaultRecipe.schedule.cooldown, least: 0, whole: true },
    warmup,
    floor,
  ],
  poly: [{ name: 'power', default: defaultRecipe.schedule.power, above: 0 }, warmup, floor],
};

/** `adam`, `adam(lr: 3e-4)`; undefined, reported, if it is none. */
export function readOptimizer(expr: Expr, reader: Reader): Optimizer | undefined {
  const picked = pick(expr, reader, optimizerKnobs, say.unknownOptimizer);
  if (picked === undefined) return undefined;
  return optimizerOf(picked.name, picked.values);
}

/** `cosine`, `cosine(warmup: 1)`; undefined, reported, if it is none. */
export function readSchedule(expr: Expr, reader: Reader): Schedule | undefined {
  const picked = pick(expr, reader, scheduleKnobs, say.unknownSchedule);
  return picked && { ...defaultRecipe.schedule, name: picked.name, ...picked.values };
}

function pick<T extends string>(
  expr: Expr,
  reader: Reader,
  table: Readonly<Record<T, readonly Knob[]>>,
  unknown: typeof say.unknownOptimizer | typeof say.unknownSchedule,
): { name: T; values: Record<string, number | boolean> } | undefined {
  if (expr.kind === 'missing') return undefined;
  const names = Object.keys(table) as T[];
  const word = wordOf(expr);
  const name = names.find((n) => n === word?.name.text);
  if (word === undefined || name === undefined) {
    const more = word ? suggest(word.name.text, names, word.name.span) : { hints: [`known here: ${names.join(', ')}`] };
    const said = word ? unknown.word({ name: word.name.text }) : unknown.none();
    reader.fail(said, word?.name.span ?? expr.span, more);
    return undefined;
  }
  const values = reader.knobs(word, table[name]);
  return values && { name, values };
}
