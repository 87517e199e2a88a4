import type { Cell, Edge, Network, Node } from '../../../ir/graph.js';
import type { Group } from './groups.js';
import type { LinkKind } from './picture.js';

/** A link and what makes it one: at which levels something reads across. */
export interface DraftLink {
  readonly from: Group;
  readonly to: Group;
  readonly kind: LinkKind;
  readonly gated: boolean;
  readonly levels: readonly number[];
}

/**
 * Whatever flows from one group into another, once for each pair, in the order of the groups they lead to.
 * @param liveAt the levels at which a node is needed
 * @param sizeOf the extent of a group's result, to tell up from down where the compiler's own edges don't
 */
export function linksBetween(
  network: Network,
  groups: readonly Group[],
  liveAt: (node: Node) => readonly number[],
  sizeOf: (group: Group) => number,
): DraftLink[] {
  const made = new Map<number, Group>();
  for (const group of groups) {
    if (group.kind === 'input' && group.result) made.set(group.result.id, group);
    for (const node of group.nodes) for (const output of node.outputs) made.set(output.id, group);
  }
  const heads = new Map(groups.flatMap((g) => (g.kind === 'head' && g.result ? [[g.result.id, g] as const] : [])));
  const kinds = new Map(network.edges.map((e): [string, Edge['kind']] => [`${key(e.from)} ${key(e.to)}`, e.kind]));

  const links: DraftLink[] = [];
  for (const to of groups) {
    const levels = new Map<Group, Set<number>>();
    const read = (id: number, at: readonly number[]): void => {
      // An output is linked from the head that stands for the value.
      const from = (to.kind === 'output' ? heads.get(id) : undefined) ?? made.get(id);
      if (!from || from === to) return;
      const known = levels.get(from) ?? new Set();
      levels.set(from, known);
      for (const level of at) known.add(level);
    };
    for (const node of to.nodes) for (const v of node.inputs) read(v.id, liveAt(node));
    if (to.kind === 'head' && to.nodes.length === 0 && to.result) {
      read(
        to.result.id,
        network.levels.filter((l) => l >= (to.head ?? 0)),
      );
    }
    if (to.kind === 'output') for (const m of network.modeOutputs) read(m.value.id, [m.level]);
    for (const [from, at] of levels) {
      links.push({
        from,
        to,
        kind: kindOf(from, to, levels.size, kinds, sizeOf),
        gated: isGated(from, to, made),
        levels: [...at].sort((a, b) => a - b),
      });
    }
  }
  return links;
}

const key = (cell: Cell): string => `${cell.grid}[${cell.index.join(',')}]`;

function kindOf(
  from: Group,
  to: Group,
  feeders: number,
  kinds: ReadonlyMap<string, Edge['kind']>,
  sizeOf: (group: Group) => number,
): LinkKind {
  if (to.kind === 'output') return 'output';
  if (to.kind === 'head' || from.kind === 'head') return 'head';
  const change = sizeOf(to) / sizeOf(from);
  const bySize = change < 0.75 ? 'down' : change > 1.5 ? 'up' : 'skip';
  const kind = (from.kind === 'cell' && to.kind === 'cell' ? kinds.get(`${from.id} ${to.id}`) : undefined) ?? bySize;
  return kind === 'skip' && feeders === 1 ? 'next' : kind;
}

/** Whether what `from` gives enters a product with something that depends on another group. */
function isGated(from: Group, to: Group, made: ReadonlyMap<number, Group>): boolean {
  if (!to.nodes.some((n) => n.op === 'mul')) return false;
  const comesFrom = new Map<number, ReadonlySet<Group>>();
  const sources = (id: number): ReadonlySet<Group> => {
    const group = made.get(id);
    return comesFrom.get(id) ?? (group && group !== to ? new Set([group]) : new Set());
  };
  for (const node of to.nodes) {
    const all = new Set(node.inputs.flatMap((v) => [...sources(v.id)]));
    for (const output of node.outputs) comesFrom.set(output.id, all);
    if (node.op !== 'mul') continue;
    const direct = node.inputs.some((v) => made.get(v.id) === from);
    const weighed = node.inputs.some((v) => made.get(v.id) === to && [...sources(v.id)].some((g) => g !== from));
    if (direct && weighed) return true;
  }
  return false;
}
