import type { GraphBuilder } from '../ir/builder.js';
import { type Settings, type SettingValues, withDefaults } from '../knob.js';
import { adagrad } from './adagrad.js';
import { adam, adamw } from './adam.js';
import { lamb } from './lamb.js';
import { lion } from './lion.js';
import type { Clock, OptimizerDefinition, Piece, Updated } from './optimizer.js';
import { rmsprop } from './rmsprop.js';
import { sgd } from './sgd.js';

export type { Clock, Piece, Updated } from './optimizer.js';

/** Every optimizer by its name. A new one is a file and a line here: the language, editors and both kinds of step take it from this table. */
export const optimizers = { sgd, adam, adamw, lion, rmsprop, adagrad, lamb } as const;

export type OptimizerName = keyof typeof optimizers;

type SettingsOf<N extends OptimizerName> = SettingValues<(typeof optimizers)[N]['settings']>;

/** An optimizer with its settings, by name. */
export type Optimizer = { readonly [N in OptimizerName]: { readonly name: N } & SettingsOf<N> }[OptimizerName];

export const optimizerNames = Object.keys(optimizers) as readonly OptimizerName[];

export const isOptimizerName = (name: unknown): name is OptimizerName =>
  typeof name === 'string' && Object.hasOwn(optimizers, name);

/** Every optimizer by its name, without what is particular to each. */
const definitionOf = (name: OptimizerName): OptimizerDefinition =>
  optimizers[name] as unknown as OptimizerDefinition<Settings>;

/**
 * An optimizer with its defaults where `given` says nothing. What it has no setting for is left out, so that records of versions whose
 * optimizers had every field of all still open.
 */
export function optimizerOf<N extends OptimizerName>(
  name: N,
  given: Partial<SettingsOf<N>> | Readonly<Record<string, unknown>> = {},
): Extract<Optimizer, { readonly name: N }> {
  const values = withDefaults<Settings>(optimizers[name].settings, given as Readonly<Record<string, unknown>>);
  return { name, ...values } as unknown as Extract<Optimizer, { readonly name: N }>;
}

/** The flat vectors that it keeps between steps, each as long as the parameters. */
export const slotNames = (optimizer: Optimizer): readonly string[] =>
  definitionOf(optimizer.name).slots(optimizer as unknown as SettingValues<Settings>);

/** One step of every piece, in order. */
export const updated = (
  optimizer: Optimizer,
  pieces: Iterable<Piece>,
  clock: Clock,
  build: GraphBuilder,
): Iterable<Updated> =>
  definitionOf(optimizer.name).update(optimizer as unknown as SettingValues<Settings>, pieces, clock, build);
