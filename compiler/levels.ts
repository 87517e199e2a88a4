import type { Diagnostic, Span } from '../grammar/diagnostic.js';
import { say } from '../grammar/say.js';
import { nextValid, sizeRules } from './2-infer/sizes.js';
import { specializeGraph } from './2-infer/specialize.js';
import { prune } from './3-transform/prune.js';
import { nodeMacs } from './4-schedule/cost.js';
import { diagnose } from './diagnostics/index.js';
import type { Network } from './ir/graph.js';

/** Share of the whole network's multiply-accumulates that a level must save to be worth its head. */
const leastSaving = 0.02;

/**
 * Levels that cost as much as the whole network: pruning to them saves next to nothing. In the first mode; at a size where
 * borders hardly count, since shares hardly depend on it. Silent where no size is valid.
 * @param heads where the heads of each level are written
 */
export function checkLevels(
  network: Network,
  heads: readonly { readonly level: number; readonly span: Span }[],
): Diagnostic[] {
  const top = network.levels.at(-1);
  const sizes = usualSizes(network);
  if (network.levels.length < 2 || top === undefined || sizes === null) return [];
  // Values keep their ids when a graph is pruned, so each node is counted once for all levels.
  const macs = new Map(specializeGraph(network.graph, sizes).nodes.map((n) => [n.outputs[0]?.id, nodeMacs(n)]));
  const cost = (level: number): number =>
    prune(network, { level }).nodes.reduce((sum, n) => sum + (macs.get(n.outputs[0]?.id) ?? 0), 0);
  const whole = cost(top);
  // The heads of a family are written in one place: one warning for all of them.
  const places = new Map<number, { readonly span: Span; readonly little: { level: number; saving: number }[] }>();
  for (const level of network.levels.slice(0, -1)) {
    const head = heads.find((h) => h.level === level);
    const saving = whole === 0 ? 1 : 1 - cost(level) / whole;
    if (head === undefined || saving >= leastSaving) continue;
    const place = places.get(head.span.start.offset) ?? { span: head.span, little: [] };
    place.little.push({ level, saving });
    places.set(head.span.start.offset, place);
  }
  return [...places.values()].map(({ span, little }) => {
    const levels = little.map(({ level }) => `L${level}`).join(', ');
    const share = `${(100 * Math.max(...little.map((l) => l.saving))).toFixed(1)} %`;
    const saves = little.length === 1 ? `saves ${share}` : `save at most ${share}`;
    return diagnose(say.levelSavesLittle.level({ levels, saves }), span, {
      hints: ['let the head need fewer nodes, or begin the levels with a higher one'],
    });
  });
}

/** Values for N and the open spatial symbols: valid, and about as large as images are. */
function usualSizes(network: Network): Readonly<Record<string, number>> | null {
  const rules = Object.values(sizeRules(network));
  const edge = rules.length > 2 ? 64 : 256;
  const sizes: Record<string, number> = { N: 1 };
  for (const rule of rules) {
    const n = nextValid(rule, edge);
    if (n === null) return null;
    sizes[rule.symbol] = n;
  }
  return sizes;
}
