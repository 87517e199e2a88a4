import { checkSelection, topLevel } from '../3-transform/prune.js';
import type { Network } from '../ir/graph.js';
import { UserError } from '../user-error.js';

/** A level as a spec or a person writes it, `L2`, or its number. */
export type Level = `L${number}` | number;

/** A level and a mode that the network has. */
export interface ChosenSelection {
  readonly level: number;
  readonly mode: string;
}

/** `L2` -> 2. @throws UserError for what is no level */
export function levelNumber(level: Level): number {
  const number = typeof level === 'number' ? level : Number(/^L(\d{1,3})$/i.exec(level)?.[1] ?? Number.NaN);
  if (Number.isInteger(number)) return number;
  throw new UserError('unknown-level', `there is no level ${level}`, 'write L and a number, as in L2');
}

/**
 * The level and mode to build: those given, else the whole network in its first mode.
 * @throws UserError if the network has no such level or mode
 */
export function chooseSelection(
  network: Network,
  { level, mode }: { readonly level?: Level; readonly mode?: string },
): ChosenSelection {
  const selection = {
    level: level === undefined ? topLevel(network) : levelNumber(level),
    mode: mode ?? (network.modes[0] as string),
  };
  const refused = checkSelection(network, selection);
  if (refused) throw new UserError(refused.code, refused.message, refused.hint);
  return selection;
}
