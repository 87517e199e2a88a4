import type { Said } from '../../grammar/diagnostic.js';
import { say } from '../../grammar/say.js';
import { withoutDeadNodes } from '../ir/builder.js';
import type { Graph, NamedValue, Network, Value } from '../ir/graph.js';

/** What to keep of a network: a level (default: the highest) and a mode (default: the first), or every head (`all`). */
export interface Selection {
  readonly level?: number;
  readonly mode?: string;
}

/** Why a selection makes no sense for a network, and what would. */
export interface SelectionError extends Said<'unknown-level' | 'unknown-mode' | 'mode-not-at-level'> {
  readonly hint: string;
}

export const topLevel = (network: Network): number => Math.max(...network.levels);

/** Null if the selection is one the network has. */
export function checkSelection(network: Network, { level, mode }: Selection): SelectionError | null {
  const levels = network.levels.map((l) => `L${l}`).join(', ');
  if (level !== undefined && !network.levels.includes(level)) {
    return {
      ...say.unknownLevel.network({ network: network.name, level }),
      hint: `its levels are ${levels}`,
    };
  }
  if (mode === undefined || mode === 'all') return null;
  if (!network.modes.includes(mode)) {
    const modes = [...network.modes, 'all'].join(', ');
    return {
      ...say.unknownMode.network({ network: network.name, mode }),
      hint: `its modes are ${modes}`,
    };
  }
  const at = network.modeOutputs.filter((m) => m.mode === mode).map((m) => `L${m.level}`);
  if (!at.includes(`L${level ?? topLevel(network)}`)) {
    return {
      ...say.modeNotAtLevel.head({ mode, level: level ?? topLevel(network) }),
      hint: `${mode} exists at ${at.join(', ')}`,
    };
  }
  return null;
}

/**
 * Prune Lk: keep the heads with level <= k, take the mode's output at that level, drop every node that no output depends on.
 * Exact by construction: the nodes that stay, their parameters and names are those of the full network.
 * Throws if `checkSelection` would refuse.
 */
export function prune(network: Network, selection: Selection = {}): Graph {
  const wrong = checkSelection(network, selection);
  if (wrong) throw new Error(wrong.message);
  const level = selection.level ?? topLevel(network);
  return withoutDeadNodes({ ...network.graph, outputs: selectOutputs(network, level, selection.mode) });
}

function selectOutputs(network: Network, level: number, mode: string | undefined): NamedValue[] {
  const answer = (name: string): Value | undefined =>
    network.modeOutputs.find((m) => m.level === level && m.mode === name)?.value;
  const wanted = mode === 'all' ? network.modes.find((m) => answer(m)) : (mode ?? network.modes[0]);
  const main = wanted === undefined ? undefined : answer(wanted);
  const outputs: NamedValue[] = main ? [{ name: network.outputName, value: main }] : [];
  if (mode === 'all') {
    for (const h of network.heads) if (h.level <= level) outputs.push({ name: h.name, value: h.value });
  }
  return outputs;
}
