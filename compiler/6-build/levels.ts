import { checkSelection } from '../3-transform/prune.js';
import { checkStages, levelMode, levelsOf } from '../3-transform/stages.js';
import type { Network } from '../ir/graph.js';
import { UserError } from '../user-error.js';
import { type Level, levelNumber } from './selection.js';

/**
 * The levels of an adaptive model, ascending, and the mode of their outputs.
 * @throws UserError for a mode or level that the network doesn't have, or levels that can't stand in for each other
 */
export function chooseLevels(
  network: Network,
  options: { readonly level?: Level; readonly levelMode?: string },
): { readonly levels: readonly number[]; readonly mode: string } {
  const mode = options.levelMode ?? levelMode(network);
  const level = options.level === undefined ? undefined : levelNumber(options.level);
  const selection = { mode, levels: levelsOf(network, mode, level) };
  const refused =
    (mode === 'all' ? unknownMode(network, mode) : checkSelection(network, { mode, level })) ??
    checkStages(network, selection);
  if (refused) throw new UserError(refused.code, refused.message, refused.hint);
  return selection;
}

const unknownMode = (network: Network, mode: string) => ({
  code: 'unknown-mode',
  message: `mode ${mode} is every head at once, and a level of an adaptive model gives one answer`,
  hint: `use ${network.modes.join(' or ')}`,
});
