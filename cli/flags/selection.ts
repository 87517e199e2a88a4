import { checkSelection, type Network, type Selection, topLevel } from '../../compiler/index.js';
import { UserError } from '../../runtime/support/user-error.js';
import { parseLevel } from './options.js';

export interface ChosenSelection extends Selection {
  readonly level: number;
  readonly mode: string;
}

/** What `--prune` and `--mode` select of this network; `UserError` if it has no such level or mode. */
export function chooseSelection(
  network: Network,
  options: { readonly prune?: string; readonly mode?: string },
): ChosenSelection {
  const selection = {
    level: options.prune === undefined ? topLevel(network) : parseLevel(options.prune),
    mode: options.mode ?? (network.modes[0] as string),
  };
  const refused = checkSelection(network, selection);
  if (refused) throw new UserError(refused.code, refused.message, refused.hint);
  return selection;
}
