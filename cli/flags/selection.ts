import { type ChosenSelection, chooseSelection as choose, type Network } from '../../compiler/index.js';
import { parseLevel } from './options.js';

/** What `--prune` and `--mode` select of this network; `UserError` if it has no such level or mode. */
export const chooseSelection = (
  network: Network,
  { prune, mode }: { readonly prune?: string; readonly mode?: string },
): ChosenSelection => choose(network, { ...(prune === undefined ? {} : { level: parseLevel(prune) }), mode });
